"""A study whose arms continue each other's adapters, on the tiny model: planned before any of them is trained."""

import hashlib
import json
from pathlib import Path

import pytest

from schemas.run import TrainConfig
from schemas.study import StudyResult
from tests.andraeus_tui.test_study import cells_of
from tests.conftest import Cli
from trainers.study import open_cells

STUDY = """
[try]
title = "Values that change"
question = "Does it hold?"
reference = "anew"
primary = "recall"
shown = ["recall", "recall_changed", "training_seconds"]
arms = [
  { name = "begin", recipe = { reader = false } },
  { name = "anew", update = 2, recipe = { reader = false } },
  { name = "warm 1", update = 1, start = "begin", recipe = { reader = false } },
  { name = "warm 2", update = 2, start = "warm 1", recipe = { reader = false } },
]
"""


def config_of(cell: Path) -> TrainConfig:
    return TrainConfig.model_validate_json((cell / "config.json").read_bytes())


@pytest.mark.slow
def test_updates_are_a_chain_of_cells(cli: Cli, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "try.toml").write_text(STUDY)
    folder = tmp_path / "try"
    command = ("study", tmp_path / "try.toml", "--folder", folder, "--small", "--people", 1, "--model", tiny_model)
    assert cli(*command, "--plan-only").returncode == 0
    cells = cells_of(folder)
    order = [path.parent.name for path in open_cells(folder)]
    assert order.index("begin") < order.index("warm-1") < order.index("warm-2")
    first, second = (config_of(cells[f"{name}/p00"]).parent for name in ("warm-1", "warm-2"))
    assert first is not None and second is not None
    assert (first.run, second.run, first.sha256) == ("begin", "warm 1", "")
    assert len(first.changed) == len(second.changed) == 1 and len(first.kept) == 9
    assert config_of(cells["anew/p00"]).parent is None
    rows = {name: (cells[f"{name}/p00"] / "dataset" / "train.jsonl").read_text().count("\n") for name in ("anew", "warm-2")}  # fmt: skip
    assert rows["warm-2"] < rows["anew"]

    done = cli(*command, "--output", "json")
    assert done.returncode == 0, done.stderr
    result = StudyResult.model_validate_json(done.stdout.splitlines()[-1])
    assert result.missing == ()
    assert all(figures["training_seconds"].mean > 0 for figures in result.figures.values())
    assert "recall_changed" in result.figures["warm 2"]
    for name, before in (("warm-1", "begin"), ("warm-2", "warm-1")):
        weights = (cells[f"{before}/p00"] / "adapter" / "adapter_model.safetensors").read_bytes()
        parent = config_of(cells[f"{name}/p00"]).parent
        assert parent is not None and parent.sha256 == hashlib.sha256(weights).hexdigest()
    changed = json.loads((folder / "people/p00-10-u2/changed.json").read_text())
    assert sum(map(len, changed.values())) == 2
