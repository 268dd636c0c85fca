"""The real app as a process in a pseudo-terminal: keys go in, what it paints is kept, and it can be killed."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

from tests.conftest import COMMAND
from tests.patience import PATIENCE

SIZE = (24, 80)


def until(happened: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait for something that another process brings about."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class PtyApp:
    """`andraeus-tui --project FOLDER`, or with other arguments, 80 columns wide. `kill` is kill -9 of the app alone."""

    def __init__(self, folder: Path, environment: Mapping[str, str], arguments: Sequence[str] = ()) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *SIZE, 0, 0))
        command = [*COMMAND, *(arguments or ("--project", str(folder)))]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder.parent, start_new_session=True,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": str(SIZE[1]), "LINES": str(SIZE[0])},
        )  # fmt: skip
        os.close(theirs)
        self.painted = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # Linux says so when the other end is closed
                return
            self.painted += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode("utf-8", errors="replace"))

    def press(self, keys: str) -> None:
        """Keys as the terminal sends them."""
        os.write(self._ours, keys.encode())

    def sees(self, pattern: str, seconds: float = PATIENCE) -> None:
        """Wait until something is painted; then forget what was painted so far."""
        until(lambda: re.search(pattern, self.painted) is not None, seconds)
        self.painted = ""

    @property
    def workers(self) -> list[psutil.Process]:
        """Every process that the app started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.close()

    def quit(self, *answers: str) -> int:
        """Ctrl+Q and the answers to what is asked then; the exit code."""
        for keys in ("\x11", *answers):
            self.press(keys)
            time.sleep(0.5)
        code = self.process.wait(PATIENCE)
        self.close()
        return code

    def close(self) -> None:
        """The terminal is gone."""
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        os.close(self._ours)
