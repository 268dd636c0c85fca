"""Worker process: python -P -m trainers train|prime|answer|measure|nearest|study|chat|fetch|resolve  (job as JSON on the first line of standard input)."""

from schemas.wire import Wire, claim_stdout

OUT = claim_stdout()

from pathlib import Path  # noqa: E402

from schemas.events import Finished  # noqa: E402
from schemas.run import AnswerJob, ChatJob, FetchJob, MeasureJob, NearestJob, PrimeJob, TrainJob  # noqa: E402
from schemas.study import StudyJob  # noqa: E402
from schemas.worker import serve  # noqa: E402
from trainers import readahead, spare, waking  # noqa: E402


# What is imported inside pulls in torch and transformers: only after the environment is set.
def _train(job: str, wire: Wire) -> None:
    told = TrainJob.model_validate_json(job)
    readahead.begin(Path(told.folder))
    waking.begin()
    from trainers.train import train

    train(told, wire)


def _prime(job: str, wire: Wire) -> None:
    from trainers.prime import prime

    prime(PrimeJob.model_validate_json(job), wire)


def _answer(job: str, wire: Wire) -> None:
    spare.leave_out()
    from trainers.answer import answer

    answer(AnswerJob.model_validate_json(job), wire)


def _measure(job: str, wire: Wire) -> None:
    spare.leave_out()
    from trainers.measure import measure

    measure(MeasureJob.model_validate_json(job), wire)


def _nearest(job: str, wire: Wire) -> None:
    from trainers.nearest import nearest

    nearest(NearestJob.model_validate_json(job), wire)


def _study(job: str, wire: Wire) -> None:
    from trainers.study import study

    study(StudyJob.model_validate_json(job), wire)


def _chat(job: str, wire: Wire) -> None:
    spare.leave_out()
    from trainers.chat import chat

    chat(ChatJob.model_validate_json(job), wire)


def _fetch(job: str, wire: Wire) -> None:
    from trainers.models import fetch

    fetch(FetchJob.model_validate_json(job), wire)


def _resolve(job: str, wire: Wire) -> None:
    from trainers.models import resolve

    told = FetchJob.model_validate_json(job)
    wire.emit(Finished(result={"path": str(resolve(told.model, Path(told.cache), wire))}))


if __name__ == "__main__":
    jobs = {"train": _train, "rank": _train, "prime": _prime, "answer": _answer, "measure": _measure, "nearest": _nearest, "study": _study, "chat": _chat, "fetch": _fetch,
            "resolve": _resolve}  # fmt: skip
    serve(OUT, jobs, saves=frozenset({"train", "prime", "study"}), online=frozenset({"fetch"}))
