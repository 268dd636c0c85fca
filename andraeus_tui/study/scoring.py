"""Reads what a study's cells answered, and writes results.json, report.md and report.html."""

import json
import subprocess
from pathlib import Path

from andraeus_tui.drawing import draw
from andraeus_tui.files import write_whole
from andraeus_tui.study.planning import plan_of
from evaluators.figures import Right, Shares, figures_of, result_of, right_answers
from evaluators.proof import prove
from schemas.errors import AndraeusError, InputError
from schemas.evaluation import Answer, Question
from schemas.events import Answered, Finished, parse_event
from schemas.fact import Fact
from schemas.study import CONTEXT_SOURCES, Cell, StudyResult

RESULTS_FILE = "results.json"
ANSWERS_FILE = "answers.jsonl"


def score(folder: Path) -> StudyResult:
    """The result of all cells that are done. Raises InputError when none is."""
    plan = plan_of(folder)
    shares: Shares = {}
    right: Right = {}
    proofs: dict[str, str] = {}
    missing: list[str] = []
    for path in sorted(folder.glob("cells/*/*/cell.json")):
        cell = Cell.model_validate_json(path.read_bytes())
        if not (path.parent / ANSWERS_FILE).is_file():
            missing.append(f"{cell.arm}, {cell.person}")
            continue
        home = folder / cell.questions
        questions = questions_in(home)
        facts = [Fact.model_validate(body) for body in json.loads((home / "facts.json").read_text("utf-8"))]
        answers = answers_in(path.parent)
        measured = path.parent / "measured.json"
        found = figures_of(
            questions,
            answers,
            facts,
            json.loads((home / "changed.json").read_text("utf-8")),
            json.loads(measured.read_text("utf-8")) if measured.is_file() else {},
        )
        seconds = training_seconds(path.parent)
        for name, value in (found if seconds is None else {**found, "training_seconds": seconds}).items():
            shares.setdefault(cell.arm, {}).setdefault(name, {})[cell.person] = value
        right.setdefault(cell.arm, {})[cell.person] = right_answers(questions, answers)
        if cell.source not in CONTEXT_SOURCES:
            passed = prove(facts, questions, answers).passed and proofs.get(cell.arm, "passed") == "passed"
            proofs[cell.arm] = "passed" if passed else "FAILED"
    if not shares:
        raise InputError(
            "No cell of this study is done.", "Run it first: without --score-only, or with trainers.study."
        )
    result = result_of(plan, shares, right, proofs, missing, _dropped(folder))
    write_whole(folder / RESULTS_FILE, result.model_dump_json(indent=1))
    write_report(folder)
    return result


def questions_in(home: Path) -> list[Question]:
    """What one person is asked."""
    return [Question.model_validate_json(line) for line in (home / "questions.jsonl").read_bytes().splitlines()]


def answers_in(cell: Path) -> list[Answer]:
    """What one arm said to one person's questions."""
    events = map(parse_event, (cell / ANSWERS_FILE).read_bytes().splitlines())
    return [event.answer for event in events if isinstance(event, Answered)]


def training_seconds(cell: Path) -> float | None:
    """What training took, from loading the model to the saved adapter; None for a cell that trains nothing."""
    path = cell / "events.jsonl"
    events = map(parse_event, path.read_bytes().splitlines() if path.is_file() else ())
    result = next((event.result for event in events if isinstance(event, Finished)), None)
    if result is None:
        return None
    # The loop's own count goes on where a run was resumed; the other stages are of the last start.
    stages = ("load", "rehearsal", "prepare", "save")
    return float(result["seconds"]) + sum(float(result["stage_seconds"].get(name, 0.0)) for name in stages)


def _dropped(folder: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for path in folder.glob("people/*/dropped.json"):
        for reason, count in json.loads(path.read_text("utf-8")).items():
            found[reason] = found.get(reason, 0) + count
    return found


def write_report(folder: Path) -> None:
    """report.md, plot.svg and report.html of a scored study."""
    try:
        draw("evaluators.study_report", folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise AndraeusError("The results are saved, but the report could not be written.") from error
