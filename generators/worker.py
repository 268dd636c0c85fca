"""The job of the worker process: facts to rows, each told as soon as its checks are through."""

import time
from collections.abc import Mapping
from typing import Any

from generators.build import Counts, candidates, wants_paraphrases
from generators.checks import RowChecker
from generators.own import own_candidates
from generators.paraphrase.tally import Tally
from generators.paraphrase.write import there_by_fact, write
from generators.writers import Writer, choose, explain, this_machine
from schemas.errors import AndraeusError, Cancelled
from schemas.events import Finished, Log, Progress, RowMade, Stage
from schemas.row import Row
from schemas.run import GenerateJob
from schemas.settings import Backend
from schemas.wire import Wire

MODEL_SHARE = 0.6
"""Of a fact's wordings, how many a model writes where there is one. The others stay with templates, in which unknown
things are asked too: if known things alone were asked in a model's wordings, the wording would tell them apart."""
_BEAT_SECONDS = 0.1
"""How often progress is told; the front end stores what came in between."""


def generate(job: GenerateJob, wire: Wire) -> None:
    """Make, check and tell rows until all are through or somebody asks to stop. Emits `finished`."""
    facts = list(job.facts)
    wire.emit(Stage(name="generate", text=_stage(job)))
    writer = choose(job.settings, this_machine(), job.model)
    wire.emit(Log(message=explain(writer, job.settings)))
    checker, tally, stood_in = RowChecker(facts, job.kept), Tally(), ""
    # The person's words come first: what a model or a template repeats of them is refused, and not the other way round.
    own = sum(_told(row, checker, wire) for row in own_candidates(facts, job.kept, job.only))
    if writer.backend is not Backend.TEMPLATES:
        stood_in = _paraphrases(job, writer, checker, tally, wire)
    written = there_by_fact(job.kept) + tally.by_fact
    accepted = own + tally.accepted + _templates(job, checker, written, wire)
    strangers = [fact_id for fact_id in wants_paraphrases(facts) if not written[fact_id]]
    result: dict[str, Any] = {
        "rows": accepted,
        "wants_paraphrases": strangers,
        "writer": {"backend": writer.backend.value, "why": writer.why, "stood_in": stood_in},
    }
    if writer.backend is not Backend.TEMPLATES:
        result["paraphrases"] = tally.as_result()
    wire.emit(Finished(result=result))


def _paraphrases(job: GenerateJob, writer: Writer, checker: RowChecker, tally: Tally, wire: Wire) -> str:
    """Let the model write. Why templates had to stand in for it altogether, "" when they had not."""
    counts = Counts.of(job.settings, job.facts, job.more, {})
    wanted = {
        fact.id: max(1, round(MODEL_SHARE * counts.besides_own(fact)))
        for fact in job.facts
        if job.only is None or fact.id in job.only
    }
    try:
        write(job, writer, wanted, checker, tally, wire)
    except Cancelled:
        raise
    except AndraeusError as error:
        if writer.asked:
            raise
        wire.emit(Log(level="warning", message=f"{error} Templates stand in for the model."))
        return error.message
    if tally.missing:
        text = f"{tally.missing} of {tally.wanted} wordings that the model should have written come from templates."
        wire.emit(Log(level="warning", message=text))
    return ""


def _templates(job: GenerateJob, checker: RowChecker, written: Mapping[str, int], wire: Wire) -> int:
    """Rows from templates, without those that the model wrote; how many were accepted."""
    facts, accepted, beat = list(job.facts), 0, time.monotonic()
    wanted = list(
        candidates(facts, job.settings, job.kept, only=job.only, more=job.more, written=written, gone=job.gone)
    )
    for done, row in enumerate(wanted, start=1):
        accepted += _told(row, checker, wire)
        if wire.stop_requested:
            raise Cancelled("Stopped. The rows that were accepted are kept.")
        if time.monotonic() - beat > _BEAT_SECONDS:
            beat = time.monotonic()
            wire.emit(Progress(stage="generate", done=done, total=len(wanted)))
    wire.emit(Progress(stage="generate", done=len(wanted), total=len(wanted)))
    return accepted


def _told(row: Row, checker: RowChecker, wire: Wire) -> bool:
    """Check a row and tell what became of it; whether it was accepted."""
    row, problem = checker(row)
    shown = None if problem else row
    wire.emit(RowMade(row_id=row.id, topic=row.topic, kind=row.kind, split=row.split, problem=problem, row=shown))
    return shown is not None


def _stage(job: GenerateJob) -> str:
    count = len(job.facts if job.only is None else job.only)
    return f"Making rows for {count} {'fact' if count == 1 else 'facts'}"
