"""The scorer's adversarial cases, the proof and the intervals."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.metrics import metrics_of
from evaluators.normal import days, numbers
from evaluators.proof import prove
from evaluators.questions import probe
from evaluators.scorer import is_refusal, judge, list_f1
from generators.topics import complete
from schemas.evaluation import Answer, Question, QuestionGroup, Verdict
from schemas.fact import ImportedFact, ValueKind
from schemas.row import RowKind

R, W, X = Verdict.RIGHT, Verdict.WRONG, Verdict.REFUSED


def ask(*values: str, kind: str = "text", rivals: tuple[str, ...] = (), **more: object) -> Question:
    body = {"id": "q", "group": "recall", "text": "?", "kind": "question", "value_kind": kind, "values": values}
    return Question.model_validate({**body, "rivals": rivals, **more})


CASES = [
    (ask("Max"), "Your dog's name is Max.", R),
    (ask("Max"), "max", R),
    (ask("Max"), "Yes, Max!", R),
    (ask("Max"), "Your dog's name is Maximilian.", W),
    (ask("Max"), "Your dog's name is not Max.", W),
    (ask("Max"), "It isn't Max.", W),
    (ask("Max"), "It is Max or Rex.", W),
    (ask("Max"), "Maybe Max?", W),
    (ask("Max"), "I think it's Max.", W),
    (ask("Max", rivals=("Anna",)), "Max and Anna.", W),
    (ask("Max", rivals=("Anna",)), "Anna.", W),
    (ask("Max"), "", W),
    (ask("Max"), "I don't know your pet's name.", X),
    (ask("Max"), "You haven't told me.", X),
    (ask("Max"), "I'm not sure, but maybe Max.", X),
    (ask("Not Today"), "Your favorite band is Not Today.", R),
    (ask("Maybe Later"), "Your boat is called Maybe Later.", R),
    (ask("New York"), "You live in New York.", R),
    (ask("York"), "You live in Yorkshire.", W),
    (ask("José"), "Your brother is Jose.", R),
    (ask("St. Mary's"), "You work at St. Mary\u2019s.", R),
    (ask("NYC", aliases=[["New York City", "New York"]]), "You live in New York City.", R),
    (ask("34", kind="number"), "You are 34 years old.", R),
    (ask("34", kind="number"), "You are thirty-four.", R),
    (ask("34", kind="number"), "You are 134.", W),
    (ask("34", kind="number"), "You are 34 or 35.", W),
    (ask("34", kind="number"), "You are 33, going on 34.", W),
    (ask("1,200", kind="number"), "1200 euros", R),
    (ask("3 May 1990", kind="date"), "May 3rd, 1990.", R),
    (ask("3 May 1990", kind="date"), "on the 3rd of May 1990", R),
    (ask("3 May 1990", kind="date"), "1990-05-03", R),
    (ask("3 May 1990", kind="date"), "3 May 1991", W),
    (ask("3 May 1990", kind="date"), "May 1990", W),
    (ask("3 May 1990", kind="date"), "3 May", W),
    (ask("3 May 1990", kind="date"), "3 May 1990 or 4 May 1990", W),
    (ask("1990-05-03", kind="date"), "3 May 1990", R),
    (ask("2015", kind="date"), "in 2015", R),
    (ask("2015", kind="date"), "in 2016", W),
    (ask("chess", "tea", kind="list"), "Your hobbies are tea and chess.", R),
    (ask("chess", "tea", kind="list"), "Your hobby is chess.", W),
]


@pytest.mark.parametrize(("question", "answer", "verdict"), CASES, ids=lambda case: str(case)[:40])
def test_recall_cases(question: Question, answer: str, verdict: Verdict) -> None:
    assert judge(question, answer) is verdict


@pytest.mark.parametrize(
    ("expects", "answer", "verdict"),
    [
        ("yes", "Yes, that is right.", R),
        ("yes", "Your employer is Acme, so yes.", R),
        ("no", "Your employer is Acme, so no.", R),
        ("no", "Yes and no.", W),
        ("no", "Your employer is Acme.", W),
        ("yes", "No.", W),
        ("yes", "I don't know.", X),
        ("no", "I know nothing.", W),
    ],
)
def test_yes_no_cases(expects: str, answer: str, verdict: Verdict) -> None:
    question = Question(
        id="q", group=QuestionGroup.PORTABILITY, text="?", kind=RowKind.YES_NO, values=("Acme",), expects=expects
    )
    assert judge(question, answer) is verdict


def test_unknown_questions_want_a_refusal() -> None:
    question = Question(id="q", group=QuestionGroup.UNSEEN, text="What is my blood type?")
    assert judge(question, "I don't know your blood type.") is X
    assert judge(question, "Your blood type is O.") is W


@pytest.mark.parametrize(
    "answer",
    ["I do not know.", "I don\u2019t know that.", "I'm not sure.", "I have no idea.", "You never told me.",
     "I don't have that information.", "I cannot say.", "As an AI, I have no access to that."],
)  # fmt: skip
def test_refusals(answer: str) -> None:
    assert is_refusal(answer)


@pytest.mark.parametrize("answer", ["You know him.", "Your mother is Ida Noe.", "He does not work.", "Know Inc."])
def test_no_refusals(answer: str) -> None:
    assert not is_refusal(answer)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_judged(value: str, answer: str) -> None:
    for kind in ValueKind:
        assert judge(ask(value, kind=kind), answer) in Verdict


@given(st.integers(0, 99999))
def test_numbers_are_read(value: int) -> None:
    assert numbers(f"It is {value:,}.") == [float(value)]


@given(st.dates())
def test_dates_are_read_in_every_spelling(day: object) -> None:
    import datetime

    assert isinstance(day, datetime.date)
    wanted = (day.year, day.month, day.day)
    month = day.strftime("%B")
    for text in (f"{day.day} {month} {day.year:04}", f"{month} {day.day}, {day.year:04}", day.isoformat()):
        assert wanted in days(text)


def test_list_f1() -> None:
    assert list_f1(("a1", "b1"), "a1 and b1", ("a1", "b1", "c1")) == 1.0
    assert list_f1(("a1", "b1"), "a1 and c1", ("a1", "b1", "c1")) == pytest.approx(0.5)
    assert list_f1(("a1",), "zz", ("a1",)) == 0.0


def _answer(prompt: str, source: str = "tuned") -> Answer:
    digest = hashlib.sha256(prompt.encode()).hexdigest()
    return Answer(id="q", source=source, answer="x", prompt=prompt, prompt_sha256=digest, prompt_tokens=1, seconds=0.0)


FACTS = [complete(ImportedFact(attribute="dog", value="Max", aliases=("Maxi",)))]


@pytest.mark.parametrize(
    ("prompt", "passed"),
    [
        ("<|im_start|>user\nWhat is my dog called?<|im_end|>", True),
        ("<|im_start|>system\nThe dog is MAX.<|im_end|>", False),
        ("<|im_start|>system\nThe dog is maxi<|im_end|>", False),
        ("<|im_start|>system\nThe maximum<|im_end|>", True),
    ],
)
def test_proof(prompt: str, passed: bool) -> None:
    question = Question(id="q", group=QuestionGroup.RECALL, text="What is my dog called?", values=("Max",))
    proof = prove(FACTS, [question], [_answer(prompt)])
    assert proof.passed is passed
    assert proof.fact_tokens == (0 if passed else None)
    assert "Max" not in str(proof.leaks)


def test_proof_spares_only_the_question_that_names_a_value() -> None:
    question = Question(id="q", group=QuestionGroup.PORTABILITY, text="Who is Max?")
    assert prove(FACTS, [question], [_answer("user: Who is Max?")]).passed
    assert not prove(FACTS, [question], [_answer("system: Max. user: Who is Max?")]).passed


def test_metrics_keep_groups_apart() -> None:
    known = ask("Max", wording="natural", tier=1)
    other = ask("Max", wording="generic", tier=2)
    found = metrics_of([(known, R), (other, X), (probe()[0], W)])
    assert found["recall_natural"].share == 1.0
    assert found["recall_template"].share == 0.0
    assert found["known_refused"].share == 0.5
    assert found["general"].hits == 0


def test_the_probe_accepts_its_own_answers() -> None:
    assert len(probe()) >= 60
    for question in probe():
        assert judge(question, f"It is {question.values[0]}.") is R, question.id
        assert judge(question, "Bananas.") is W, question.id
