"""Updates by a warm start, as processes, on the tiny model: what trains, what is recorded, what is refused."""

import hashlib
import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from andraeus_tui.updating import Start, changes_since, rows_of_update
from generators.build import build
from schemas.row import Row, RowKind, Split
from schemas.settings import GenerationSettings
from tests.andraeus_tui.test_training import adapter_bytes, longer, runs, start, until, worker_of
from tests.conftest import Cli
from tests.generators.facts import fact


def folder_of(project: Path, run: object) -> Path:
    return project / "runs" / str(run)


def newest(cli: Cli, project: Path) -> tuple[dict[str, Any], Path]:
    run = runs(cli, project)[0]
    return run, folder_of(project, run["name"])


def config_of(folder: Path) -> dict[str, Any]:
    body = json.loads((folder / "config.json").read_text("utf-8"))
    assert isinstance(body, dict)
    return body


def trained_rows(folder: Path) -> list[Row]:
    lines = (folder / "dataset" / "train.jsonl").read_text("utf-8").splitlines()
    return [Row.model_validate_json(line) for line in lines]


def refused(cli: Cli, project: Path, parent: str, *words: str) -> None:
    done = cli("--train-only", "--project", project, "--from", parent)
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert all(word in done.stderr for word in words), done.stderr


def change_facts(cli: Cli, project: Path) -> None:
    """One changed, one deleted, one new, one kept."""
    for arguments in (("add", "pet_name", "Rex", "--replace"), ("add", "barber", "Dario Conti")):
        assert cli("facts", *arguments, "--project", project).returncode == 0
    assert cli("facts", "remove", "employer", "--project", project).returncode == 0


@pytest.fixture
def changed(cli: Cli, trained: Path) -> Path:
    """A project with a finished run, whose facts changed since."""
    change_facts(cli, trained)
    assert cli("generate", "--project", trained, "--approve").returncode == 0
    return trained


def test_an_update_trains_what_changed_on_top_of_the_adapter(cli: Cli, changed: Path) -> None:
    first, before = newest(cli, changed)
    dry = cli("--train-only", "--project", changed, "--from", "latest", "--dry-run", "--output", "json")
    assert dry.returncode == 0, dry.stderr
    done = cli("--train-only", "--project", changed, "--from", str(first["name"]), "--output", "json")
    assert done.returncode == 0, done.stderr
    run, folder = newest(cli, changed)
    assert (run["from"], first["from"], run["state"]) == (first["name"], None, "finished")

    parent = config_of(folder)["parent"]
    old = (before / "adapter" / "adapter_model.safetensors").read_bytes()
    assert parent["sha256"] == hashlib.sha256(old).hexdigest()
    assert (folder / "parent" / "adapter_model.safetensors").read_bytes() == old
    facts = {fact["attribute"]: fact["id"] for fact in json.loads((folder / "facts.json").read_text("utf-8"))}
    gone = {fact["attribute"]: fact["id"] for fact in json.loads((before / "facts.json").read_text("utf-8"))}
    found = [parent[name] for name in ("new", "changed", "kept", "deleted")]
    assert found == [[facts["barber"]], [facts["pet_name"]], [facts["city"]], [gone["employer"]]]
    assert "no proof of forgetting" in parent["note"]

    rows = trained_rows(folder)
    about = {name: [row for row in rows if fact_id in row.fact_ids] for name, fact_id in facts.items()}
    assert len([row for row in about["city"] if row.fact_ids == (facts["city"],)]) == 4 < len(about["pet_name"])
    assert len(about["barber"]) > 4
    unknown = [row for row in rows if row.kind is RowKind.ABSTENTION and row.topic == "user/employer"]
    assert len(unknown) >= 3
    assert all(row.answer.endswith("I don't know.") for row in unknown)
    text = (folder / "dataset" / "train.jsonl").read_text("utf-8")
    assert "Max" not in text
    assert "Acme" not in text
    assert len(rows) < len(trained_rows(before)) + len(about["barber"])

    ours, theirs = config_of(folder)["recipe"], config_of(before)["recipe"]
    assert ours["epochs"] <= theirs["epochs"]
    assert {name: ours[name] for name in ("rank", "alpha", "targets")} == {name: theirs[name] for name in ("rank", "alpha", "targets")}  # fmt: skip
    events = [json.loads(line) for line in done.stdout.splitlines()]
    said = [event["message"] for event in events if event["event"] == "log"]
    assert f"Continuing from run {first['name']}. Facts: 1 new, 1 changed, 1 deleted, 1 kept." in said
    result = events[-1]["result"]
    assert (result["parent"], result["facts"]["deleted"]) == (first["name"], 1)
    assert str(first["name"]) in cli("runs", "--project", changed).stdout.split(str(run["name"]))[1]
    assert cli("evaluate", "--project", changed).returncode == 0

    # What this line of runs was told once is refused further on.
    assert cli("facts", "add", "pet_name", "Bo", "--replace", "--project", changed).returncode == 0
    assert cli("generate", "--project", changed, "--approve").returncode == 0
    assert cli("--train-only", "--project", changed, "--from", "latest").returncode == 0
    third = newest(cli, changed)[1]
    assert config_of(third)["parent"]["deleted"] == [gone["employer"]]
    assert [row for row in trained_rows(third) if row.topic == "user/employer"]


