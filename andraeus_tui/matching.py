"""Which facts a question is about: for somebody who saw a wrong answer and wants to mend it."""

from collections.abc import Iterator
from dataclasses import dataclass

from rapidfuzz.fuzz import token_sort_ratio

from evaluators.normal import fold, holds
from generators.make import natural_questions
from generators.topics import Topic, readable, topic_of_fact
from schemas.fact import Fact
from schemas.row import Split

_ENOUGH = 0.64
"""From this score on a fact is worth showing: unlike questions of everyday English look half alike."""

_NEAR = 0.7
"""Share of the best score that the others need: beside a sure one, unlikely ones only confuse."""


@dataclass(frozen=True)
class Candidate:
    """A fact that may be meant."""

    fact: Fact
    score: float
    """0 to 1 and a little more."""


def candidates(facts: list[Fact], question: str, answer: str, limit: int = 3) -> list[Candidate]:
    """The facts that a question, or else its answer, is most likely about; the likeliest first, at most `limit`."""
    asked = fold(question)
    found = [Candidate(fact, _score(fact, asked, answer)) for fact in facts]
    enough = max([_ENOUGH, *(_NEAR * one.score for one in found)])
    return sorted((one for one in found if one.score >= enough), key=lambda one: -one.score)[:limit]


def _score(fact: Fact, asked: str, answer: str) -> float:
    topic = topic_of_fact(fact)
    wordings = (*_wordings(topic), *fact.questions)
    wording = max((token_sort_ratio(asked, fold(text)) / 100 for text in wordings), default=0.0)
    signs = sorted((wording, _named(fact, topic, asked), _told(fact, asked, answer)))
    # The best sign decides; the others break ties between facts that it fits alike.
    return (signs[2] + 0.1 * signs[1] + 0.01 * signs[0]) * _owned(topic, asked)


def _wordings(topic: Topic) -> Iterator[str]:
    """Everyday questions for the topic, of all splits: people ask in any of them."""
    for split in Split:
        for asked in natural_questions(topic, split):
            yield asked.text


def _named(fact: Fact, topic: Topic, asked: str) -> float:
    """How well the question names the attribute: as a whole, or by some of its words."""
    best = 0.0
    for name in {readable(fact.attribute), *(noun.text for noun in topic.nouns)}:
        if holds(asked, name):
            return 0.95
        words = [word for word in fold(name).split() if len(word) > 3]
        best = max(best, 0.8 * sum(holds(asked, word) for word in words) / max(1, len(words)))
    return best


def _told(fact: Fact, asked: str, answer: str) -> float:
    """Whether the value stands in the question, or at least in the answer."""
    spellings = [text for text in {*fact.items, fact.text, *fact.aliases} if len(text) > 1]
    if any(holds(asked, text) for text in spellings):
        return 0.9
    return 0.65 if any(holds(answer, text) for text in spellings) else 0.0


def _owned(topic: Topic, asked: str) -> float:
    """A fact about the sister is meant when the question is about the sister."""
    if topic.owner.is_user:
        return 1.0
    return 1.2 if holds(asked, topic.owner.key) else 0.6
