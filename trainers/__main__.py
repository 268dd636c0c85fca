"""Worker process: python -P -m trainers train|answer|fetch  (job as JSON on the first line of standard input)."""

from trainers.wire import Wire, claim_stdout, stdin_text

OUT = claim_stdout()

import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from pydantic import ValidationError  # noqa: E402

from schemas.errors import AndraeusError, Cancelled, ExitCode  # noqa: E402
from schemas.events import CancelledByUser, Failed, Started  # noqa: E402
from schemas.run import AnswerJob, FetchJob, TrainJob  # noqa: E402


def main() -> int:
    """Run one job to its terminal event and return the exit code."""
    os.umask(0o077)
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in {"train", "answer", "fetch"}:
        print("usage: python -m trainers train|answer|fetch", file=sys.stderr)
        return ExitCode.USAGE
    _quiet_libraries(online=name == "fetch")
    wire = Wire(OUT, stdin_text(), must_save=name == "train")
    line = wire.read_job()
    wire.emit(Started(job=name, pid=os.getpid(), time=time.time()))
    try:
        _run(name, line, wire)
    except Cancelled as stop:
        wire.emit(CancelledByUser(message=str(stop)))
        return ExitCode.CANCELLED
    except AndraeusError as error:
        wire.emit(Failed(kind="input" if error.exit_code == ExitCode.USAGE else "error",
                         message=error.message, hint=error.hint))  # fmt: skip
        return error.exit_code
    except Exception as error:
        return _unexpected(error, wire)
    return ExitCode.DONE


def _run(name: str, line: str, wire: Wire) -> None:
    # Imported here, after the environment is set: these pull in torch and transformers.
    try:
        if name == "train":
            from trainers.train import train

            train(TrainJob.model_validate_json(line), wire)
        elif name == "answer":
            from trainers.answer import answer

            answer(AnswerJob.model_validate_json(line), wire)
        else:
            from trainers.models import fetch

            fetch(FetchJob.model_validate_json(line), wire)
    except ValidationError as error:
        raise AndraeusError("The worker was given a job that it does not understand.", str(error)[:300]) from error


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


if __name__ == "__main__":
    code = main()
    OUT.flush()
    # Native threads of the libraries can hang or crash at interpreter exit; all files are closed by now.
    sys.stderr.flush()
    os._exit(code)
