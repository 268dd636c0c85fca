"""The frame of every worker process: one job from standard input, events out, exactly one terminal event, an exit code.

A worker's __main__ calls `claim_stdout` before anything else, then `serve`.
"""

import gc
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import NoReturn, TextIO

from pydantic import ValidationError

from schemas.errors import AndraeusError, Cancelled, ExitCode
from schemas.events import CancelledByUser, Failed, Started
from schemas.wire import Wire, stdin_text

Run = Callable[[str, Wire], None]
"""Runs a job given as JSON to its end, heavy imports included, and emits `finished`."""


COLLECT = (50_000, 20, 100)
"""How many new objects Python waits for before it looks for garbage. At its usual 700 it looks through all that torch and
transformers bring, which is no garbage, time and again (benchmarks/imports.py)."""


def serve(out: TextIO, jobs: Mapping[str, Run], *, saves: frozenset[str], online: frozenset[str]) -> NoReturn:
    """Run the job that the command line names and end the process.

    `saves` are jobs that may take a while to save when they are stopped; `online` those that may use the network.
    """
    code = _serve(out, jobs, saves, online)
    out.flush()
    # Native threads of the libraries can hang or crash at interpreter exit; all files are closed by now.
    sys.stderr.flush()
    os._exit(code)


def _serve(out: TextIO, jobs: Mapping[str, Run], saves: frozenset[str], online: frozenset[str]) -> int:
    os.umask(0o077)
    gc.set_threshold(*COLLECT)
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in jobs:
        print(f"usage: {'|'.join(jobs)}", file=sys.stderr)
        return ExitCode.USAGE
    _quiet_libraries(online=name in online)
    wire = Wire(out, stdin_text(), must_save=name in saves)
    line = wire.read_job()
    wire.emit(Started(job=name, pid=os.getpid(), time=time.time()))
    try:
        jobs[name](line, wire)
    except Cancelled as stop:
        wire.emit(CancelledByUser(message=str(stop)))
        return ExitCode.CANCELLED
    except ValidationError as error:
        wire.emit(Failed(kind="error", message="The worker does not understand its job.", hint=str(error)[:300]))
        return ExitCode.FAILED
    except AndraeusError as error:
        wire.emit(Failed(kind="input" if error.exit_code == ExitCode.USAGE else "error",
                         message=error.message, hint=error.hint))  # fmt: skip
        return error.exit_code
    except Exception as error:
        return _unexpected(error, wire)
    return ExitCode.DONE


def _unexpected(error: Exception, wire: Wire) -> int:
    import traceback

    traceback.print_exc()
    text = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    lowered = text.casefold()
    if "no space left" in lowered or getattr(error, "errno", None) == 28:
        wire.emit(
            Failed(kind="disk", message="The disk is full.", hint="Free some space, then run again with --resume.")
        )
    elif isinstance(error, MemoryError) or "out of memory" in lowered or "can't allocate memory" in lowered:
        hint = "Lower recipe.batch_size in project.toml, or take a smaller model."
        wire.emit(Failed(kind="memory", message="There is not enough memory.", hint=hint))
    else:
        wire.emit(Failed(kind="error", message=text, hint="The worker's log has the details."))
    return ExitCode.FAILED


def _quiet_libraries(online: bool) -> None:
    """Before any heavy import: nothing goes online unless asked, nobody is told about the run, no colours in the log."""
    for name in (
        "HF_HUB_DISABLE_TELEMETRY",
        "DO_NOT_TRACK",
        "HF_HUB_DISABLE_PROGRESS_BARS",
        "UNSLOTH_DISABLE_STATISTICS",
    ):
        os.environ[name] = "1"
    if not online:
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["TRANSFORMERS_NO_ADVISORY_WARNINGS"] = "1"
