"""The general questions and the neutral text: what they must be to measure anything."""

from collections import Counter

import pytest

from evaluators.normal import fold, numbers
from evaluators.questions import capability, general_questions, neutral_texts, probe
from evaluators.scorer import judge
from schemas.evaluation import Verdict
from schemas.fact import ValueKind


def test_there_are_enough_from_every_area() -> None:
    areas = Counter(question.topic for question in capability())
    assert len(capability()) == 376
    assert set(areas) == {"arithmetic", "knowledge", "logic", "language", "instructions"}
    assert min(areas.values()) >= 50


def test_no_question_stands_twice() -> None:
    assert len({question.id for question in capability()}) == len(capability())
    texts = Counter(fold(question.text) for question in capability())
    assert [text for text, count in texts.items() if count > 1] == []


def test_the_accepted_answers_are_accepted_and_others_are_not() -> None:
    for question in capability():
        for value in question.values:
            assert judge(question, f"The answer is {value}.") is Verdict.RIGHT, (question.text, value)
        assert judge(question, "The answer is somewhere else entirely.") is Verdict.WRONG, question.text
        for rival in question.rivals:
            assert judge(question, f"It is {rival}.") is Verdict.WRONG, (question.text, rival)


def test_repeating_a_sum_is_no_answer() -> None:
    """Numbers count wherever they stand in the answer, so the right one must not stand in the question."""
    for question in capability():
        if question.value_kind is ValueKind.NUMBER:
            assert judge(question, question.text) is Verdict.WRONG, question.text
            (value,) = question.values
            assert numbers(value)
    (sum_,) = (question for question in capability() if question.text == "What is 6 + 7?")
    assert judge(sum_, "6 + 7 = 13") is Verdict.RIGHT
    assert judge(sum_, "It is thirteen.") is Verdict.RIGHT
    assert judge(sum_, "It is 130.") is Verdict.WRONG


@pytest.mark.parametrize("count", [0, 4, 60, 61, 376, 1000])
def test_a_share_is_asked_and_the_probe_first(count: int) -> None:
    chosen = general_questions(count)
    assert len(chosen) == min(count, 376)
    assert {one.id for one in chosen} <= {one.id for one in capability()}
    if count <= 60:
        assert {one.id for one in chosen} <= {one.id for one in probe()}
    else:
        assert chosen[:60] == list(probe())


def test_the_neutral_text_is_long_and_of_several_sorts() -> None:
    assert len(neutral_texts()) >= 8
    assert 12_000 <= sum(len(text.encode()) for text in neutral_texts()) <= 20_000
    assert all(text.isascii() and not text.startswith("\n") for text in neutral_texts())
