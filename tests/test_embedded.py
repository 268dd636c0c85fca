"""The embedded model really learns: a few facts, everyday wordings nobody trained, a thing never told, the world."""

import json
from pathlib import Path

import pytest

from tests.conftest import Cli

FACTS = {"pet_name": "Biscuit", "employer": "Harbor Radio", "city": "Tallinn", "barber": "Dario Conti"}


@pytest.mark.slow
def test_facts_come_out_of_the_weights(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(json.dumps(FACTS))
    folder = tmp_path / "me"
    assert cli("init", folder, "--facts", tmp_path / "facts.json").returncode == 0
    settings = (folder / "project.toml").read_text()
    settings += "[generation]\nvariations = 8\nabstention = 0.5\nreplay = 24\n[recipe]\nepochs = 1\nbatch_size = 8\n[evaluation]\nmax_new_tokens = 16\nunknown = 12\nprobe = 12\n"
    (folder / "project.toml").write_text(settings)
    assert cli("generate", "--project", folder, "--approve").returncode == 0
    done = cli("--train-only", "--project", folder)
    assert done.returncode == 0, done.stderr
    result = json.loads(cli("evaluate", "--project", folder, "--output", "json").stdout)
    share = {name: proportion["share"] for name, proportion in result["metrics"].items()}
    base = {name: proportion["share"] for name, proportion in result["base_metrics"].items()}
    assert result["proof"]["passed"]
    assert base["recall"] <= 0.05
    assert share["recall"] >= 0.7, share
    assert share["unknown_refused"] >= 0.5, share
    assert share["general"] >= 0.5 * base["general"], (share, base)
