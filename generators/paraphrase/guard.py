"""Keeps a server alive for exactly as long as somebody holds the other end of a pipe.

python -P -m generators.paraphrase.guard COMMAND...   (standard input: the pipe)

The server gets a process group of its own. When the pipe ends (its holder closed it, crashed or was killed), on SIGTERM
or when the server ends, every process of that group and every descendant is ended, and the guard leaves when all are
gone. The first line on standard output is the group's number. What the server prints goes to standard error.
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

import psutil

TERM_SECONDS = 10.0
"""How long processes may take to leave before they are killed."""
_KILL_SECONDS = 20.0
_BEAT_SECONDS = 0.1
# Numbers from <linux/prctl.h>.
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl() -> Callable[[int, int], int] | None:
    if sys.platform != "linux":
        return None
    found: Callable[[int, int], int] = ctypes.CDLL(None, use_errno=True).prctl
    return found


def main(command: list[str]) -> int:
    """Guard the command; 0 when it was ended on request, 1 when it ended by itself."""
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    prctl, me = _prctl(), os.getpid()
    if prctl:
        # A grandchild whose parent died becomes ours, so that it can be seen, ended and reaped.
        prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def die_with_guard() -> None:
        if prctl:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != me:
                os._exit(1)

    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        start_new_session=True,
        preexec_fn=die_with_guard,
    )
    print(server.pid, flush=True)
    ended = False
    while not stopping and not ended:
        readable, _, _ = select.select([sys.stdin], [], [], _BEAT_SECONDS)
        if readable and not os.read(sys.stdin.fileno(), 4096):
            break
        ended = server.poll() is not None
    end(server.pid)
    return int(ended)


def end(group: int) -> bool:
    """End every process of the group and every descendant of this process; whether all are gone."""
    for number, seconds in ((signal.SIGTERM, TERM_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
        until = time.monotonic() + seconds
        send(group, number)
        while time.monotonic() < until:
            _reap()
            if not _left(group):
                return True
            if number == signal.SIGKILL:
                send(group, number)
            time.sleep(_BEAT_SECONDS / 2)
    return False


def send(group: int, number: signal.Signals) -> None:
    """Signal the group, and descendants that left it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass
    for process in _descendants():
        try:
            # A second SIGTERM would make a server that is leaving in good order give up on it.
            if os.getpgid(process.pid) != group:
                process.send_signal(number)
        except (psutil.Error, ProcessLookupError):
            pass


def _descendants() -> list[psutil.Process]:
    try:
        return psutil.Process().children(recursive=True)
    except psutil.Error:
        return []


def _left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return bool(_descendants())
    except PermissionError:
        pass
    return True


def _reap() -> None:
    """Collect children that have ended: until then they count as members of their group."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
