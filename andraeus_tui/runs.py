"""What is known of the runs, read from their folders: nothing is remembered that the files do not say."""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import InputError
from schemas.events import CancelledByUser, Event, Failed, Finished, Metric, parse_event
from schemas.fact import Fact
from schemas.run import TrainConfig

EVENTS_FILE = "events.jsonl"
LOG_FILE = "worker.log"
LOCK_FILE = "run.lock"
CONFIG_FILE = "config.json"
FACTS_FILE = "facts.json"
ADAPTER_FOLDER = "adapter"
EVALUATION_FILE = "eval.json"


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Run:
    """One run folder."""

    folder: Path
    state: RunState
    message: str
    step: int
    total_steps: int
    dev_recall: float | None
    evaluated: bool

    @property
    def name(self) -> str:
        """The folder's name, which begins with its time."""
        return self.folder.name

    @property
    def can_resume(self) -> bool:
        """Whether `--resume` makes sense."""
        return self.state in {RunState.INTERRUPTED, RunState.STOPPED, RunState.FAILED}


def lock(folder: Path) -> int | None:
    """Take the run: a file descriptor that holds its lock, or None when somebody has it.

    The lock belongs to the open file, not to a process: a worker that inherits the descriptor holds it too, and the
    system frees it when the last of them is gone, however they went.
    """
    handle = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def is_alive(folder: Path) -> bool:
    """Whether a process works on the run."""
    try:
        handle = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def events_of(folder: Path) -> Iterator[Event]:
    """Every whole event that the run wrote; a last line cut off by a crash is passed over."""
    try:
        with (folder / EVENTS_FILE).open("rb") as file:
            for line in file:
                try:
                    yield parse_event(line)
                except ValidationError:
                    continue
    except FileNotFoundError:
        return


def read_run(folder: Path) -> Run:
    """What a run's folder says about it."""
    last: Event | None = None
    step = total = 0
    recall = None
    for event in events_of(folder):
        if isinstance(event, Metric):
            step, total = event.step, event.total_steps
            recall = event.values.get("dev_recall", recall)
        last = event
    if is_alive(folder):
        state, message = RunState.RUNNING, ""
    elif isinstance(last, Finished) and (folder / ADAPTER_FOLDER / "adapter_model.safetensors").is_file():
        state, message = RunState.FINISHED, ""
    elif isinstance(last, CancelledByUser):
        state, message = RunState.STOPPED, last.message
    elif isinstance(last, Failed):
        state, message = RunState.FAILED, f"{last.message} {last.hint}".strip()
    else:
        state, message = RunState.INTERRUPTED, "It ended without a word; --resume continues it."
    evaluated = (folder / EVALUATION_FILE).is_file()
    return Run(folder, state, message, step, total, recall, evaluated)


def all_runs(runs: Path) -> list[Run]:
    """Every run, the newest first."""
    folders = [path.parent for path in runs.glob(f"*/{CONFIG_FILE}")]
    return [read_run(folder) for folder in sorted(folders, reverse=True)]


def latest_finished(runs: Path) -> Run:
    """The newest run that has an adapter. Raises InputError when there is none."""
    for run in all_runs(runs):
        if run.state is RunState.FINISHED:
            return run
    raise InputError("This project has no trained model yet.", "Train one: andraeus-tui --train-only --project DIR")


def facts_of(folder: Path) -> list[Fact]:
    """The facts as they were when the run was frozen."""
    try:
        return [Fact.model_validate(body) for body in json.loads((folder / FACTS_FILE).read_text("utf-8"))]
    except (OSError, ValueError) as error:
        raise InputError(f"The facts of run {folder.name} are missing or damaged.", "Start a new run.") from error


def config_of(folder: Path) -> TrainConfig:
    """The frozen config. Raises InputError when it is damaged."""
    try:
        return TrainConfig.model_validate_json((folder / CONFIG_FILE).read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        raise InputError(f"The config of run {folder.name} is missing or damaged.", "Start a new run.") from error
