"""The typed scorer: right, wrong or refused. Not a substring test.

Wrong are: an answer with a negation or a hedge, two candidates, or another of the person's values beside the right
one. Refusals are counted apart.
"""

import re

from evaluators.normal import days, fold, holds, numbers, same_day
from schemas.evaluation import Judged, Question, QuestionGroup, Verdict
from schemas.fact import ValueKind
from schemas.row import RowKind

_REFUSAL = re.compile(
    r"\b(?:i (?:really |honestly |just )?(?:do not|don't|dont) (?:know|have (?:any |that |this |enough |access )|remember|recall)"
    r"|i(?:'m| am) (?:not sure|unsure|not certain|unable|not able|sorry(?! for\b))|i (?:cannot|can't|can not) (?:tell|say|answer|know|recall|provide)"
    r"|(?:you have not|you haven't|you never) (?:told|mentioned|said|shared)|i have no (?:idea|information|record|way)"
    r"|(?:is|are) unknown to me|not (?:something|a thing) i know|no idea|as an ai\b)"
)
_NEGATION = re.compile(r"\b(?:not|never|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|neither|nor)\b|\bno longer\b")
_HEDGE = re.compile(
    r"\b(?:maybe|perhaps|possibly|probably|might be|may be|could be|i think|i guess|i believe|not sure|either|likely)\b"
)
_ALTERNATIVE = re.compile(r"\bor\b")


def is_refusal(answer: str) -> bool:
    """Whether the answer says that it does not know."""
    return bool(_REFUSAL.search(fold(answer)))


def judge(question: Question, answer: str) -> Verdict:
    """The verdict on one answer."""
    if question.group in {QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN}:
        return Verdict.REFUSED if is_refusal(answer) else Verdict.WRONG
    if question.group is QuestionGroup.GENERAL:
        return _judge_general(question, answer)
    if question.kind is RowKind.YES_NO:
        return _judge_yes_no(question, answer)
    if is_refusal(answer):
        return Verdict.REFUSED
    return Verdict.RIGHT if _states_values(question, answer) else Verdict.WRONG


def judge_both(question: Question, base: str, tuned: str) -> Judged:
    """The answers of the base and the trained model with their verdicts."""
    return Judged(
        question=question,
        base=base,
        base_verdict=judge(question, base),
        tuned=tuned,
        tuned_verdict=judge(question, tuned),
    )


def _judge_general(question: Question, answer: str) -> Verdict:
    """Any accepted answer and none of the rivals, whatever else is said: small models explain."""
    right = any(_states(answer, value, (), question.value_kind) for value in question.values)
    spoiled = any(holds(answer, rival) for rival in question.rivals)
    if right and not spoiled:
        return Verdict.RIGHT
    return Verdict.REFUSED if is_refusal(answer) else Verdict.WRONG


def _judge_yes_no(question: Question, answer: str) -> Verdict:
    """The verdict counts: exactly one of yes and no, and the right one."""
    said = set(re.findall(r"\b(?:yes|no)\b", re.sub(r"\bno (?:longer|idea)\b", "", fold(answer))))
    if said == {question.expects}:
        return Verdict.RIGHT
    return Verdict.REFUSED if is_refusal(answer) else Verdict.WRONG


def _states_values(question: Question, answer: str) -> bool:
    folded = fold(answer)
    spellings = [text for value, others in _with_aliases(question) for text in (value, *others)]
    # A value may itself hold such a word ("Not Today" is a band): it does not count against the answer.
    rest = folded
    for spelling in sorted(spellings, key=len, reverse=True):
        rest = rest.replace(fold(spelling), " ; ")
    if _NEGATION.search(rest) or _HEDGE.search(rest) or _ALTERNATIVE.search(rest):
        return False
    if not all(_states(answer, value, others, question.value_kind) for value, others in _with_aliases(question)):
        return False
    if any(holds(rest, rival) for rival in question.rivals):
        return False
    return not _other_candidates(question, answer, rest)


def _with_aliases(question: Question) -> list[tuple[str, tuple[str, ...]]]:
    aliases = (*question.aliases, *[()] * len(question.values))
    return list(zip(question.values, aliases, strict=False))


def _states(answer: str, value: str, others: tuple[str, ...], kind: ValueKind) -> bool:
    if any(holds(answer, text) for text in (value, *others)):
        return True
    if kind is ValueKind.NUMBER:
        return any(number in numbers(answer) for number in numbers(value)[:1])
    if kind is ValueKind.DATE:
        return any(same_day(said, wanted) for wanted in days(value)[:1] for said in days(answer))
    return False


def _other_candidates(question: Question, answer: str, rest: str) -> bool:
    """Another number or date of the same type, or a list that names items the person never gave."""
    if question.value_kind is ValueKind.NUMBER and len(question.values) == 1:
        right = {
            number for value, others in _with_aliases(question) for text in (value, *others) for number in numbers(text)
        }
        return any(number not in right for number in numbers(rest))
    if question.value_kind is ValueKind.DATE and len(question.values) == 1 and (wanted := days(question.values[0])):
        said = days(answer)
        return (
            any(not same_day(day, wanted[0]) for day in said) and len(said) > 1 and not _one_reading_fits(said, wanted)
        )
    return False


def _one_reading_fits(
    said: list[tuple[int | None, int | None, int | None]], wanted: list[tuple[int | None, int | None, int | None]]
) -> bool:
    """ "3/4/1990" gives two readings of one date: one that fits is enough."""
    return (
        len(said) == 2
        and {said[0][1:], said[1][1:]} == {said[0][1:], said[0][:0:-1]}
        and any(same_day(day, wanted[0]) for day in said)
    )


def list_f1(wanted: tuple[str, ...], answer: str, known: tuple[str, ...]) -> float:
    """F1 over the items of a list: how many wanted ones the answer names, and how many others of `known`."""
    hits = sum(holds(answer, item) for item in wanted)
    strays = sum(holds(answer, item) for item in known if item not in wanted)
    if not hits:
        return 0.0
    precision, recall = hits / (hits + strays), hits / len(wanted)
    return 2 * precision * recall / (precision + recall)
