"""Holds one training run: python -P -m andraeus_tui.supervisor RUN_FOLDER LOCK [--resume]

Started by andraeus_tui.training, which hands it the run's lock as the file descriptor LOCK. It starts the worker and
records its events, whoever else is there to look. Standard input is its lifeline: a line {"command": "stop"} or its end
makes the worker save and leave; after {"command": "detach"} the end means nothing and the run goes on.
"""

import json
import os
import sys
import threading
from pathlib import Path

from andraeus_tui.jobs import Job, exit_code_of, stop_on_signals
from andraeus_tui.runs import Claim
from andraeus_tui.training import train_job
from schemas.errors import AndraeusError, ExitCode
from schemas.events import TERMINAL


def _listen(job: Job) -> None:
    # Unbuffered: a thread that waits inside a buffered reader would hold a lock that the interpreter's end needs.
    detached = False
    with open(sys.stdin.fileno(), "rb", buffering=0, closefd=False) as source:
        for line in source:
            match json.loads(line):
                case {"command": "stop"}:
                    job.stop()
                case {"command": "detach"}:
                    detached = True
    # Whoever asked to stop and then left has not asked twice: that would end the worker while it saves.
    if not detached and not job.stopping:
        job.stop()


def supervise(held: Claim, resume: bool) -> ExitCode:
    """Train to the end or to the stop; the exit code says how it ended."""
    job = Job("trainers", "train", train_job(held.folder, resume=resume), held)
    stop_on_signals(job)
    threading.Thread(target=_listen, args=(job,), name="lifeline", daemon=True).start()
    code = ExitCode.FAILED
    for event in job.events():
        if isinstance(event, TERMINAL):
            code = exit_code_of(event)
    return code


def main() -> int:
    """Entry point; what goes wrong here is said in the run's log."""
    os.umask(0o077)
    folder, handle, *more = sys.argv[1:]
    try:
        return supervise(Claim(Path(folder), int(handle)), "--resume" in more)
    except AndraeusError as error:
        print(error, file=sys.stderr)
        return ExitCode.FAILED


if __name__ == "__main__":
    sys.exit(main())
