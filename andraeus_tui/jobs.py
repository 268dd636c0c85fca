"""The supervisor of one worker process: starts it, passes its events on, stops it, and tells the truth when it dies."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from pydantic import BaseModel, ValidationError

from andraeus_tui.runs import EVENTS_FILE, LOG_FILE, Claim, sign
from schemas.errors import AndraeusError, ExitCode, InputError
from schemas.events import TERMINAL, CancelledByUser, Event, Failed, parse_event

_TERM_SECONDS = 20
"""After a second request to stop, how long the worker has before it is ended."""
_LOG_TAIL = 12
_TAIL_BYTES = 8192


class Job:
    """A worker process. Iterate over `events()` to its terminal event; `stop` asks it to save and leave."""

    def __init__(self, module: str, name: str, job: BaseModel, held: Claim | None = None) -> None:
        """`held` is the run whose folder gets the events and the log; the worker holds its lock too."""
        self._run = held.folder if held else None
        self._lock = held.handle if held else None
        if held:
            sign(held)
            _end_cut_line(held.folder / EVENTS_FILE)
        self._log: IO[bytes] = (held.folder / LOG_FILE).open("a+b") if held else tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            # -P: without it a folder named like ours in the user's working directory would be imported instead.
            [sys.executable, "-P", "-m", module, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
            pass_fds=[held.handle] if held else [],
        )
        self._stops = 0
        self._say(job.model_dump_json())

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stops > 0

    def _say(self, line: str) -> None:
        assert self._process.stdin
        if self._process.stdin.closed:
            return  # events() has come to the end
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone already; events() will say why

    def send(self, command: BaseModel) -> None:
        """Give the worker a command after its job. One that is gone does not hear it; `events` says why."""
        self._say(command.model_dump_json())

    def stop(self) -> None:
        """Ask the worker to save and leave; the second time, insist; the third time, end it."""
        self._stops += 1
        if self._stops == 1:
            self._say('{"command": "stop"}')
        else:
            self._signal(signal.SIGTERM if self._stops == 2 else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass

    def events(self) -> Generator[Event, None, None]:
        """Every event as it comes, and a terminal one in any case. Writes them to the run's events.jsonl."""
        assert self._process.stdout
        ended = False
        try:
            for line in self._process.stdout:
                try:
                    event = parse_event(line)
                except ValidationError:
                    self._log.write(b"not an event: " + line)
                    continue
                ended = ended or isinstance(event, TERMINAL)
                self._record(event)
                yield event
            self._process.wait()
            if not ended:
                event = self._last_words()
                self._record(event)
                yield event
        finally:
            self._close()

    def _record(self, event: Event) -> None:
        if not self._run:
            return
        try:
            with (self._run / EVENTS_FILE).open("ab") as file:
                file.write(event.model_dump_json().encode() + b"\n")
        except OSError as error:
            self.stop()
            raise AndraeusError(f"The run's events cannot be written: {error.strerror}.", "Free some space.") from error

    def _last_words(self) -> Event:
        code = self._process.returncode
        if self._stops:
            return CancelledByUser(message="The worker was ended; the last checkpoint stands.")
        how = f"was ended by signal {-code} ({_signal_name(-code)})" if code < 0 else f"ended with code {code}"
        hint = "Signal 9 often means that memory ran out." if code == -signal.SIGKILL else ""
        tail = self._tail()
        return Failed(kind="crash", message=f"The worker {how}.", hint=f"{hint} {tail}".strip())

    def _tail(self) -> str:
        """The log's last lines. Worker logs hold library messages and tracebacks, never fact text."""
        self._log.flush()
        handle = self._log.fileno()
        start = max(0, os.fstat(handle).st_size - _TAIL_BYTES)
        lines = os.pread(handle, _TAIL_BYTES, start).decode("utf-8", errors="replace").splitlines()[-_LOG_TAIL:]
        return f"Last lines of {LOG_FILE}: {' / '.join(lines)}"[:1500] if lines else ""

    def _close(self) -> None:
        """Leave no process behind, whatever ended the iteration."""
        if self._process.poll() is None:
            try:
                assert self._process.stdin
                self._process.stdin.close()
                self._process.wait(_TERM_SECONDS)
            except (subprocess.TimeoutExpired, BrokenPipeError):
                self._signal(signal.SIGKILL)
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        self._log.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _end_cut_line(path: Path) -> None:
    """A crash may have cut the last line: end it, so that the next event stands alone."""
    if path.is_file() and (data := path.read_bytes()) and not data.endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


_HEARD = b"\nStopping as soon as what is done is safe. Ctrl-C again insists.\n"


class Stoppable(Protocol):
    """What can be asked to save and leave."""

    def stop(self) -> None:
        """Ask."""


def stop_on_signals(job: Stoppable) -> None:
    """Ctrl-C, a closed terminal or a polite kill ask the worker to save and leave."""

    def handle(number: int, frame: FrameType | None) -> None:
        job.stop()
        # Past any buffer: a signal comes in the middle of whatever is being printed. A terminal that was closed hears nothing.
        with suppress(OSError):
            os.write(2, _HEARD)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handle)


def exit_code_of(event: Event) -> ExitCode:
    """The exit code that belongs to a terminal event."""
    if isinstance(event, CancelledByUser):
        return ExitCode.CANCELLED
    if isinstance(event, Failed):
        return ExitCode.USAGE if event.kind == "input" else ExitCode.FAILED
    return ExitCode.DONE


def error_of(event: Failed) -> AndraeusError:
    """What to raise when a worker failed; its exit code is that of the event."""
    return (InputError if event.kind == "input" else AndraeusError)(event.message, event.hint)
