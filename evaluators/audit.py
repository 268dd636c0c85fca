"""The leakage audit: a test question that nearly repeats a wording of training or dev rows examines memory, not recall.

Three looks: the same words after folding, shared runs of words, and the nearest neighbour whatever the order of words.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from evaluators.normal import fold
from schemas.evaluation import Question

RUN = 4
"""Words of a run that both may share by chance: "what is the name of my" is no leak."""
SHARED = 0.75
"""Share of a question's runs that one row may not hold."""
_TOGETHER = 64
"""Questions that are compared at once: all of a large person's would need gigabytes."""
NEAREST = 88.0
"""Likeness (0 to 100, words sorted) from which on two questions count as one."""


@dataclass(frozen=True)
class Leak:
    """One test question that stands in training in other clothes."""

    question_id: str
    reason: str
    """`exact`, `run` or `near`."""
    likeness: float


@dataclass(frozen=True)
class Audit:
    """What the audit of a set of questions found."""

    asked: int
    leaks: tuple[Leak, ...]
    nearest: float
    """Likeness of the nearest pair among the questions that are kept."""

    @property
    def ids(self) -> frozenset[str]:
        """Ids of the questions that are to be dropped."""
        return frozenset(leak.question_id for leak in self.leaks)


class Seen:
    """Wordings that training, its dev check or a primer saw, made ready once to be compared with many people's questions."""

    def __init__(self, texts: Iterable[str]) -> None:
        rows = sorted({words_of(text) for text in texts})
        self._rows, self._runs = frozenset(rows), _index(rows)
        self._ordered = sorted({_in_order(row) for row in rows})

    def __contains__(self, text: str) -> bool:
        """Whether one row has the same words."""
        return text in self._rows

    def shares_runs(self, text: str) -> bool:
        """Whether one row holds most of the question's runs; questions of few runs are left to the other looks."""
        mine = _runs(text)
        if len(mine) < 2:
            return False
        counts = Counter(number for run in mine for number in self._runs.get(run, ()))
        return max(counts.values(), default=0) / len(mine) >= SHARED

    def nearest(self, texts: Sequence[str]) -> list[float]:
        """For each text the likeness (0 to 100) of the row that is most like it, words sorted."""
        from rapidfuzz import fuzz, process

        if not self._ordered:
            return [0.0] * len(texts)
        found: list[float] = []
        for start in range(0, len(texts), _TOGETHER):
            some = [_in_order(text) for text in texts[start : start + _TOGETHER]]
            found += map(float, process.cdist(some, self._ordered, scorer=fuzz.ratio).max(axis=1))
        return found


def audit(questions: Iterable[Question], *seen: Seen) -> Audit:
    """Compare every question with every wording of `seen`."""
    asked = list(questions)
    texts = [words_of(one.text) for one in asked]
    likenesses = [max(each, default=0.0) for each in zip(*(one.nearest(texts) for one in seen), strict=True)]
    leaks, highest = [], 0.0
    for question, text, likeness in zip(asked, texts, likenesses or [0.0] * len(asked), strict=True):
        if any(text in one for one in seen):
            leaks.append(Leak(question.id, "exact", 100.0))
        elif any(one.shares_runs(text) for one in seen):
            leaks.append(Leak(question.id, "run", round(likeness, 1)))
        elif likeness >= NEAREST:
            leaks.append(Leak(question.id, "near", round(likeness, 1)))
        else:
            highest = max(highest, likeness)
    return Audit(len(asked), tuple(leaks), round(highest, 1))


@lru_cache(maxsize=65536)
def words_of(text: str) -> str:
    """The text folded and without punctuation."""
    return " ".join(re.findall(r"[\w']+", fold(text)))


def _in_order(text: str) -> str:
    return " ".join(sorted(text.split()))


def _runs(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def _index(rows: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        for run in _runs(row):
            found.setdefault(run, []).append(number)
    return found
