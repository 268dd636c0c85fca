"""How a row is put together: its id, and the wordings that ask for a topic."""

import hashlib
import random
import re
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from generators import described, lexicon
from generators.families import families
from generators.language import render
from generators.owners import also_called
from generators.topics import Topic
from schemas.row import Origin, Row, RowKind, Split, Wording

NATURAL_SHARE = 0.75
"""Of a fact's wordings, how many are everyday ones, from the lexicon or put together (where there are as many)."""

PLAIN = 4
"""The most common generic families; every fact is trained with one of them."""
_DRAWS = 20
"""Draws for each wording of an unknown thing: of hardly any thing there are as many wordings as could be wanted."""
USUAL = 2
"""Everyday wordings, the first that the lexicon lists, that nearly everybody would use."""
GENERIC_AS_A_FACT = 4
"""How many generic wordings a fact usually has in training."""


@dataclass(frozen=True)
class Asked:
    """A question text and the family it comes from."""

    text: str
    family: str
    wording: Wording


def make_row(
    kind: RowKind,
    asked: Asked,
    answer: str,
    topic: str,
    split: Split,
    *,
    fact_ids: tuple[str, ...] = (),
    values: tuple[str, ...] = (),
    origin: Origin = Origin.TEMPLATE,
) -> Row:
    """A pending row; its id is a hash of what it says, so making it again gives the same row."""
    text = "\x1f".join((kind, split, asked.text, answer, *fact_ids))
    return Row(
        id=hashlib.sha256(text.encode()).hexdigest()[:16],
        kind=kind,
        question=asked.text,
        answer=answer,
        topic=topic,
        fact_ids=fact_ids,
        values=values,
        family=asked.family,
        split=split,
        wording=asked.wording,
        origin=origin,
    )


def rng_for(seed: int, *parts: str) -> random.Random:
    """A generator that depends on what it is for, so adding one fact does not reshuffle the rows of all others."""
    return random.Random("\x1f".join((str(seed), *parts)))


class Form(NamedTuple):
    """An everyday wording before it is put into words for somebody: of some hundred that there are, few may be wanted."""

    text: str
    family: str

    def asked_of(self, topic: Topic) -> Asked:
        """The question."""
        return Asked(render(self.text, topic.owner), self.family, Wording.NATURAL)


def natural_forms(topic: Topic, split: Split) -> list[Form]:
    """The lexicon's wordings of this split for the topic; none outside the lexicon, nor for somebody else a wording
    that cannot be turned away from the user."""
    if topic.entry is None:
        return []
    return [*_numbered(topic.owner.is_user, topic.entry.forms[split], f"natural/{topic.entry.id}/{split}")]


def described_forms(topic: Topic, split: Split) -> list[Form]:
    """Wordings put together from other words for the thing, of whatever is no common attribute; for training alone."""
    if split is not Split.TRAIN or topic.is_common:
        return []
    forms = described.forms(topic.phrase, topic.kind)
    return [*_numbered(topic.owner.is_user, forms, f"described/{lexicon.normalise(topic.phrase)}")]


@lru_cache(maxsize=8192)
def _numbered(is_user: bool, forms: tuple[str, ...], family: str) -> tuple[Form, ...]:
    return tuple(Form(form, f"{family}/{number}") for number, form in enumerate(forms) if is_user or "{" in form)


def natural_questions(topic: Topic, split: Split) -> list[Asked]:
    """All of `natural_forms` as questions."""
    return [form.asked_of(topic) for form in natural_forms(topic, split)]


def generic_questions(topic: Topic, split: Split, count: int, rng: random.Random) -> list[Asked]:
    """`count` wordings that name the attribute: in training a plain one always, the others drawn from all."""
    pool = families()[split]
    plain = [rng.choice(pool[:PLAIN])] if split is Split.TRAIN else []
    rest = [family for family in pool if family not in plain]
    chosen = [*plain, *rng.sample(rest, len(rest))][:count]
    asked = []
    for number, family in enumerate(chosen):
        noun = topic.nouns[number % len(topic.nouns)]
        slots = {"attr": noun.text, "wh": noun.wh, "is": "are" if noun.plural else "is"}
        asked.append(Asked(render(family.text, topic.owner, **slots), f"generic/{family.id}", Wording.GENERIC))
    return asked


def all_questions(topic: Topic, split: Split) -> list[str]:
    """Every wording of this split that could ask for the topic."""
    pool = families()[split]
    everyday = [*natural_forms(topic, split), *described_forms(topic, split)]
    return [form.asked_of(topic).text for form in everyday] + [
        render(family.text, topic.owner, attr=noun.text, wh=noun.wh, **{"is": "are" if noun.plural else "is"})
        for family in pool
        for noun in topic.nouns
    ]


def in_other_words(asked: list[Asked], topic: Topic) -> list[Asked]:
    """The same, where every third names whom it is about by another word: "my mum" for "my mother". Which ones do, their
    text says, so that known and unknown things have them in the same share."""
    words = also_called(topic.owner)
    return [replace(one, text=_called(one.text, topic.owner.noun, words)) for one in asked] if words else asked


def _called(text: str, noun: str, words: tuple[str, ...]) -> str:
    number = zlib.crc32(text.encode())
    other = words[number // 3 % len(words)] if number % 3 == 0 else noun
    return re.sub(rf"\b([Mm]){noun[1:]}\b", lambda found: found.group(1) + other[1:], text)


def any_questions(topic: Topic, split: Split, count: int, rng: random.Random) -> list[Asked]:
    """Up to `count` wordings for a thing that was never told, everyday ones in the share in which known things have them.

    Few rows a topic are wanted, so each is drawn for itself: were all of them plain ones, or all unusual ones, the
    wording alone would tell known from unknown.
    """
    pools = [natural_forms(topic, split), described_forms(topic, split)]
    asked: dict[str, Asked] = {}
    for _ in range(_DRAWS * count):
        if len(asked) == count:
            break
        # What the lexicon says of a thing counts as much as what is put together, though that is more.
        if (full := [pool for pool in pools if pool]) and rng.random() < NATURAL_SHARE:
            pool = rng.choice(full)
            one = pool.pop(rng.randrange(len(pool))).asked_of(topic)
        else:
            one = rng.choice(generic_questions(topic, split, GENERIC_AS_A_FACT, rng))
        asked[one.text] = one
    return in_other_words(list(asked.values()), topic)


def questions(topic: Topic, split: Split, count: int, rng: random.Random) -> list[Asked]:
    """`count` wordings for a topic: natural ones first where there are any, generic ones for the rest.

    The lexicon lists the most usual wordings first: in training they are always taken.
    """
    natural, built = natural_forms(topic, split), described_forms(topic, split)
    usual = natural[:USUAL] if split is Split.TRAIN else []
    rest = natural[len(usual) :]
    wanted = min(len(natural) + len(built), round(count * NATURAL_SHARE))
    # The lexicon's are shuffled and then cut, so that asking for more wordings keeps those that are there; what is put
    # together comes in an order of its own, in which the first few are unlike each other.
    picked = [form.asked_of(topic) for form in [*usual, *rng.sample(rest, len(rest)), *built][:wanted]]
    asked = [*picked, *generic_questions(topic, split, count - len(picked), rng)]
    return in_other_words(asked, topic) if split is Split.TRAIN else asked
