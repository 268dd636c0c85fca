"""study: an experiment over invented people, planned, run and scored."""

from pathlib import Path

from andraeus_tui.commands.show import EventPrinter, document, line, table
from andraeus_tui.jobs import Job, error_of, stop_on_signals
from andraeus_tui.project import cache_folder
from andraeus_tui.study.planning import plan, plan_of
from andraeus_tui.study.scoring import RESULTS_FILE, score
from evaluators.studies import find_study, small
from evaluators.study_report import claim_of, limits_of, rows_of
from schemas.errors import Cancelled, ExitCode, InputError
from schemas.events import TERMINAL, CancelledByUser, Failed, Log
from schemas.study import Plan, StudyJob, StudyResult


def study(
    name: str,
    folder: Path,
    people: int | None,
    model: str,
    is_small: bool,
    plan_only: bool,
    score_only: bool,
    output: str,
) -> int:
    """Plan what is missing, run what is open, score it all. Exit code 1 when a proof fails."""
    folder = folder.expanduser().resolve()
    wanted = small(find_study(name)) if is_small else find_study(name)
    tell = EventPrinter(output)
    if score_only:
        if plan_of(folder).study.name != wanted.name:
            raise InputError(f"{folder} holds the study {plan_of(folder).study.name!r}, not {wanted.name!r}.")
    else:
        made = plan(folder, wanted, people or wanted.people, model, tell)
        for arm, why in made.left_out.items():
            tell(Log(level="warning", message=f"Left out: {arm}. {why}"))
        if plan_only:
            _say_planned(made, folder, tell)
            return int(ExitCode.DONE)
        _run(folder, made, tell)
    result = score(folder)
    if tell.json:
        document(result.model_dump(mode="json"))
    else:
        _print(result, folder)
    failed = any(proof != "passed" for proof in result.proofs.values())
    return int(ExitCode.FAILED if failed else ExitCode.DONE)


def _run(folder: Path, made: Plan, tell: EventPrinter) -> None:
    job = Job("trainers", "study", StudyJob(folder=str(folder), model=made.model, cache=str(cache_folder())))
    stop_on_signals(job)
    for event in job.events():
        tell(event)
        if isinstance(event, CancelledByUser):
            raise Cancelled(event.message)
        if isinstance(event, Failed):
            raise error_of(event)
        if isinstance(event, TERMINAL):
            break


def _say_planned(made: Plan, folder: Path, tell: EventPrinter) -> None:
    cells = len(list(folder.glob("cells/*/*/cell.json")))
    if tell.json:
        document({"folder": str(folder), "cells": cells, "left_out": made.left_out})
        return
    line(f"Planned: {cells} cells in {folder}.")
    line(
        f"Run it where torch, transformers and peft are: python -P -m trainers.study {folder.name} --model FOLDER --slots 4"
    )


def _print(result: StudyResult, folder: Path) -> None:
    line(f"\n{result.plan.study.title}\n")
    for sentence in claim_of(result):
        line(sentence)
    line("")
    rows = rows_of(result)
    # Many figures of few arms stand better below each other.
    head, *body = rows if len(rows[0]) <= len(rows) else list(zip(*rows, strict=True))
    table(head, body)
    for sentence in limits_of(result)[:3]:
        line(f"Limit: {sentence}")
    line(f"Saved: {folder / RESULTS_FILE}, report.md and report.html beside it.")
