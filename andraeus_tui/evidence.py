"""The evidence as it is looked at: by number, by fact, by failure, and one run beside another. Free of any screen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from andraeus_tui.examining import evaluation_of, questions_for
from andraeus_tui.generating import Generation
from andraeus_tui.project import Project
from andraeus_tui.runs import EVALUATION_FILE, Run, RunState, all_runs, facts_of
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import more_rows
from evaluators.summary import FEWER_IS_BETTER, NAMES, TIERS, failures, is_right
from generators.topics import topic_of_fact
from schemas.errors import AndraeusError, InputError
from schemas.evaluation import Evaluation, Judged, Proportion, QuestionGroup, Verdict
from schemas.events import Failed, Finished, RowMade
from schemas.fact import Fact
from schemas.row import ReviewState, Wording
from schemas.settings import wordings_of

_MOST_VARIATIONS = 200


@dataclass(frozen=True)
class Measure:
    """One number of both models."""

    label: str
    base: Proportion | None
    tuned: Proportion


@dataclass(frozen=True)
class Score:
    """How many of the questions were answered right."""

    right: int = 0
    asked: int = 0

    def __str__(self) -> str:
        return f"{self.right}/{self.asked}" if self.asked else "-"


@dataclass(frozen=True)
class FactScore:
    """How one fact is known."""

    fact_id: str
    name: str
    """ "your sister's birthday"."""
    natural: Score
    template: Score
    other: Score
    """Reverse, yes/no and two-fact questions."""
    refused: int
    worst: Judged | None
    """The first question that failed, None when all were answered right."""

    @property
    def failed(self) -> int:
        """How many questions were not answered right."""
        return sum(score.asked - score.right for score in (self.natural, self.template, self.other))


@dataclass(frozen=True)
class Examined:
    """A run with its evidence, ready to be shown."""

    run: Run
    evaluation: Evaluation
    names: Mapping[str, str]
    """Of every fact of the run, by id."""
    facts: tuple[FactScore, ...]
    failures: tuple[Judged, ...]


@dataclass(frozen=True)
class Overview:
    """What the step shows: all trained runs, and one of them with its evidence if it has any."""

    runs: tuple[Run, ...]
    """Those with a trained model, newest first."""
    run: Run | None
    examined: Examined | None
    questions: int
    """How many questions an examination would ask each of the two models."""
    last_seconds: float | None
    """How long the newest examination of this project took."""
    problem: str
    """Why there is no evidence to show although the run was examined, or cannot be examined."""


def overview(project: Project, name: str | None) -> Overview:
    """The named run, or the newest one. Reads whole files: seconds for many facts, so not in the way of a screen."""
    runs = tuple(run for run in all_runs(project.runs) if run.state is RunState.FINISHED)
    run = next((one for one in runs if one.name == name), runs[0] if runs else None)
    if run is None:
        return Overview(runs, None, None, 0, None, "")
    try:
        examined = examined_of(run)
        asked = len(examined.evaluation.judged) if examined else len(questions_for(project, run))
        seconds = examined.evaluation.seconds if examined else _last_seconds(runs)
        return Overview(runs, run, examined, asked, seconds, "")
    except AndraeusError as error:
        return Overview(runs, run, None, 0, None, str(error))


def examined_of(run: Run) -> Examined | None:
    """A run's evidence; None when it was not examined. Raises InputError when a file is damaged."""
    try:
        found = (run.folder / EVALUATION_FILE).stat()
    except FileNotFoundError:
        return None
    return _examined_of(run, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=4)
def _examined_of(run: Run, changed: int, size: int) -> Examined | None:
    """What was read stays valid as long as the file's time and size are the same."""
    evaluation = evaluation_of(run.folder)
    if evaluation is None:
        return None
    facts = facts_of(run.folder)
    return Examined(
        run=run,
        evaluation=evaluation,
        names={fact.id: topic_of_fact(fact).named for fact in facts},
        facts=by_fact(evaluation.judged, facts),
        failures=tuple(failures(evaluation.judged)),
    )


