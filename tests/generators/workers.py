"""Workers of generators as processes, and servers for them to talk to."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from schemas.events import Event, Finished, Log, parse_event
from schemas.run import GenerateJob

ROOT = Path(__file__).parent.parent.parent
STUBS = ROOT / "tests" / "stubs"
MARK = "ANDRAEUS_TEST_MARK"


@contextmanager
def endpoint(behaviour: str = "x", log: Path | None = None) -> Iterator[str]:
    """A stub server's address; it is ended with the block."""
    command = [sys.executable, str(STUBS / "openai_server.py"), "0", behaviour, *([str(log)] if log else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
        finally:
            process.kill()


def fake_vllm(folder: Path) -> Path:
    """A folder for PATH with a `vllm` command in it."""
    folder.mkdir()
    script = folder / "vllm"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STUBS / "fake_vllm.py"}" "$@"\n')
    script.chmod(0o700)
    return folder


def start(job: GenerateJob, *, encoder: bool = False, **environment: str) -> subprocess.Popen[str]:
    """A worker that has been told its job. Without `encoder` it finds none, whose import would take seconds."""
    if not encoder:
        environment = {"PYTHONPATH": str(STUBS / "without_encoder"), **environment}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "generators", "generate"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, **environment}, start_new_session=True,
    )  # fmt: skip
    assert process.stdin
    process.stdin.write(job.model_dump_json() + "\n")
    process.stdin.flush()
    return process


def events_of(process: subprocess.Popen[str]) -> list[Event]:
    """All events until the worker ends."""
    assert process.stdout
    with process:
        return [parse_event(line) for line in process.stdout]


def run(job: GenerateJob, *, encoder: bool = False, **environment: str) -> list[Event]:
    """Start a worker and hear it to the end."""
    return events_of(start(job, encoder=encoder, **environment))


def until(process: subprocess.Popen[str], true: Callable[[Event], bool]) -> Event:
    """The first event for which this is true."""
    assert process.stdout
    for line in process.stdout:
        if true(event := parse_event(line)):
            return event
    raise AssertionError("it was never told")


def stop(process: subprocess.Popen[str]) -> list[Event]:
    """Ask a worker to stop; what it says until it ends."""
    assert process.stdin
    process.stdin.write('{"command": "stop"}\n')
    process.stdin.flush()
    return events_of(process)


def result_of(events: list[Event]) -> dict[str, Any]:
    """What the worker finished with."""
    assert isinstance(events[-1], Finished), events[-1]
    return events[-1].result


def logs(events: list[Event]) -> str:
    """All that was said, as one text."""
    return "\n".join(event.message for event in events if isinstance(event, Log))


def marked(mark: str) -> list[psutil.Process]:
    """Every process that was started with this mark in its environment, ended ones left out."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def gone(mark: str, seconds: float = 300) -> bool:
    """Whether no process with this mark is left after a while."""
    for _ in range(int(seconds * 10)):
        if not marked(mark):
            return True
        time.sleep(0.1)
    return False


def asked_of(log: Path) -> list[dict[str, Any]]:
    """Requests that a stub server noted."""
    return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
