"""Pairs of answers for blind rating: which ones, in what order, and what stands left.

Nothing of this knows the sources: their names go into no hash, so that exchanging them changes nothing on the screen.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from schemas.evaluation import Question, QuestionGroup
from schemas.row import RowKind

_BLOCK = 20
"""Raters get blocks of pairs in one order and the pairs of a block each in his own: those who stop early share pairs."""


@dataclass(frozen=True)
class Said:
    """One source's answer, and whether the scorer calls it the wanted one."""

    source: str
    answer: str
    right: bool


@dataclass(frozen=True)
class Pair:
    """Two different answers to one question, ordered by their texts."""

    id: str
    question: Question
    said: tuple[Said, Said]


def pair_up(question: Question, one: Said, other: Said, person: str = "") -> Pair | None:
    """The pair; None when both say the same words."""
    first, second = sorted((one, other), key=lambda said: _words(said.answer))
    if _words(first.answer) == _words(second.answer):
        return None
    return Pair(_hash(person, question.id, _words(first.answer), _words(second.answer)), question, (first, second))


def shown_pairs(pairs: Iterable[Pair], seed: int, share: float, rater: str) -> list[Pair]:
    """The share of the pairs that every rater judges, in this rater's order."""
    drawn = sorted(pairs, key=lambda pair: _hash(str(seed), pair.id))
    drawn = drawn[: math.ceil(share * len(drawn))]
    place = {pair.id: number // _BLOCK for number, pair in enumerate(drawn)}
    return sorted(drawn, key=lambda pair: (place[pair.id], _hash(str(seed), rater, pair.id)))


def sides(pair: Pair, seed: int, rater: str) -> tuple[Said, Said]:
    """Left and right, by a coin for each pair and rater."""
    first, second = pair.said
    heads = int(_hash(str(seed), rater, pair.id, "side"), 16) % 2
    return (first, second) if heads else (second, first)


def truth_of(question: Question) -> str:
    """What a rater has to know to judge: the value that was told, or that none was."""
    if question.group in {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}:
        return "never told"
    if question.group is QuestionGroup.GENERAL:
        return f"general knowledge: {' or '.join(question.values)}"
    values = ", ".join(question.values)
    if question.kind is RowKind.YES_NO:
        return f"told: {values}, so {question.expects}" if values else f"told; the answer is {question.expects}"
    return f"told: {values}"


def _words(text: str) -> str:
    return " ".join(text.split())


def _hash(*parts: str) -> str:
    # Lengths keep ("a", "bc") apart from ("ab", "c"); half a surrogate pair is text here, too.
    body = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:32]
