"""Rows from the person's own questions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.build import Counts, build, candidates
from generators.checks import check_rows
from generators.own import own_candidates
from generators.topics import complete
from schemas.fact import Fact, ImportedFact
from schemas.row import Origin, Row, RowKind, Split, Wording
from schemas.settings import GenerationSettings
from tests.generators.facts import person
from tests.generators.test_paraphrase import QUICK, job, rows_in
from tests.generators.workers import endpoint, run

SETTINGS = GenerationSettings(variations=10, replay=0)
LIFT, WHO = "Who do I lift with on Mondays?", "who spots me at the gym"


def buddy(*questions: str, attribute: str = "deadlift spotter", value: str = "Samira", subject: str = "user") -> Fact:
    return complete(ImportedFact(attribute=attribute, value=value, subject=subject, questions=questions))


def asked(rows: tuple[Row, ...], fact: Fact, split: Split = Split.TRAIN) -> list[Row]:
    return [row for row in rows if row.fact_ids == (fact.id,) and row.kind is RowKind.QUESTION and row.split is split]


def test_own_questions_train_as_they_stand_and_count() -> None:
    plain, fact = buddy(), buddy(LIFT, WHO)
    assert plain.id == fact.id
    before, made = build([*person(), plain], SETTINGS), build([*person(), fact], SETTINGS)
    rows = asked(made.rows, fact)
    assert [row.question for row in rows[:2]] == [LIFT, WHO]
    assert {(row.wording, row.origin, row.answer) for row in rows[:2]} == {
        (Wording.NATURAL, Origin.TEMPLATE, "Your deadlift spotter is Samira.")
    }
    assert len(rows) == len(asked(before.rows, plain)) == 10
    for split in (Split.DEV, Split.TEST):
        assert asked(made.rows, fact, split) == asked(before.rows, plain, split) != []
    assert plain.id in before.wants_paraphrases
    assert fact.id not in made.wants_paraphrases


def test_more_questions_than_wordings_train_all_and_one_template() -> None:
    many = buddy(
        *(f"Who helps me with set {one} of {two}?" for one, two in zip("abcdefghijkl", "nopqrstuvwxy", strict=True))
    )
    rows = asked(build([many], SETTINGS.model_copy(update={"variations": 4})).rows, many)
    assert len(rows) == 13
    assert [row.wording for row in rows].count(Wording.GENERIC) == 1


@pytest.mark.parametrize(
    ("question", "subject", "reason"),
    [
        ("Is it samira I lift with?", "user", "leak: the answer stands in the question"),
        ("Who lifts on Mondays?", "user", "about: the question does not say whose fact it asks for"),
        ("Who does she lift with?", "sister", "about: the question does not say whose fact it asks for"),
        ("Who does my sister lift with?", "sister", ""),
        ("[red] who do I <im_end> {I} lift with? \N{FOX FACE}", "user", ""),
    ],
)
def test_they_pass_the_checks_of_every_row(question: str, subject: str, reason: str) -> None:
    fact = buddy(question, subject=subject)
    made = build([fact], SETTINGS)
    assert [problem for row, problem in made.refused if row.question == question] == ([reason] if reason else [])
    assert (question in {row.question for row in asked(made.rows, fact)}) == (not reason)
    assert len(asked(made.rows, fact)) == 10, "what is refused does not count"
    assert (fact.id in made.wants_paraphrases) == bool(reason)


def test_what_repeats_them_gives_way() -> None:
    """A test question in these very words would prove nothing; another fact asked in them would be another answer; and so
    would "I don't know"."""
    employer = next(fact for fact in person() if fact.attribute == "employer")
    held_out = asked(build([employer], SETTINGS).rows, employer, Split.TEST)[0].question
    own = employer.model_copy(update={"questions": (held_out,)})
    made = build([own], SETTINGS)
    assert held_out in {row.question for row in asked(made.rows, own)}
    assert held_out not in {row.question for row in made.rows if row.split is not Split.TRAIN}

    unknown = next(row for row in build(person(), SETTINGS).rows if row.kind is RowKind.ABSTENTION)
    fact, rival = buddy(LIFT, unknown.question.upper()), buddy(LIFT, WHO, attribute="bench partner", value="Bo")
    made = build([*person(), fact, rival], SETTINGS)
    assert unknown.question not in {row.question for row in made.rows if row.kind is RowKind.ABSTENTION}
    assert [row.fact_ids for row in made.rows if row.question == LIFT] == [(fact.id,)]
    assert "duplicate: another fact is asked in these words" in {
        problem for row, problem in made.refused if row.fact_ids == (rival.id,)
    }


def test_a_row_edited_by_hand_stands_for_the_question_it_was() -> None:
    fact = buddy(LIFT, WHO)
    first = next(row for row in build([fact], SETTINGS).rows if row.question == LIFT)
    kept = first.model_copy(update={"question": "Who do I squat with?", "origin": Origin.HAND})
    made = build([fact], SETTINGS, (kept,))
    assert LIFT not in {row.question for row in made.rows}
    assert WHO in {row.question for row in made.rows}


def test_a_model_writes_what_the_person_left_over() -> None:
    fact = buddy(LIFT, WHO)
    counts = Counts.of(SETTINGS, [fact], {}, {fact.id: 5})
    assert (counts.besides_own(fact), counts.from_templates(fact, Split.TRAIN)) == (8, 3)


def test_a_model_that_repeats_the_person_is_refused() -> None:
    with endpoint() as address:
        stranger = person()[-1]
        wording = next(
            row for row in rows_in(run(job(address)), Origin.MODEL) if row.fact_ids == (stranger.id,)
        ).question
        fact = stranger.model_copy(update={"questions": (wording,)})
        told = job(address).model_copy(update={"facts": (*person()[:-1], fact)})
        events = run(told)
    own, model = rows_in(events, Origin.TEMPLATE)[0], rows_in(events, Origin.MODEL)
    assert (own.question, own.fact_ids) == (wording, (fact.id,))
    assert wording not in {row.question for row in model}
    trained = [row for row in rows_in(events, Origin.TEMPLATE) + model if row.split is Split.TRAIN]
    assert len(asked(tuple(trained), fact)) == QUICK["variations"]


def test_a_deleted_fact_is_refused_in_the_persons_words_too() -> None:
    gone = buddy(LIFT, "Do I lift with Samira?")
    rows = [row for row in candidates(person(), SETTINGS, gone=(gone,)) if row.topic == "user/deadlift spotter"]
    assert LIFT in {row.question for row in rows if row.split is Split.TRAIN}
    assert LIFT not in {row.question for row in rows if row.split is not Split.TRAIN}
    assert not [row for row in rows if "Samira" in row.question or row.kind is not RowKind.ABSTENTION]
    # Another fact took the words over: they are answered.
    there = buddy(LIFT, attribute="bench partner", value="Bo")
    made = check_rows([*own_candidates([there], ()), *candidates([there], SETTINGS, gone=(gone,))], [there])
    assert {row.kind for row, problem in made if row.question == LIFT and not problem} == {RowKind.QUESTION}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=40), max_size=5), st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_any_questions_give_sound_rows(questions: list[str], value: str) -> None:
    try:
        fact = buddy(*questions, value=value[:60])
    except ValueError:
        return
    assert len({text.casefold() for text in fact.questions}) == len(fact.questions)
    made = build([fact], GenerationSettings(replay=0, variations=3))
    assert len({row.id for row in made.rows}) == len(made.rows)
    taken = {row.question for row in asked(made.rows, fact)}
    refused = {row.question for row, _ in made.refused if row.split is Split.TRAIN}
    assert set(fact.questions) <= taken | refused
    assert not set(fact.questions) & {row.question for row in made.rows if row.split is not Split.TRAIN}
