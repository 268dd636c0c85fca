"""Verdicts to shares with intervals."""

from collections.abc import Callable, Iterable

from evaluators.statistics import wilson
from schemas.evaluation import Judged, Proportion, Question, QuestionGroup, Verdict
from schemas.row import RowKind, Wording

Told = tuple[Question, Verdict]


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
    add("recall_everyday", Verdict.RIGHT, lambda q: q.group is recall and q.wording is Wording.EVERYDAY)
    add("recall_confusable", Verdict.RIGHT, lambda q: q.group is recall and q.confusable)
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


def _one_of(ids: set[str]) -> Callable[[Question], bool]:
    return lambda question: question.id in ids
