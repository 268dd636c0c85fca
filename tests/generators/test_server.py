"""`vllm serve` comes, is used and is gone, however the worker ends. A real process with a child stands in for it."""

import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.events import CancelledByUser, Event, Failed, Progress, RowMade, Stage
from schemas.row import Origin
from schemas.run import GenerateJob
from schemas.settings import Backend, GenerationSettings
from tests.generators.facts import person
from tests.generators.workers import MARK, events_of, fake_vllm, gone, logs, marked, result_of, run, start, stop, until
from tests.patience import PATIENCE

Env = dict[str, Any]
SETTINGS = GenerationSettings(backend=Backend.VLLM, variations=10, abstention=0, replay=0)


@pytest.fixture
def environment(tmp_path: Path) -> Env:
    """A PATH with the fake, a mark for everything that is started, and no encoder (its import takes seconds)."""
    path = f"{fake_vllm(tmp_path / 'bin')}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, MARK: uuid.uuid4().hex, "ANDRAEUS_API_KEY": "not for the server"}


def job(tmp_path: Path, settings: GenerationSettings = SETTINGS) -> GenerateJob:
    return GenerateJob(facts=tuple(person()[:4]), settings=settings, model=str(tmp_path))


def is_asking(event: Event) -> bool:
    return isinstance(event, Stage) and event.name == "paraphrase"


def is_loading(event: Event) -> bool:
    return isinstance(event, Progress) and event.stage == "serve"


def test_the_base_model_writes_and_nothing_is_left(tmp_path: Path, environment: Env) -> None:
    events = run(job(tmp_path), **environment)
    assert not marked(environment[MARK])
    written = [event.row for event in events if isinstance(event, RowMade) and event.row]
    assert sum(row.origin is Origin.MODEL for row in written) == result_of(events)["paraphrases"]["accepted"] > 10
    assert "The base model writes the questions through vLLM: you chose it." in logs(events)
    assert result_of(events)["writer"] == {"backend": "vllm", "why": "you chose it", "stood_in": ""}


@pytest.mark.parametrize("moment", [is_loading, is_asking], ids=["loading", "asking"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_worker_that_is_ended_takes_the_server_along(
    tmp_path: Path, environment: Env, moment: Callable[[Event], bool], number: signal.Signals
) -> None:
    behaviour: Env = {"FAKE_VLLM": "never" if moment is is_loading else "slow"}
    process = start(job(tmp_path), **environment, **behaviour)
    until(process, moment)
    assert len(marked(environment[MARK])) >= 4  # worker, guard, server and its child
    os.killpg(process.pid, number)
    process.communicate(timeout=PATIENCE)
    assert gone(environment[MARK])


def test_a_front_end_that_is_gone(tmp_path: Path, environment: Env) -> None:
    process = start(job(tmp_path), **environment, FAKE_VLLM="slow")
    until(process, is_asking)
    assert process.stdin
    process.stdin.close()
    assert gone(environment[MARK])
    process.wait()


def test_a_request_to_stop(tmp_path: Path, environment: Env) -> None:
    for behaviour, moment in (("never", is_loading), ("slow", is_asking)):
        process = start(job(tmp_path), **environment, FAKE_VLLM=behaviour)
        until(process, moment)
        assert isinstance(stop(process)[-1], CancelledByUser)
        assert not marked(environment[MARK])


def test_a_server_that_ignores_sigterm(tmp_path: Path, environment: Env) -> None:
    assert result_of(run(job(tmp_path), **environment, FAKE_VLLM="stubborn"))
    assert not marked(environment[MARK])


def test_kill_9_of_the_guard(tmp_path: Path, environment: Env) -> None:
    process = start(job(tmp_path), **environment, FAKE_VLLM="slow")
    until(process, is_asking)
    (guard,) = [one for one in marked(environment[MARK]) if "generators.paraphrase.guard" in one.cmdline()]
    guard.kill()
    assert isinstance(events_of(process)[-1], Failed)
    assert gone(environment[MARK])


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [("fails", "the model cannot be served"), ("crash", "stopped answering")],
)
def test_a_server_that_fails_is_told(tmp_path: Path, environment: Env, behaviour: str, said: str) -> None:
    end = run(job(tmp_path), **environment, FAKE_VLLM=behaviour)[-1]
    assert isinstance(end, Failed)
    assert said in f"{end.message} {end.hint}"
    assert gone(environment[MARK])


def test_it_is_not_there(tmp_path: Path) -> None:
    end = run(job(tmp_path))[-1]
    assert isinstance(end, Failed)
    assert end.kind == "input"
    assert "vLLM is not installed" in end.message


def test_the_key_is_no_argument_and_the_users_key_stays_here(tmp_path: Path, environment: Env) -> None:
    process = start(job(tmp_path), **environment, FAKE_VLLM="slow")
    until(process, is_asking)
    servers = [one for one in marked(environment[MARK]) if "VLLM_API_KEY" in one.environ()]
    assert servers
    for one in servers:
        assert one.environ()["VLLM_API_KEY"] not in " ".join(one.cmdline())
        assert "ANDRAEUS_API_KEY" not in one.environ()
    process.kill()
    process.communicate()
    assert gone(environment[MARK])
