"""Verdicts to shares with intervals."""

import math
from collections.abc import Callable, Iterable

from schemas.evaluation import Judged, Proportion, Question, QuestionGroup, Verdict
from schemas.row import RowKind, Wording

_Z = 1.959963984540054
Told = tuple[Question, Verdict]


def wilson(hits: int, total: int) -> Proportion:
    """A share with its 95% Wilson interval (Wilson, 1927); (0, 1) when nothing was asked."""
    if not total:
        return Proportion(hits=0, total=0, share=0.0, low=0.0, high=1.0)
    share = hits / total
    bottom = 1 + _Z**2 / total
    middle = (share + _Z**2 / (2 * total)) / bottom
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / bottom
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Proportion(hits=hits, total=total, share=share, low=low, high=high)


def metrics_of(told: Iterable[Told]) -> dict[str, Proportion]:
    """Every metric that the questions allow."""
    items = list(told)
    result: dict[str, Proportion] = {}

    def add(name: str, wanted: Verdict, chosen: Callable[[Question], bool]) -> None:
        verdicts = [verdict for question, verdict in items if chosen(question)]
        if verdicts:
            result[name] = wilson(sum(verdict is wanted for verdict in verdicts), len(verdicts))

    recall = QuestionGroup.RECALL
    add("recall_template", Verdict.RIGHT, lambda q: q.group is recall and q.wording is Wording.GENERIC)
    add("recall_natural", Verdict.RIGHT, lambda q: q.group is recall and q.wording is Wording.NATURAL)
    add("recall", Verdict.RIGHT, lambda q: q.group is recall)
    add("known_refused", Verdict.REFUSED, lambda q: q.group is recall)
    add("unknown_refused", Verdict.REFUSED, lambda q: q.group in {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN})
    add("unknown_refused_taught", Verdict.REFUSED, lambda q: q.group is QuestionGroup.UNKNOWN)
    add("unknown_refused_unseen", Verdict.REFUSED, lambda q: q.group is QuestionGroup.UNSEEN)
    for kind in (RowKind.REVERSE, RowKind.YES_NO, RowKind.COMPOSITION):
        portable = {q.id for q, _ in items if q.group is QuestionGroup.PORTABILITY and q.kind is kind}
        add(f"portability_{kind}", Verdict.RIGHT, _one_of(portable))
    for tier in range(1, 5):
        of_tier = {q.id for q, _ in items if q.group is recall and q.tier == tier}
        add(f"recall_tier_{tier}", Verdict.RIGHT, _one_of(of_tier))
    add("general", Verdict.RIGHT, lambda q: q.group is QuestionGroup.GENERAL)
    return result


def kept_general(judged: Iterable[Judged]) -> Proportion:
    """Of the general questions that the base model answers, how many the trained one still answers."""
    could = [one for one in judged if one.question.group is QuestionGroup.GENERAL and one.base_verdict is Verdict.RIGHT]
    return wilson(sum(one.tuned_verdict is Verdict.RIGHT for one in could), len(could))


def sign_test(better: int, worse: int) -> float:
    """Exact two-sided sign test (McNemar): how often chance alone splits the changed answers at least this unevenly."""
    changed = better + worse
    tail = sum(math.comb(changed, count) for count in range(min(better, worse) + 1)) / (1 << changed)
    return min(1.0, 2 * tail)


def _one_of(ids: set[str]) -> Callable[[Question], bool]:
    return lambda question: question.id in ids
