"""The worker's end of the pipe: events out, the job and the lifeline in."""

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

from schemas.events import Event

_GRACE_SECONDS = 120
"""How long a worker whose front end is gone may take to save before it ends itself."""


class Wire:
    """Writes events to `out`; a stop line or the end of the input asks the worker to save and leave.

    Other lines are commands: most jobs have none, a chat reads them one by one.
    """

    def __init__(self, out: TextIO, source: TextIO, must_save: bool) -> None:
        self._out = out
        self._source = source
        self._must_save = must_save
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._received = self._cancelled = self._at = 0

    def read_job(self) -> str:
        """The job: the first line. From then on the input is the lifeline."""
        line = self._source.readline()
        threading.Thread(target=self._listen, name="lifeline", daemon=True).start()
        return line

    def emit(self, event: Event) -> None:
        """Send one event. A front end that is gone is no reason to fail: the lifeline tells."""
        with self._lock:
            try:
                self._out.write(event.model_dump_json() + "\n")
                self._out.flush()
            except (BrokenPipeError, ValueError):
                self._stop.set()

    @property
    def stop_requested(self) -> bool:
        """Whether to save and leave at the next good moment."""
        return self._stop.is_set()

    def commands(self) -> Iterator[str]:
        """Every command after the job as it comes, until the worker is asked to leave."""
        while (line := self._lines.get()) is not None:
            self._at += 1
            yield line

    @property
    def cancel_requested(self) -> bool:
        """Whether to give up the present command: the worker leaves, or a cancel came after it."""
        return self._stop.is_set() or self._at <= self._cancelled

    def _listen(self) -> None:
        for line in self._source:
            name = _name_of(line)
            if name == "stop":
                self._leave()
            elif name == "cancel":
                self._cancelled = self._received
            elif line.strip():
                self._received += 1
                self._lines.put(line)
        self._leave()
        if not self._must_save:
            os._exit(3)
        time.sleep(_GRACE_SECONDS)
        os._exit(3)

    def _leave(self) -> None:
        self._stop.set()
        self._lines.put(None)


def _name_of(line: str) -> str:
    """The command's name; none when the line is no command at all."""
    try:
        body = json.loads(line)
    except ValueError:
        return ""
    return str(body.get("command", "")) if isinstance(body, dict) else ""


def claim_stdout() -> TextIO:
    """Take the real standard output for events and point file descriptor 1 at the log, native writes included."""
    out = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(out, "w", encoding="utf-8", errors="strict", newline="\n")


def stdin_text() -> TextIO:
    """Standard input as UTF-8 whatever the locale says."""
    return open(sys.stdin.fileno(), encoding="utf-8", closefd=False)
