"""The leakage audit: a test question that nearly repeats a wording of training or dev rows examines memory, not recall.

Three looks: the same words after folding, shared runs of words, and the nearest neighbour whatever the order of words.
"""

import re
from collections.abc import Iterable
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


def audit(questions: Iterable[Question], trained: Iterable[str]) -> Audit:
    """Compare every question with every wording that training or its dev check sees."""
    rows = sorted({words_of(text) for text in trained})
    exact, runs = set(rows), _index(rows)
    asked = list(questions)
    leaks, highest = [], 0.0
    for question, likeness in zip(asked, _nearest([words_of(one.text) for one in asked], rows), strict=True):
        text = words_of(question.text)
        if text in exact:
            leaks.append(Leak(question.id, "exact", 100.0))
        elif _shares_runs(text, runs):
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


def _nearest(texts: list[str], rows: list[str]) -> list[float]:
    """For each text the likeness (0 to 100) of the row that is most like it, words sorted."""
    from rapidfuzz import fuzz, process

    ordered = sorted({" ".join(sorted(row.split())) for row in rows})
    found: list[float] = []
    for start in range(0, len(texts), _TOGETHER):
        some = [" ".join(sorted(text.split())) for text in texts[start : start + _TOGETHER]]
        likeness = process.cdist(some, ordered, scorer=fuzz.ratio) if ordered else None
        found += [0.0] * len(some) if likeness is None else [float(one) for one in likeness.max(axis=1)]
    return found


def _runs(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def _index(rows: list[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for number, row in enumerate(rows):
        for run in _runs(row):
            found.setdefault(run, set()).add(number)
    return found


def _shares_runs(text: str, index: dict[str, set[int]]) -> bool:
    """Whether one row holds most of the question's runs; questions of few runs are left to the other looks."""
    mine = _runs(text)
    if len(mine) < 2:
        return False
    counts: dict[int, int] = {}
    for run in mine:
        for number in index.get(run, ()):
            counts[number] = counts.get(number, 0) + 1
    return max(counts.values(), default=0) / len(mine) >= SHARED