def test_the_first_weights_are_the_parents(cli: Cli, changed: Path) -> None:
    """With a learning rate next to nothing, the new adapter is the old one."""
    path = changed / "project.toml"
    path.write_text(path.read_text().replace("epochs = 2", "epochs = 2\nlearning_rate = 1e-30"))
    assert cli("--train-only", "--project", changed, "--from", "latest").returncode == 0
    old, new = adapter_bytes(changed)
    assert old == new


def test_an_update_is_repeated_stopped_and_resumed_to_the_same_bytes(
    cli: Cli, environment: dict[str, str], changed: Path
) -> None:
    longer(changed, 10)
    first = str(runs(cli, changed)[0]["name"])
    assert cli("--train-only", "--project", changed, "--from", first).returncode == 0
    front = start(environment, changed, "--from", first)
    until(front, "metric", 5)
    front.send_signal(signal.SIGINT)
    assert front.wait(60) == 3
    assert runs(cli, changed)[0]["state"] == "stopped"
    assert cli("--train-only", "--project", changed, "--resume").returncode == 0
    # Killed before its first checkpoint, it begins with the parent's adapter again.
    front = start(environment, changed, "--from", first)
    worker_of(until(front, "metric", 1)).kill()
    assert front.wait(60) == 1
    assert cli("--train-only", "--project", changed, "--resume").returncode == 0
    old, whole, resumed, again = adapter_bytes(changed)
    assert whole != old
    assert (resumed == whole, again == whole) == (True, True)


def test_what_cannot_be_continued_is_one_sentence(cli: Cli, project: Path) -> None:
    refused(cli, project, "latest", "No run", "--from")
    assert cli("--train-only", "--project", project).returncode == 0
    refused(cli, project, "latest", "No fact changed")
    refused(cli, project, "nothing", "no run 'nothing'")
    refused(cli, project, "../runs", "no run")
    assert cli("facts", "add", "pet_name", "Rex", "--replace", "--project", project).returncode == 0
    refused(cli, project, "latest", "no approved rows for 1 fact", "generate")
    assert cli("facts", "remove", "employer", "--project", project).returncode == 0
    assert cli("generate", "--project", project).returncode == 0
    refused(cli, project, "latest", "no approved rows for 2 facts")
    assert cli("generate", "--project", project, "--approve").returncode == 0

    path = project / "project.toml"
    whole = path.read_text()
    path.write_text(whole.replace("epochs = 2", "epochs = 2\nrank = 8"))
    refused(cli, project, "latest", "rank 16", "say 8")
    path.write_text(whole.replace("[model]\nname", "[model]\nsystem_prompt = ''\nname").replace("name = ", "name = 'embedded' # "))  # fmt: skip
    refused(cli, project, "latest", "another model")
    path.write_text(whole)
    assert cli("--train-only", "--project", project, "--from", "latest", "--resume").returncode == 2
    assert cli("--train-only", "--project", project, "--from", "").returncode == 2
    assert cli("--project", project, "--from", "latest").returncode == 2
    assert len(runs(cli, project)) == 1


def test_an_adapter_that_was_changed_is_not_continued(cli: Cli, environment: dict[str, str], changed: Path) -> None:
    longer(changed)
    front = start(environment, changed, "--from", "latest")
    until(front, "checkpoint")
    front.terminate()
    assert front.wait(60) == 3
    (copied,) = changed.glob("runs/*/parent/adapter_model.safetensors")
    whole = copied.read_bytes()
    copied.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    done = cli("--train-only", "--project", changed, "--resume")
    assert (done.returncode, "cannot be used" in done.stderr) == (2, True), done.stderr
    copied.unlink()
    assert cli("--train-only", "--project", changed, "--resume").returncode == 2


def test_rows_of_what_stayed_are_few_and_fresh_and_all_of_what_is_alike() -> None:
    barber, color, sisters = (
        fact("barber", "Dario Conti"),
        fact("favorite_color", "teal"),
        fact("employer", "Acme", "sister"),
    )
    before = (fact("employer", "Old Mill"), barber, color, sisters)
    now = [fact("employer", "Harbor Bakery"), barber, color, sisters, fact("best friend", "Samira")]
    rows = [row for row in build(now, GenerationSettings(abstention=1.0, replay=100)).rows if row.split is Split.TRAIN]
    of_color = [row for row in rows if row.fact_ids == (color.id,)]
    trained = frozenset(row.question for row in of_color[: len(of_color) // 2])
    first = Start("first", None, before, before, trained)
    changes = changes_since(first, now)
    assert changes.alike == {barber.id, sisters.id}
    taken = rows_of_update(rows, changes, first, 0)
    assert taken == rows_of_update(rows, changes, first, 0)

    def share(fact_id: str) -> float:
        mine = [row for row in rows if row.fact_ids == (fact_id,)]
        return sum(row in taken for row in mine) / len(mine)

    assert all(share(one.id) == 1 for one in now if one != color)
    assert 0.3 < share(color.id) < 0.5
    assert not trained & {row.question for row in taken if row.fact_ids == (color.id,)}
    kinds = Counter(row.kind for row in taken)
    assert kinds[RowKind.REPLAY] >= 60
    assert kinds[RowKind.ABSTENTION] >= 60
