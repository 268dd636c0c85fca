"""What a worker's imports cost: with Python's usual thresholds of the garbage collector and with the workers' own, in turns.

    python -m benchmarks.imports OUT.json [--times 7]

CPU seconds of a fresh process from its start until torch, transformers and PEFT are there, each time.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

_CODE = """
import gc, sys, time
if sys.argv[1] == "workers":
    from schemas.worker import COLLECT
    gc.set_threshold(*COLLECT)
import torch
from trainers import spare
spare.leave_out()
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM
import peft
print(time.process_time())
"""


def seconds(arm: str) -> float:
    """CPU seconds of one process."""
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _CODE, arm], env=environment, capture_output=True, text=True, check=True
    )
    return round(float(done.stdout), 3)


def main() -> None:
    """Both arms in turns, after one of each that fills the caches."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--times", type=int, default=7)
    given = options.parse_args()
    found: dict[str, list[float]] = {"usual": [], "workers": []}
    for turn in range(given.times + 1):
        for arm, times in found.items():
            taken = seconds(arm)
            if turn:
                times.append(taken)
    median = {arm: statistics.median(times) for arm, times in found.items()}
    body = {"cpu_seconds": found, "median": median, "ratio": round(median["workers"] / median["usual"], 3),
            "python": platform.python_version(), "cores": os.cpu_count()}  # fmt: skip
    given.out.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    print(json.dumps(body))


if __name__ == "__main__":
    main()
