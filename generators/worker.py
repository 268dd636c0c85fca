"""The job of the worker process: facts to rows, each told as soon as its checks are through."""

import time

from generators.build import candidates, wants_paraphrases
from generators.checks import check_rows
from schemas.errors import Cancelled
from schemas.events import Finished, Progress, RowMade, Stage
from schemas.run import GenerateJob
from schemas.wire import Wire

_BEAT_SECONDS = 0.1
"""How often progress is told; the front end stores what came in between."""


def generate(job: GenerateJob, wire: Wire) -> None:
    """Make, check and tell rows until all are through or somebody asks to stop. Emits `finished`."""
    facts = list(job.facts)
    wire.emit(Stage(name="generate", text=_stage(job)))
    wanted = list(candidates(facts, job.settings, job.kept, only=job.only, more=job.more))
    accepted, beat = 0, time.monotonic()
    for done, (row, problem) in enumerate(check_rows(wanted, facts, job.kept), start=1):
        shown = None if problem else row
        accepted += shown is not None
        wire.emit(RowMade(row_id=row.id, topic=row.topic, kind=row.kind, split=row.split, problem=problem, row=shown))
        if wire.stop_requested:
            raise Cancelled("Stopped. The rows that were accepted are kept.")
        if time.monotonic() - beat > _BEAT_SECONDS:
            beat = time.monotonic()
            wire.emit(Progress(stage="generate", done=done, total=len(wanted)))
    wire.emit(Progress(stage="generate", done=len(wanted), total=len(wanted)))
    wire.emit(Finished(result={"rows": accepted, "wants_paraphrases": list(wants_paraphrases(facts))}))


def _stage(job: GenerateJob) -> str:
    count = len(job.facts if job.only is None else job.only)
    return f"Making rows for {count} {'fact' if count == 1 else 'facts'} from templates (no model is used)"
