"""The questions of one person in a study: the same for all arms, and none that any arm saw in training."""

from collections.abc import Iterable
from dataclasses import dataclass

from evaluators.audit import Seen, audit, words_of
from evaluators.everyday import everyday_questions, never_told_questions, two_fact_questions
from evaluators.lives import life
from evaluators.normal import holds
from evaluators.people import confusable
from evaluators.questions import general_questions, questions_of
from schemas.evaluation import Question, QuestionGroup
from schemas.fact import Fact
from schemas.row import Row, RowKind, Split
from schemas.settings import EvaluationSettings
from schemas.study import Study

_EXEMPT = frozenset({QuestionGroup.PORTABILITY, QuestionGroup.GENERAL})
"""These name a value by their nature, or by chance."""


@dataclass(frozen=True)
class Asking:
    """What is asked, and how many questions were left out, by reason."""

    questions: list[Question]
    dropped: dict[str, int]


def ask_about(
    facts: list[Fact], number: int, tests: list[Row], trained: list[Row], study: Study, *read: Seen
) -> Asking:
    """Held-out rows, everyday questions, things never told and general questions about one person.

    `tests` are rows of the usual generator; `trained` are those of all arms; `read` are the
    questions of a primer or a reader.
    """
    taught = {row.topic for row in (*trained, *tests) if row.split is Split.TRAIN and row.kind is RowKind.ABSTENTION}
    women = {one.subject for one in life(number).others if one.woman}
    alike = confusable(list(facts))
    held = [row for row in tests if row.split is study.split]
    # For choosing settings there are everyday wordings of things outside the lexicon alone.
    named = study.unknown * 2 // 3 if study.choosing else study.unknown // 2
    rows = questions_of(facts, held, taught, EvaluationSettings(unknown=named, probe=0))
    marked = [_marked(question, facts, alike) for question in rows]
    # Nothing is ever chosen by the wordings of the test.
    asked = everyday_questions(facts, women, alike, number, split=study.split)
    asked += never_told_questions(facts, women, taught, study.unknown - named, number, study.split)
    if not study.choosing:
        asked += two_fact_questions(facts, women, number)
    unseen = {Split.DEV, Split.TEST} if study.choosing else {Split.TEST}
    seen = [row.question for row in (*trained, *tests) if row.split not in unseen]
    found = audit([*marked, *asked], Seen(seen), *read)
    dropped: dict[str, int] = {}
    for leak in found.leaks:
        _count(dropped, f"stands in training ({leak.reason})")
    gone, spelled = found.ids, _by_first_word(facts)
    kept = []
    for question in (*marked, *asked):
        if question.id in gone:
            continue
        if question.group not in _EXEMPT and _names_a_value(question, spelled):
            _count(dropped, "names a value of this person")
            continue
        kept.append(question)
    return Asking(_drawn([*kept, *general_questions(study.general)], study.most), dropped)


def _drawn(questions: list[Question], most: int | None) -> list[Question]:
    if most is None or len(questions) <= most:
        return questions
    return [questions[at * len(questions) // most] for at in range(most)]


def _marked(question: Question, facts: Iterable[Fact], alike: set[tuple[str, str]]) -> Question:
    if question.group is not QuestionGroup.RECALL:
        return question
    own = {(fact.subject, fact.attribute) for fact in facts if fact.id in question.fact_ids}
    return question.model_copy(update={"confusable": bool(own & alike)})


def _by_first_word(facts: Iterable[Fact]) -> dict[str, list[str]]:
    """Every spelling of every value under its first word, so that few of them are compared with a question."""
    found: dict[str, list[str]] = {}
    for fact in facts:
        for text in {*fact.items, fact.text, *fact.aliases}:
            if words := words_of(text).split():
                found.setdefault(words[0], []).append(text)
    return found


def _names_a_value(question: Question, spelled: dict[str, list[str]]) -> bool:
    words = set(words_of(question.text).split())
    return any(holds(question.text, text) for word in words & spelled.keys() for text in spelled[word])


def _count(dropped: dict[str, int], reason: str) -> None:
    dropped[reason] = dropped.get(reason, 0) + 1
