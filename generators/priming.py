"""Rows for somebody of whom nothing is known: a base model that is trained on them names whatever it is asked for, and says
that it does not know it. Where a person's training begins so, it need not learn to read questions, only what was told.

About 270,000 rows, no two alike: every everyday wording that training has for what the lexicon lists, of the person and of
others, and descriptions of thousands of things that no list has.
"""

import random
from collections.abc import Collection, Iterator, Sequence

from generators import described, lexicon
from generators.abstention import refusal, supposed_row
from generators.make import (
    Asked,
    Form,
    described_forms,
    generic_questions,
    make_row,
    natural_forms,
    natural_questions,
    rng_for,
)
from generators.replay import prompts
from generators.topics import Topic, topic_of
from schemas.fact import USER
from schemas.row import Row, RowKind, Split, Wording

_GENERAL_TIMES, _NOUN_PROMPTS = 12, 3
"""How often each general prompt comes, and how many there are about each noun: one row in ten (one in seven before the
lexicon had twice the things), so that an adapter keeps most of the base model's abilities where no gate keeps them for it
(docs/results, rounds 17 and 23)."""

_PEOPLE = (
    "sister", "brother", "mother", "father", "wife", "husband", "partner", "son", "daughter", "best friend", "boss",
    "neighbor", "cousin", "uncle", "aunt", "colleague", "teacher", "grandmother", "grandfather", "dentist",
)  # fmt: skip
_PHRASES = 6000
"""Things put together from a noun and a head at random."""
_SUPPOSED = 1500
_ABOUT = (
    "What does the word {n} mean?", "Explain {n} in one sentence.", "Tell me something interesting about {n}.",
    "Use the word {n} in a sentence.", "Which words go well with {n}?", "Describe {n} to a child.",
    "What do people think of when they hear {n}?", "Where does the word {n} come from?", "Write a short poem about {n}.",
    "What is there to know about {n}?", "Is {n} a noun?", "Give me a fact about {n}.",
)  # fmt: skip
_T = Split.TRAIN


def priming_rows(seed: int = 0, barred: Collection[str] = ()) -> list[Row]:
    """All rows, in seeded order. `barred` are names of attributes that no row may be about, because somebody is to be
    tested on them."""
    rng = rng_for(seed, "priming")
    shut = {lexicon.normalise(name) for name in barred}
    found: dict[str, Row] = {}
    for topic, asked in (*_listed(rng), *_things(rng)):
        if lexicon.normalise(topic.phrase) not in shut:
            for one in asked:
                row = make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, _T)
                found.setdefault(row.question, row)
    with_values = [topic for topic in map(_of_user, lexicon.entries()) if topic.entry and topic.entry.values]
    for _ in range(_SUPPOSED):
        row = supposed_row(rng.choice(with_values), _T, rng)
        found.setdefault(row.question, row)
    return rng.sample(list(found.values()), len(found))


def general_rows() -> list[Row]:
    """The general prompts on which priming stays close to the base model: those of a person's training, and some about
    each noun, so that a thing is not taken for the person's as soon as its name is read."""
    rng = random.Random("general/0")
    about = [form.replace("{n}", noun) for noun in described.nouns() for form in rng.sample(_ABOUT, _NOUN_PROMPTS)]
    texts = [*(text for text in prompts() for _ in range(_GENERAL_TIMES)), *about]
    return [make_row(RowKind.REPLAY, Asked(text, "replay", Wording.GENERIC), "", "general", _T) for text in texts]


def _listed(rng: random.Random) -> Iterator[tuple[Topic, list[Asked]]]:
    """What the lexicon lists, of the person and of others, with how it is asked for."""
    for names, built, plain in ((lexicon.entries(), 0, 10), (lexicon.uncommon(), 16, 4), (lexicon.things(), 8, 1)):
        for topic in map(_of_user, names):
            yield topic, natural_questions(topic, _T)
            yield topic, _some(topic, described_forms(topic, _T), built, rng)
            yield topic, generic_questions(topic, _T, plain, rng)
    for names, people, worded in ((lexicon.entries(), len(_PEOPLE), 4), (lexicon.uncommon(), 3, 2)):
        for name in names:
            for who in rng.sample(_PEOPLE, people):
                topic = topic_of(f"my {who}", name)
                yield topic, _some(topic, natural_forms(topic, _T), worded, rng)
                if rng.random() < 0.5:
                    yield topic, generic_questions(topic, _T, 1, rng)


def _things(rng: random.Random) -> Iterator[tuple[Topic, list[Asked]]]:
    """Nouns that have other words, and phrases of such a noun and a head, but what the lexicon lists."""
    nouns, heads = described.nouns(), described.heads()
    phrases = [f"{rng.choice(nouns)} {rng.choice(rng.choice(heads))}" for _ in range(_PHRASES)]
    for phrase, count in (*((noun, 6) for noun in nouns), *((phrase, 4) for phrase in phrases)):
        topic = _of_user(phrase)
        built = [] if topic.entry else described_forms(topic, _T)
        if built:
            yield topic, _some(topic, built, count, rng)
            yield topic, generic_questions(topic, _T, 1, rng)


def _of_user(name: str) -> Topic:
    return topic_of(USER, name)


def _some(topic: Topic, forms: Sequence[Form], count: int, rng: random.Random) -> list[Asked]:
    return [form.asked_of(topic) for form in rng.sample(list(forms), min(count, len(forms)))]