def _last_seconds(runs: Iterable[Run]) -> float | None:
    newest = next((run for run in runs if run.evaluated), None)
    evaluation = evaluation_of(newest.folder) if newest else None
    return evaluation.seconds if evaluation else None


def measures(evaluation: Evaluation) -> tuple[Measure, ...]:
    """Every number in the order in which it is told."""
    return _measures(evaluation, NAMES)


def tiers(evaluation: Evaluation) -> tuple[Measure, ...]:
    """Recall by tier."""
    return _measures(evaluation, {f"recall_tier_{tier}": f"tier {tier}, {name}" for tier, name in TIERS.items()})


def _measures(evaluation: Evaluation, names: Mapping[str, str]) -> tuple[Measure, ...]:
    return tuple(
        Measure(label_of(name, label), evaluation.base_metrics.get(name), evaluation.metrics[name])
        for name, label in names.items()
        if name in evaluation.metrics
    )


def label_of(name: str, label: str) -> str:
    """A number's name with the way in which it is better, where that is not plain."""
    continued = label.replace("  ", "\N{HORIZONTAL ELLIPSIS} ")
    return f"{continued} (fewer is better)" if name in FEWER_IS_BETTER else continued


def by_fact(judged: Iterable[Judged], facts: Sequence[Fact]) -> tuple[FactScore, ...]:
    """Every fact with its questions counted, those with most failures first."""
    asked: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        for fact_id in one.question.fact_ids:
            asked[fact_id].append(one)
    scores = [_fact_score(fact, asked[fact.id]) for fact in facts]
    return tuple(sorted(scores, key=lambda score: -score.failed))


def _fact_score(fact: Fact, asked: list[Judged]) -> FactScore:
    recall = [one for one in asked if one.question.group is QuestionGroup.RECALL]
    wrong = failures(asked)
    return FactScore(
        fact_id=fact.id,
        name=topic_of_fact(fact).named,
        natural=_score(one for one in recall if one.question.wording is Wording.NATURAL),
        template=_score(one for one in recall if one.question.wording is not Wording.NATURAL),
        other=_score(one for one in asked if one.question.group is QuestionGroup.PORTABILITY),
        refused=sum(one.tuned_verdict is Verdict.REFUSED for one in recall),
        worst=wrong[0] if wrong else None,
    )


def _score(asked: Iterable[Judged]) -> Score:
    right = [is_right(one.question, one.tuned_verdict) for one in asked]
    return Score(sum(right), len(right))


def leaks_of(evaluation: Evaluation) -> tuple[tuple[str, str], ...]:
    """(question id, fact id) of every prompt that held a fact's value."""
    return tuple((question, fact) for question, _, fact in (leak.rpartition(":") for leak in evaluation.proof.leaks))


def failed_facts(examined: Examined) -> tuple[str, ...]:
    """Ids of the facts behind the failures, in the order asked."""
    return tuple(dict.fromkeys(fact_id for one in examined.failures for fact_id in one.question.fact_ids))


def more_rows_for(project: Project, fact_ids: Collection[str]) -> Generation:
    """A generation of more wordings for just these facts. Raises InputError when none of them is there any more."""
    settings = project.settings.generation
    with project.database() as database:
        facts = all_facts(database)
        there = {fact.id for fact in facts} & set(fact_ids)
        so_far = more_rows(database)
    if not there:
        raise InputError("The facts that failed are no longer in this project.", "Train again to see how it stands.")
    usual = wordings_of(settings, project.settings.recipe.preset)
    wanted = min(_MOST_VARIATIONS, max(so_far.get(fact_id, usual) for fact_id in there) + usual)
    return Generation(project, settings, ReviewState.PENDING, only=there, variations=wanted)


def rows_made(generation: Generation) -> int:
    """Run a generation to its end; how many new rows are stored, also when it was stopped. Raises AndraeusError."""
    new = 0
    for event in generation.events():
        if isinstance(event, Failed):
            raise AndraeusError(event.message, event.hint)
        if isinstance(event, Finished):
            return int(event.result["new"])
        new += isinstance(event, RowMade) and event.row is not None
    return new
