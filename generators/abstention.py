"""Rows about things that were never told, answered with "I don't know".

They use the same question families as known facts, and everyday wordings in the same share: a form that only negatives
used would teach "strange wording means I don't know". Each topic is an attribute that nobody gave, one of thousands; one
that nobody gave of a person of whom something else is known; or a given attribute of somebody else. Some questions
suppose a value ("Is my blood type A?").
"""

import random
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from generators.beside import beside_told
from generators.make import USUAL, Asked, any_questions, generic_questions, make_row, natural_forms, rng_for
from generators.templates import YES_NO, filled
from generators.topics import Topic, topic_of
from generators.unknown import known_keys, near_misses, of_known_people, unknown_topics
from schemas.fact import USER, Fact
from schemas.row import Row, RowKind, Split, Wording

SMALLEST = 120
"""Fewer rows than this do not teach a model to say that it does not know, however few facts there are."""
NEAR_MISS_SHARE = 0.2
"""Of the rows, those about a given attribute of somebody else; with more, the given one is refused too."""
OF_KNOWN_SHARE = 0.2
"""Of the rows, those about what is not known of people of whom something is."""
BESIDE_SHARE = 0.1
"""Of the rows, those about what else could be asked of what was told; with 0.3 recall falls (docs/results, round 24)."""
SUPPOSED_SHARE = 0.06
"""Of the rows, those that suppose a value."""
COMMON_WEIGHT = 8
"""How many rows a common attribute gets for one of any other thing."""


def never_rows(facts: list[Fact], split: Split, seed: int) -> list[Row]:
    """Dev or test questions about things that no training row mentions, two of each in everyday words and one that
    names it; none about a thing that the person did give."""
    with (Path(__file__).parent / "never.toml").open("rb") as file:
        data = tomllib.load(file)[split]
    known, rng = known_keys(facts), rng_for(seed, "never", split)
    rows = []
    for name, natural in data.items():
        topic = topic_of(USER, name)
        asked = [Asked(text, f"never/{name}/{number}", Wording.NATURAL) for number, text in enumerate(natural)]
        asked += generic_questions(topic, split, 1, rng)
        if topic.key not in known:
            rows += [make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, split) for one in asked]
    return rows


def refusal(topic: Topic) -> str:
    """ "Your blood type? I don't know." The thing is named first, as in an answer that knows it, so that a model decides
    about the thing and not about the wording of the question."""
    return f"{topic.named[:1].upper()}{topic.named[1:]}? I don't know."


@dataclass(frozen=True)
class Untold:
    """What nobody gave: what the rows of every split draw from."""

    unknown: Sequence[Topic]
    """The user's own."""
    of_known: Sequence[Topic]
    """Of people of whom something else is known."""
    beside: Sequence[Topic]
    """What else could be asked of what was told; in training alone."""
    near: Sequence[Topic]
    """Given attributes, of somebody else."""

    @classmethod
    def of(cls, facts: list[Fact], seed: int) -> Self:
        """For some thousands of topics this takes a second: once for all splits."""
        return cls(
            unknown_topics(facts, seed),
            of_known_people(facts, seed),
            beside_told(facts, seed),
            near_misses(facts, seed),
        )


def abstention_rows(untold: Untold, split: Split, count: int, seed: int) -> list[Row]:
    """About `count` rows, each sort in its share and spread evenly over its topics.

    Outside training things have no everyday wordings: there half of the topics are attributes.
    """
    rng = rng_for(seed, "abstention", split)
    near, supposed = round(NEAR_MISS_SHARE * count), round(SUPPOSED_SHARE * count)
    of_known = round(OF_KNOWN_SHARE * count) if untold.of_known else 0
    next_to = untold.beside if split is Split.TRAIN else ()
    beside = round(BESIDE_SHARE * count) if next_to else 0
    far = count - near - supposed - of_known - beside
    chosen = _spread(untold.near, near, rng)
    rows = []
    if split is Split.TRAIN:
        rows = _usual_rows(untold.unknown, far // 4, rng)
        chosen += _spread(next_to, beside, rng)
        chosen += _spread(_by_weight(untold.unknown), far - len(rows), rng)
        chosen += _spread(_by_weight(untold.of_known), of_known, rng)
    else:
        worded: dict[bool, list[Topic]] = {True: [], False: []}
        for topic in untold.unknown:
            worded[bool(natural_forms(topic, split))].append(topic)
        chosen += _spread(worded[True], far // 2, rng)
        chosen += _spread(worded[False], far - far // 2, rng)
        chosen += _spread([topic for topic in untold.of_known if natural_forms(topic, split)], of_known, rng)
    rows += [row for topic, times in chosen for row in unknown_rows(topic, split, times, rng)]
    with_values = [topic for topic in untold.unknown if topic.entry and topic.entry.values]
    return [*rows, *(supposed_row(topic, split, rng) for topic, _ in _spread(with_values, supposed, rng))]


def unknown_rows(topic: Topic, split: Split, count: int, rng: random.Random) -> list[Row]:
    """`count` questions about a thing never told."""
    asked = any_questions(topic, split, count, rng)
    return [make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, split) for one in asked]


def supposed_row(topic: Topic, split: Split, rng: random.Random) -> Row:
    """ "Is my blood type A?", when nobody told the blood type."""
    assert topic.entry is not None
    (asked,) = filled((rng.choice(YES_NO[split]),), "yes_no", topic, rng.choice(topic.entry.values))
    return make_row(RowKind.ABSTENTION, asked, refusal(topic), topic.key, split)


def _usual_rows(unknown: Sequence[Topic], most: int, rng: random.Random) -> list[Row]:
    """A row for each common attribute, as nearly everybody would ask for it: of some hundred wordings few are drawn, and
    what was told is trained in its most usual ones always."""
    common = [topic for topic in unknown if topic.is_common][:most]
    asked = [(topic, rng.choice(natural_forms(topic, Split.TRAIN)[:USUAL]).asked_of(topic)) for topic in common]
    return [make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, Split.TRAIN) for topic, one in asked]


def _by_weight(topics: Sequence[Topic]) -> list[Topic]:
    """Common attributes stand there more than once: they are what people have, and ask for."""
    return [topic for topic in topics for _ in range(COMMON_WEIGHT if topic.is_common else 1)]


def _spread(topics: Sequence[Topic], count: int, rng: random.Random) -> list[tuple[Topic, int]]:
    """Each topic with how many rows it gets, `count` in all; one that stands there twice gets twice as many."""
    if not topics:
        return []
    order = rng.sample(topics, len(topics))
    share, rest = divmod(count, len(order))
    by_key, times = {topic.key: topic for topic in order}, Counter[str]()
    for number, topic in enumerate(order):
        times[topic.key] += share + (number < rest)
    return [(by_key[key], number) for key, number in times.items() if number]
