"""Projects of invented people for the GPU benchmark, and the questions that examine them."""

from pathlib import Path
from typing import Any

from andraeus_tui.project import Project, change_setting, create
from andraeus_tui.store.facts import put_facts
from andraeus_tui.store.rows import replace_generated
from evaluators.people import person
from evaluators.questions import questions_of
from evaluators.scorer import judge
from generators.build import build
from generators.topics import complete
from schemas.evaluation import Question, QuestionGroup, Verdict
from schemas.row import ReviewState, RowKind, Split
from schemas.settings import EvaluationSettings, Preset

FACTS = 50
SEED_VARIATIONS = 10
"""The prototype's wordings a fact."""


def make(folder: Path, model: str, recipe: dict[str, Any], seed_rows: bool = False) -> Project:
    """A project about the first invented person, with 50 facts and all rows approved.

    With `seed_rows`, and with the seed's preset, these are the prototype's: questions alone, SEED_VARIATIONS a fact.
    """
    facts = [complete(fact) for fact in person(0, FACTS)]
    project = create(folder, model)
    for key, value in recipe.items():
        change_setting(project, "recipe", key, value)
    seed_rows = seed_rows or recipe.get("preset") == Preset.SEED
    wordings = {"variations": SEED_VARIATIONS, "replay": 0} if seed_rows else {}
    rows = list(build(facts, project.settings.generation.model_copy(update=wordings)).rows)
    if seed_rows:
        rows = [row for row in rows if row.kind is RowKind.QUESTION]
    with project.database() as database:
        put_facts(database, facts, "import")
        replace_generated(database, rows, ReviewState.APPROVED, "generate")
    return project


def questions(count: int | None = None) -> list[Question]:
    """Held-out questions about given facts and about things never told; `count` of the first sort alone, if given."""
    from schemas.settings import GenerationSettings

    facts = [complete(fact) for fact in person(0, FACTS)]
    rows = list(build(facts, GenerationSettings()).rows)
    held = [row for row in rows if row.split is Split.TEST]
    taught = {row.topic for row in rows if row.split is Split.TRAIN and row.kind is RowKind.ABSTENTION}
    asked = questions_of(facts, held, taught, EvaluationSettings(unknown=40, probe=0))
    if count is None:
        return [question for question in asked if question.group is not QuestionGroup.PORTABILITY]
    recall = [question for question in asked if question.group is QuestionGroup.RECALL]
    return recall[:: max(1, len(recall) // count)][:count]


def shares(answers: dict[str, str]) -> dict[str, float]:
    """Recall on held-out questions, and how often a thing never told is refused; `answers` by question id."""
    judged = [(one, judge(one, answers[one.id])) for one in questions() if one.id in answers]
    recall = [verdict is Verdict.RIGHT for one, verdict in judged if one.group is QuestionGroup.RECALL]
    refused = [verdict is Verdict.REFUSED for one, verdict in judged if one.group is not QuestionGroup.RECALL]
    return {
        "recall": round(sum(recall) / max(1, len(recall)), 4),
        "recall_asked": len(recall),
        "unknown_refused": round(sum(refused) / max(1, len(refused)), 4),
        "unknown_asked": len(refused),
    }
