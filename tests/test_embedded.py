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
    settings += (
        "[generation]\nvariations = 12\nreplay = 48\n[recipe]\nepochs = 6\n[evaluation]\nunknown = 16\nprobe = 20\n"
    )
    (folder / "project.toml").write_text(settings)
    assert cli("generate", "--project", folder, "--approve").returncode == 0
    done = cli("--train-only", "--project", folder, timeout=600)
    assert done.returncode == 0, done.stderr
    result = json.loads(cli("evaluate", "--project", folder, "--output", "json", timeout=600).stdout)
    share = {name: proportion["share"] for name, proportion in result["metrics"].items()}
    base = {name: proportion["share"] for name, proportion in result["base_metrics"].items()}
    assert result["proof"]["passed"]
    assert base["recall"] <= 0.05
    assert share["recall"] >= 0.75, share
    assert share["unknown_refused"] >= 0.4, share
    assert share["general"] >= 0.6 * base["general"], (share, base)
