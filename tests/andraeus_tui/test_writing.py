"""Generation with a model: through the command line into the store, its record, and nothing left of a killed front end."""

import io
import json
import os
import re
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

import generators.worker
from andraeus_tui.project import Project
from andraeus_tui.store.generations import generations
from andraeus_tui.store.rows import all_rows
from generators.writers import Machine
from schemas.events import parse_event
from schemas.row import Origin, Row, RowKind, Split
from schemas.run import GenerateJob
from schemas.settings import GenerationSettings
from schemas.wire import Wire
from tests.conftest import COMMAND, Cli
from tests.generators.facts import person
from tests.generators.workers import MARK, STUBS, endpoint, fake_vllm, gone, logs, marked, result_of

SETTINGS = "[generation]\nvariations = 10\nabstention = 0.1\nreplay = 4\n"


@pytest.fixture
def folder(cli: Cli, tmp_path: Path, environment: dict[str, str]) -> Path:
    """A project with three facts; workers find no encoder."""
    environment["PYTHONPATH"] = str(STUBS / "without_encoder")
    facts = tmp_path / "facts.json"
    facts.write_text('{"pet_name": "Max", "employer": "Acme", "spirit animal": "otter"}')
    made = tmp_path / "project"
    assert cli("init", made, "--facts", facts).returncode == 0
    (made / "project.toml").write_text((made / "project.toml").read_text() + SETTINGS)
    return made


def rows_of(folder: Path) -> list[Row]:
    with Project(folder).database() as database:
        return all_rows(database)


def asked_in_training(rows: list[Row], origin: Origin) -> list[Row]:
    return [row for row in rows if row.kind is RowKind.QUESTION and row.split is Split.TRAIN and row.origin is origin]


def test_rows_of_a_model_are_stored_and_kept(cli: Cli, folder: Path, environment: dict[str, str]) -> None:
    before = cli("generate", "--project", folder)
    assert "Templates write the questions, and no model is used: no endpoint is set" in before.stdout
    # Of ten wordings each one may be refused: it is too much like another.
    assert 28 <= len(asked_in_training(rows_of(folder), Origin.TEMPLATE)) <= 30
    environment["ANDRAEUS_API_KEY"] = "k3y-of-the-stub"
    with endpoint("bad,key") as address:
        done = cli("generate", "--project", folder, "--endpoint", address)
    assert done.returncode == 0, done.stderr
    assert "The model wrote" in done.stdout
    assert "refused, voice: " in done.stdout
    rows = rows_of(folder)
    model = asked_in_training(rows, Origin.MODEL)
    assert len(model) >= 15
    assert len(model) + len(asked_in_training(rows, Origin.TEMPLATE)) == 30
    # Whoever wrote them, they stay when templates write again, without the endpoint.
    assert cli("generate", "--project", folder, "--backend", "templates").returncode == 0
    assert {row.id for row in asked_in_training(rows_of(folder), Origin.MODEL)} == {row.id for row in model}
    with Project(folder).database() as database:
        (_, last), (_, written), (_, first) = generations(database)
    assert [one["writer"]["backend"] for one in (first, written, last)] == ["templates", "endpoint", "templates"]
    assert written["paraphrases"]["accepted"] == len(model)
    assert written["refused"]
    assert b"k3y-of-the-stub" not in (folder / "memory.db").read_bytes() + (folder / "project.toml").read_bytes()


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--endpoint", "ftp://x"], 2, "--endpoint has no value that can be used."),
        (["--backend", "endpoint"], 2, "The endpoint has no address."),
        (["--backend", "vllm"], 2, "vLLM is not installed"),
        (["--endpoint", "http://127.0.0.1:9"], 1, "cannot be reached"),
        (["--backend", "other"], 2, "Invalid value for '--backend'"),
    ],
)
def test_what_is_wrong_is_one_sentence(cli: Cli, folder: Path, options: list[str], code: int, said: str) -> None:
    done = cli("generate", "--project", folder, *options)
    assert done.returncode == code
    assert said in done.stderr


def test_events_hold_no_text_of_facts(cli: Cli, folder: Path) -> None:
    with endpoint("bad") as address:
        done = cli("generate", "--project", folder, "--endpoint", address, "--output", "json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["result"]["paraphrases"]["accepted"] > 0
    assert not re.search(r"\b(?:Acme|Max|otter)\b", done.stdout)


def test_templates_stand_in_for_a_server_that_nobody_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine with a GPU and a broken vLLM, `auto` says so and goes on with templates."""
    monkeypatch.setenv("PATH", f"{fake_vllm(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_VLLM", "fails")
    monkeypatch.setattr(generators.worker, "this_machine", lambda: Machine(gpu=True, vllm=True))
    out = io.StringIO()
    job = GenerateJob(facts=tuple(person()), settings=GenerationSettings(replay=0), model=str(tmp_path))
    generators.worker.generate(job, Wire(out, io.StringIO(), must_save=True))
    events = [parse_event(line) for line in out.getvalue().splitlines()]
    assert "Templates stand in for the model." in logs(events)
    assert result_of(events)["writer"]["stood_in"] == "vllm serve ended before it was ready."


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda one: one.name)
def test_a_front_end_that_is_ended_leaves_no_server(
    folder: Path, tmp_path: Path, tiny_model: Path, environment: dict[str, str], number: signal.Signals
) -> None:
    text = (folder / "project.toml").read_text()
    (folder / "project.toml").write_text(text.replace('"embedded"', json.dumps(str(tiny_model))))
    mark = uuid.uuid4().hex
    path = f"{fake_vllm(tmp_path / 'bin')}{os.pathsep}{environment['PATH']}"
    command = [*COMMAND, "generate", "--project", str(folder), "--backend", "vllm"]
    with subprocess.Popen(
        command, env={**environment, "PATH": path, MARK: mark, "FAKE_VLLM": "slow"}, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert any("writes questions for 3 facts" in line for line in process.stdout)
        assert len(marked(mark)) >= 5  # front end, worker, guard, server and its child
        process.send_signal(number)
        process.stdout.read()
    assert gone(mark)
    assert process.returncode == (3 if number == signal.SIGINT else -number)
