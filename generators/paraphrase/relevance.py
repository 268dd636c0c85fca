"""Whether a wording asks for its fact and for nothing else, by sentence embeddings.

Bounds are measured with the lexicon's test wordings, which nothing here knows (810 questions, 164 attributes). With the
attribute's other everyday wordings beside it, 4% of right wordings lie below EVERYDAY; for an attribute that has none,
"What is my X?" and "My X is Y." alone, a quarter lies below PLAIN. Of wrong wordings 95% lie below 0.33, but what small
models write wrong lies nearer, since it repeats words of the fact.
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from generators import lexicon
from generators.language import USER, Owner, render
from generators.paraphrase.encoder import Encoder
from generators.topics import Topic, topic_of, topic_of_fact
from generators.wordings import names_attribute
from schemas.fact import Fact
from schemas.row import Split

if TYPE_CHECKING:
    from generators.paraphrase.encoder import Vectors

EVERYDAY, PLAIN, NAMED = 0.6, 0.5, 0.25
"""Cosine to its own fact below which a wording asks for something else: where everyday wordings are known, where none are,
and where the wording names the attribute anyway."""
RIVAL = 0.03
"""By how much another fact of the person may be nearer than its own."""
FAR = 0.3
"""By how much an attribute that the person did not give may be nearer."""
SAME = 0.97
"""Cosine from which two wordings of a fact count as the same."""
_FORMS = 3
"""Everyday wordings of each attribute that stand for it."""
_VALUE_SHOWN = 80


class Relevance:
    """Judges wordings of one person's facts."""

    def __init__(self, encoder: Encoder, facts: Sequence[Fact]) -> None:
        self._encoder = encoder
        self._topics = {fact.id: topic_of_fact(fact) for fact in facts}
        self._owners = {fact.id: topic.owner.key for fact, topic in zip(facts, self._topics.values(), strict=True)}
        self._told = {fact.id: encoder.encode(_told(fact, self._topics[fact.id])) for fact in facts}
        known = {topic.entry.id for topic in self._topics.values() if topic.entry}
        self._never = encoder.encode(
            [text for name, texts in _lexicon().items() if name not in known for text in texts]
        )

    def problems_of(self, texts: Sequence[str], fact: Fact) -> list[str]:
        """For each wording why it is not about this fact, "" when it is. Many at once cost little more than one."""
        vectors = self._encoder.encode([*(_as_user(text, self._topics[fact.id].owner) for text in texts), *texts])
        return [self._problem_of(text, asked, fact) for text, asked in zip(texts, vectors, strict=False)]

    def _problem_of(self, text: str, asked: "Vectors", fact: Fact) -> str:
        own, topic = _near(asked, self._told[fact.id]), self._topics[fact.id]
        everyday = bool(topic.entry and topic.entry.forms[Split.TRAIN])
        if own < (NAMED if names_attribute(text, topic) else EVERYDAY if everyday else PLAIN):
            return "this fact: it asks for something else"
        for other, vectors in self._told.items():
            same_owner = self._owners[other] == self._owners[fact.id]
            if other != fact.id and same_owner and _near(asked, vectors) > own + RIVAL:
                return "this fact: it asks for another fact"
        return "this fact: it asks for something else" if _near(asked, self._never) > own + FAR else ""

    def repeats(self, text: str, others: Sequence[str]) -> bool:
        """Whether the wording means the very same as one that is there."""
        vectors = self._encoder.encode([text, *others])
        return bool(others) and bool((vectors[1:] @ vectors[0]).max() >= SAME)


def _near(asked: "Vectors", vectors: "Vectors") -> float:
    return float((vectors @ asked).max(initial=-1.0))


def _told(fact: Fact, topic: Topic) -> list[str]:
    """The fact in sentences of the user's own voice, whoever it is about: only the attribute shall count."""
    verb = "are" if topic.plural else "is"
    plain = [f"What {verb} my {noun.text}?" for noun in topic.nouns]
    value = f"My {topic.phrase} {verb} {fact.text[:_VALUE_SHOWN]}."
    forms = topic.entry.forms[Split.TRAIN] if topic.entry else ()
    return [*plain, value, *(render(form, USER) for form in forms)]


@cache
def _lexicon() -> dict[str, list[str]]:
    """Every common attribute with a few ways to ask for it."""
    found = {}
    for name, entry in lexicon.entries().items():
        topic = topic_of("user", name)
        forms = [render(form, USER) for form in entry.forms[Split.TRAIN][:_FORMS]]
        found[name] = [f"What {'are' if topic.plural else 'is'} my {topic.phrase}?", *forms]
    return found


def _as_user(text: str, owner: Owner) -> str:
    """A question about somebody else, asked about the user: "my sister's birthday" -> "my birthday"."""
    if owner.is_user:
        return text
    noun = re.escape(owner.noun)
    text = re.sub(rf"\b{noun}(?:['’]s?|s(?=\s))(?=\s|$)", "my", text, flags=re.IGNORECASE)
    return re.sub(rf"\b{noun}\b", "I", text, flags=re.IGNORECASE)
