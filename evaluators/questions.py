"""The questions of an evaluation: the run's held-out rows, things never told, and general knowledge."""

import random
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from schemas.evaluation import Question, QuestionGroup
from schemas.fact import Fact, ValueKind
from schemas.row import Row, RowKind
from schemas.settings import EvaluationSettings

_PORTABLE = frozenset({RowKind.REVERSE, RowKind.YES_NO, RowKind.COMPOSITION})


@cache
def probe() -> tuple[Question, ...]:
    """The general questions that an evaluation asks first."""
    return tuple(
        Question(
            id=f"general/{body['id']}",
            group=QuestionGroup.GENERAL,
            text=body["text"],
            topic=body["area"],
            values=tuple(body["accept"]),
            rivals=tuple(body.get("forbid", ())),
        )
        for body in _read("probe.toml")["question"]
    )


@cache
def capability() -> tuple[Question, ...]:
    """All general questions: those of the probe, then 316 more from the same areas."""
    found = list(probe())
    for sort, areas in _read("capability.toml").items():
        kind = ValueKind.NUMBER if sort == "numbers" else ValueKind.TEXT
        for area, entries in areas.items():
            for number, (text, accepted, *forbidden) in enumerate(entries):
                question = Question(
                    id=f"general/{area}-{number:02}",
                    group=QuestionGroup.GENERAL,
                    text=text,
                    topic=area,
                    value_kind=kind,
                    values=tuple(accepted.split("|")),
                    rivals=tuple(forbidden[0].split("|")) if forbidden else (),
                )
                found.append(question)
    return tuple(found)


def general_questions(count: int) -> list[Question]:
    """`count` general questions: of the probe alone while it suffices, so that figures of the usual number compare."""
    if count <= len(probe()):
        return _some(list(probe()), count)
    return [*probe(), *_some(list(capability()[len(probe()) :]), count - len(probe()))]


@cache
def neutral_texts() -> tuple[str, ...]:
    """Texts of several genres that have nothing to do with anybody's facts."""
    return tuple(one["body"].strip() for one in _read("neutral.toml")["text"])


def _read(name: str) -> dict[str, Any]:
    with (Path(__file__).parent / name).open("rb") as file:
        return tomllib.load(file)


def questions_of(facts: list[Fact], rows: list[Row], taught: set[str], settings: EvaluationSettings) -> list[Question]:
    """All questions, in a fixed order. `taught` are topics of abstention rows in training."""
    by_id = {fact.id: fact for fact in facts}
    # Of a thousand facts each has hundreds of rivals: they are sought once a fact and not once a question.
    rivals: dict[tuple[str, ...], tuple[str, ...]] = {}
    known = []
    for row in rows:
        if row.kind is RowKind.QUESTION and row.fact_ids not in rivals:
            rivals[row.fact_ids] = rivals_of([by_id[fact_id] for fact_id in row.fact_ids], facts)
        if row.kind in {RowKind.QUESTION, *_PORTABLE}:
            known.append(_known(row, by_id, rivals.get(row.fact_ids, ())))
    unknown = [_unknown(row, taught) for row in rows if row.kind is RowKind.ABSTENTION]
    unseen = [question for question in unknown if question.group is QuestionGroup.UNSEEN]
    others = [question for question in unknown if question.group is QuestionGroup.UNKNOWN]
    half = settings.unknown // 2
    picked = _some(unseen, settings.unknown - min(half, len(others))) + _some(others, half)
    return [*known, *picked, *general_questions(settings.probe)]


def _some(questions: list[Question], count: int) -> list[Question]:
    """A fixed choice, the same for every run, so that runs can be compared."""
    chosen = random.Random(0).sample(range(len(questions)), min(count, len(questions)))
    return [questions[index] for index in sorted(chosen)]


def _known(row: Row, by_id: dict[str, Fact], rivals: tuple[str, ...]) -> Question:
    own = [by_id[fact_id] for fact_id in row.fact_ids]
    main = own[-1]
    values = tuple(text for fact in own for text in fact.items if text in row.values) or row.values
    aliases = tuple(main.aliases if len(main.items) == 1 else () for _ in values) if len(own) == 1 else ()
    return Question(
        id=row.id,
        group=QuestionGroup.RECALL if row.kind is RowKind.QUESTION else QuestionGroup.PORTABILITY,
        text=row.question,
        kind=row.kind,
        wording=row.wording,
        topic=row.topic,
        tier=int(main.tier),
        fact_ids=row.fact_ids,
        value_kind=main.kind if row.kind is not RowKind.REVERSE else ValueKind.TEXT,
        values=values,
        aliases=aliases,
        rivals=rivals if row.kind is RowKind.QUESTION else (),
        expects=("yes" if row.answer.endswith("yes.") else "no") if row.kind is RowKind.YES_NO else "",
    )


def rivals_of(own: list[Fact], facts: list[Fact]) -> tuple[str, ...]:
    """Values of the person's other facts of the same kind, which a right answer does not name; whoever the fact is about may
    be one ("Sultan's ring number" beside "best pigeon: Sultan")."""
    mine = {text.casefold() for fact in own for text in (*fact.items, fact.text, *fact.aliases, fact.subject)}
    ids = {fact.id for fact in own}
    others = [fact for fact in facts if fact.id not in ids and any(fact.kind is one.kind for one in own)]
    texts = [text for fact in others for text in fact.items]
    return tuple(text for text in dict.fromkeys(texts) if not any(text.casefold() in one for one in mine))


def _unknown(row: Row, taught: set[str]) -> Question:
    group = QuestionGroup.UNKNOWN if row.topic in taught else QuestionGroup.UNSEEN
    return Question(id=row.id, group=group, text=row.question, kind=row.kind, wording=row.wording, topic=row.topic)
