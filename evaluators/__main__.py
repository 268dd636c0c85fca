"""Prints the report of a run that was evaluated: python -m evaluators runs/NAME > report.html

A process of its own, because the plots need a library that takes a second to load and much memory.
"""

import sys
from pathlib import Path

from evaluators.rating import results_in
from evaluators.report import render
from schemas.evaluation import Evaluation
from schemas.run import TrainConfig

folder = Path(sys.argv[1])
text = render(
    Evaluation.model_validate_json((folder / "eval.json").read_bytes()),
    TrainConfig.model_validate_json((folder / "config.json").read_bytes()),
    results_in(folder),
)
sys.stdout.buffer.write(text.encode("utf-8"))
