"""What is known of the runs, read from their folders: nothing is remembered that the files do not say."""

import fcntl
import json
import os
import time
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import AndraeusError, InputError
from schemas.events import CancelledByUser, Event, Failed, Finished, Metric, parse_event
from schemas.fact import Fact
from schemas.run import Parent, TrainConfig

EVENTS_FILE = "events.jsonl"
LOG_FILE = "worker.log"
LOCK_FILE = "run.lock"
CONFIG_FILE = "config.json"
FACTS_FILE = "facts.json"
ADAPTER_FOLDER = "adapter"
EVALUATION_FILE = "eval.json"
_TRIES, _TRY_SECONDS = 5, 0.01
"""Whoever looks whether a run is at work holds its lock for a moment: that is not yet somebody who works on it."""
_LOG_BYTES = 64_000


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
    parent: Parent | None = None
    """The run that it continues, and what changed since; None for one from scratch."""
    hopeless: bool = False
    """It could not do what it was asked (no such model, no GPU) and ended before its first step: it would end so again."""

    @property
    def name(self) -> str:
        """The folder's name, which begins with its time."""
        return self.folder.name

    @property
    def can_resume(self) -> bool:
        """Whether `--resume` makes sense."""
        return self.state in {RunState.INTERRUPTED, RunState.STOPPED, RunState.FAILED} and not self.hopeless


@dataclass(frozen=True)
class Claim:
    """A run that this process holds: nobody else works on it until `handle` is closed here and in all children."""

    folder: Path
    handle: int
    """File descriptor of the lock file."""


def lock(path: Path) -> int | None:
    """Take a lock file: a descriptor that holds the lock, or None when somebody has it.

    The lock belongs to the open file, not to a process: a child that inherits the descriptor holds it too, and the
    system frees it when the last of them is gone, however they went.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError:
            time.sleep(_TRY_SECONDS)
    os.close(handle)
    return None


def claim(folder: Path) -> Claim:
    """Hold a run. Raises AndraeusError when another process works on it."""
    handle = lock(folder / LOCK_FILE)
    if handle is None:
        raise AndraeusError(f"Run {folder.name} is at work in another process.", "Wait for it, or stop it.")
    os.ftruncate(handle, 0)
    return Claim(folder, handle)


def sign(held: Claim) -> None:
    """Write into the lock file that this process answers for the run: signals that ask to stop go to it."""
    os.ftruncate(held.handle, 0)
    os.pwrite(held.handle, str(os.getpid()).encode(), 0)


def holder(folder: Path) -> int | None:
    """The id of the process that answers for a run at work; None when nobody does, or nobody has signed yet."""
    try:
        text = (folder / LOCK_FILE).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() and is_alive(folder) else None


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


@dataclass(frozen=True)
class _Words:
    """What a run said last."""

    last: Event | None
    step: int
    total_steps: int
    dev_recall: float | None


def _parsed(line: bytes) -> Event | None:
    """The event of a line; None for a line that a crash cut off."""
    try:
        return parse_event(line)
    except ValidationError:
        return None


@lru_cache(maxsize=512)
def _last_words(path: Path, size: int, changed: int) -> _Words:
    """Read from the end, parsing the few lines that matter: a long run has tens of thousands of them."""
    last: Event | None = None
    step = total = 0
    for line in reversed(path.read_bytes().splitlines()):
        if last is not None and (b'"dev_recall"' if step else b'"metric"') not in line:
            continue
        event = _parsed(line)
        last = last or event
        if isinstance(event, Metric):
            # Step 0 is the preflight's, which a resumed run says again.
            step, total = step or event.step, total or event.total_steps
            if "dev_recall" in event.values:
                return _Words(last, step, total, event.values["dev_recall"])
    return _Words(last, step, total, None)


def _words_of(folder: Path) -> _Words:
    path = folder / EVENTS_FILE
    try:
        found = path.stat()
        return _last_words(path, found.st_size, found.st_mtime_ns)
    except FileNotFoundError:
        return _Words(None, 0, 0, None)


def read_run(folder: Path) -> Run:
    """What a run's folder says about it."""
    # Asked before the events are read: a run that ends in between is told as running, not as interrupted.
    alive = is_alive(folder)
    words = _words_of(folder)
    last = words.last
    if alive:
        state, message = RunState.RUNNING, ""
    elif isinstance(last, Finished) and (folder / ADAPTER_FOLDER / "adapter_model.safetensors").is_file():
        state, message = RunState.FINISHED, ""
    elif isinstance(last, CancelledByUser):
        state, message = RunState.STOPPED, last.message
    elif isinstance(last, Failed):
        state, message = RunState.FAILED, f"{last.message} {last.hint}".strip()
    else:
        state, message = RunState.INTERRUPTED, "It ended without a word; it can be resumed."
    evaluated = (folder / EVALUATION_FILE).is_file()
    hopeless = state is RunState.FAILED and isinstance(last, Failed) and last.kind == "input" and words.step == 0
    return Run(
        folder, state, message, words.step, words.total_steps, words.dev_recall, evaluated, parent_of(folder), hopeless
    )


def parent_of(folder: Path) -> Parent | None:
    """Where a run's weights began, and what changed since; None for a run from scratch, or with a damaged config."""
    try:
        path = folder / CONFIG_FILE
        return _parent_in(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, AttributeError):
        return None


@lru_cache(maxsize=512)
def _parent_in(path: Path, changed: int) -> Parent | None:
    body = json.loads(path.read_bytes()).get("parent")
    return Parent.model_validate(body) if body else None


def log_of(folder: Path) -> str:
    """The end of the worker's log: messages of libraries and tracebacks, never fact text."""
    try:
        with (folder / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LOG_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in text)


def all_runs(runs: Path) -> list[Run]:
    """Every run, the newest first."""
    folders = [path.parent for path in runs.glob(f"*/{CONFIG_FILE}")]
    return [read_run(folder) for folder in sorted(folders, reverse=True)]


def latest_finished(runs: Path) -> Run:
    """The newest run that has an adapter. Raises InputError when there is none."""
    for run in all_runs(runs):
        if run.state is RunState.FINISHED:
            return run
    raise InputError(
        "This project has no trained model yet.", f"Train one: andraeus-tui --train-only --project {runs.parent}"
    )


def facts_of(folder: Path) -> list[Fact]:
    """The facts as they were when the run was frozen."""
    try:
        path = folder / FACTS_FILE
        return list(_facts_in(path, path.stat().st_mtime_ns))
    except (OSError, ValueError) as error:
        raise InputError(f"The facts of run {folder.name} are missing or damaged.", "Start a new run.") from error


@lru_cache(maxsize=8)
def _facts_in(path: Path, changed: int) -> tuple[Fact, ...]:
    """A frozen file is read once: screens that show what changed since ask for it whenever they open."""
    return tuple(Fact.model_validate(body) for body in json.loads(path.read_text("utf-8")))


def config_of(folder: Path) -> TrainConfig:
    """The frozen config. Raises InputError when it is damaged."""
    try:
        return TrainConfig.model_validate_json((folder / CONFIG_FILE).read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        raise InputError(f"The config of run {folder.name} is missing or damaged.", "Start a new run.") from error
