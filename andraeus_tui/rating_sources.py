"""Whose answers are rated blindly: two models of a project, or two arms of a study."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from andraeus_tui.examining import evaluation_of
from andraeus_tui.runs import Run
from andraeus_tui.study.planning import plan_of, slug
from andraeus_tui.study.scoring import ANSWERS_FILE, answers_in, questions_in
from evaluators.pairs import Pair, Said, pair_up
from evaluators.scorer import judge
from evaluators.summary import is_right
from schemas.errors import InputError
from schemas.evaluation import Evaluation, Judged, Question
from schemas.study import Cell

RATINGS_FOLDER = "ratings"
BASE = "base model"
_NOT_EXAMINED = "Examine it first: andraeus-tui evaluate --project DIR --run {}"


@dataclass(frozen=True)
class RatedPairs:
    """Two sources and all pairs of their answers."""

    home: Path
    """Of the run or the study."""
    folder: Path
    """In it, where judgements of these two are kept."""
    sources: tuple[str, str]
    pairs: tuple[Pair, ...]
    same: int
    """Questions to which both gave the same answer."""


def of_run(run: Run) -> RatedPairs:
    """An examined run against the base model. Raises InputError when it was not examined."""
    judged = _evidence(run).judged
    return _rated(
        run.folder,
        "base",
        (BASE, run.name),
        ((one.question, _said_by_base(one), _said(one, run), "") for one in judged if one.base_verdict is not None),
    )


def of_runs(one: Run, other: Run) -> RatedPairs:
    """Two examined runs over the questions that both were asked; kept in the folder of the later one."""
    if one.name == other.name:
        raise InputError("A run cannot be rated against itself.", "Name two runs.")
    earlier, later = sorted((one, other), key=lambda run: run.name)
    before = {judged.question.id: judged for judged in _evidence(earlier).judged}
    shared = [
        (before[now.question.id], now)
        for now in _evidence(later).judged
        if now.question.id in before and _same_question(before[now.question.id].question, now.question)
    ]
    return _rated(
        later.folder,
        earlier.name,
        (earlier.name, later.name),
        ((now.question, _said(then, earlier), _said(now, later), "") for then, now in shared),
    )


def of_study(folder: Path, one: str, other: str) -> RatedPairs:
    """Two arms of a study that was run, over all persons that both answered for. Raises InputError."""
    folder = folder.expanduser().resolve()
    arms = [arm.name for arm in plan_of(folder).study.arms]
    for name in (one, other):
        if name not in arms:
            raise InputError(f"This study has no arm {name!r}.", f"There are: {', '.join(arms)}.")
    if one == other:
        raise InputError("An arm cannot be rated against itself.", "Name two arms.")
    first, second = sorted((one, other))
    try:
        found = list(_study_pairs(folder, first, second))
    except (OSError, ValidationError) as error:
        raise InputError(f"The answers in {folder} are missing or damaged.", "Run the study again.") from error
    return _rated(folder, f"{slug(first)}--{slug(second)}", (first, second), found)


def _study_pairs(folder: Path, first: str, second: str) -> Iterable[tuple[Question, Said, Said, str]]:
    for path in sorted(folder.glob(f"cells/{slug(first)}/*/{ANSWERS_FILE}")):
        person = path.parent.name
        beside = folder / "cells" / slug(second) / person
        if not (beside / ANSWERS_FILE).is_file():
            continue
        cells = [Cell.model_validate_json((home / "cell.json").read_bytes()) for home in (path.parent, beside)]
        ours, theirs = ({answer.id: answer.answer for answer in answers_in(home)} for home in (path.parent, beside))
        before, now = ({one.id: one for one in questions_in(folder / cell.questions)} for cell in cells)
        for id, question in now.items():
            if id in before and _same_question(before[id], question) and id in ours and id in theirs:
                said = [
                    Said(name, text, is_right(question, judge(question, text)))
                    for name, text in ((first, ours[id]), (second, theirs[id]))
                ]
                yield question, said[0], said[1], person


def _same_question(one: Question, other: Question) -> bool:
    """Whether both are asked the same and hold the same for right: a fact may have changed in between."""
    return (one.text, one.values, one.expects) == (other.text, other.values, other.expects)


def _evidence(run: Run) -> Evaluation:
    found = evaluation_of(run.folder)
    if found is None:
        raise InputError(f"Run {run.name} was not examined.", _NOT_EXAMINED.format(run.name))
    return found


def _said(judged: Judged, run: Run) -> Said:
    return Said(run.name, judged.tuned, is_right(judged.question, judged.tuned_verdict))


def _said_by_base(judged: Judged) -> Said:
    assert judged.base_verdict is not None
    return Said(BASE, judged.base or "", is_right(judged.question, judged.base_verdict))


def _rated(
    home: Path, name: str, sources: tuple[str, str], found: Iterable[tuple[Question, Said, Said, str]]
) -> RatedPairs:
    made = [pair_up(*one) for one in found]
    pairs = tuple(pair for pair in made if pair is not None)
    if not pairs:
        raise InputError(
            f"{sources[0]} and {sources[1]} have no question to which they gave different answers.",
            "There is nothing to rate.",
        )
    return RatedPairs(home, home / RATINGS_FOLDER / name, sources, pairs, len(made) - len(pairs))
