"""Rows from facts: wordings, splits, checks, purity."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from generators import lexicon
from generators.build import build
from generators.checks import check_rows, contains
from generators.families import families
from generators.language import owner_of, render
from generators.templates import YES_NO
from generators.topics import complete, topic_of
from generators.unknown import known_keys, unknown_topics
from schemas.fact import Fact, ImportedFact
from schemas.row import Row, RowKind, Split, Wording
from schemas.settings import GenerationSettings
from tests.generators.facts import facts_of, person


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return build(person(), GenerationSettings(variations=12)).rows


def test_there_are_enough_families() -> None:
    assert sum(map(len, families().values())) >= 60
    assert len(lexicon.entries()) >= 100
    for entry in lexicon.entries().values():
        assert len(entry.forms[Split.TRAIN]) >= 90, entry.id
        assert entry.forms[Split.TEST], entry.id


def test_split_wordings_never_meet() -> None:
    for entry in lexicon.entries().values():
        topic = topic_of("user", entry.id)
        asked = {split: [render(form, topic.owner) for form in entry.forms[split]] for split in Split}
        for one, other in itertools.combinations(Split, 2):
            for left, right in itertools.product(asked[one], asked[other]):
                assert fuzz.token_sort_ratio(left.casefold(), right.casefold()) < 92, (entry.id, left, right)
    texts = [family.text.casefold() for family in itertools.chain(*families().values())]
    assert len(texts) == len(set(texts))


def test_no_family_is_in_two_splits(rows: tuple[Row, ...]) -> None:
    where: dict[str, set[Split]] = {}
    for row in rows:
        where.setdefault(row.family, set()).add(row.split)
    assert all(len(splits) == 1 for splits in where.values())
    by_split = {split: {row.question.casefold() for row in rows if row.split is split} for split in Split}
    assert not by_split[Split.TRAIN] & (by_split[Split.TEST] | by_split[Split.DEV])


def test_natural_wordings_do_not_name_the_attribute() -> None:
    named = []
    for entry in lexicon.entries().values():
        for form in itertools.chain(*entry.forms.values()):
            if contains(render(form, owner_of("user")), entry.phrase):
                named.append((entry.id, form))
    assert not named


def test_generation_is_pure_and_seeded() -> None:
    one, two = (build(person(), GenerationSettings()) for _ in range(2))
    assert one == two
    assert build(person(), GenerationSettings(seed=1)).rows != one.rows


@pytest.mark.parametrize(
    ("facts", "most", "wanted"), [(1, 600, 80), (10, 600, 200), (10, 40, 40), (90, 600, 600), (90, 2000, 1205)]
)
def test_general_prompts_grow_with_the_facts(facts: int, most: int, wanted: int) -> None:
    told = facts_of({f"locker {number}": str(number) for number in range(facts)})
    rows = build(told, GenerationSettings(variations=1, abstention=0, replay=most)).rows
    assert sum(row.kind is RowKind.REPLAY for row in rows) == wanted


@pytest.mark.parametrize("variations", [1, 3, 10, 60])
def test_variations_are_a_limit(variations: int) -> None:
    made = build(person(), GenerationSettings(variations=variations)).rows
    for fact in person():
        count = sum(
            row.kind is RowKind.QUESTION and row.split is Split.TRAIN and row.fact_ids == (fact.id,) for row in made
        )
        assert 0 < count <= variations


@pytest.mark.parametrize(("facts", "variations", "wanted"), [(1, None, 120), (16, None, 120), (16, 90, 90)])
def test_a_fact_gets_as_many_wordings_however_many_there_are(facts: int, variations: int | None, wanted: int) -> None:
    told = facts_of({"barber": "Dario Conti"} | {f"locker {number}": str(number) for number in range(facts - 1)})
    rows = build(told, GenerationSettings(variations=variations, abstention=0, replay=0)).rows
    asked = [row for row in rows if row.fact_ids == (told[0].id,) and row.split is Split.TRAIN]
    assert sum(row.kind is RowKind.QUESTION for row in asked) == wanted


@pytest.mark.parametrize("variations", [1, 10, 60, 90, 120, 200])
def test_what_is_supposed_is_as_often_wrong_as_right(variations: int) -> None:
    rows = build(person(), GenerationSettings(variations=variations, replay=0)).rows
    for fact in person():
        asked = [row for row in rows if row.kind is RowKind.YES_NO and row.fact_ids == (fact.id,)]
        answers = [row.answer for row in asked if row.split is Split.TRAIN]
        assert answers
        wrong = sum(answer.endswith(" no.") for answer in answers)
        # A name has few plausible wrong values: two of its questions may be the same, and one of them goes.
        assert abs(2 * wrong - len(answers)) <= 1, (fact.attribute, wrong, len(answers))


def test_pairs_grow_with_the_wordings_in_training_alone() -> None:
    few, more = (
        [row for row in build(person(), GenerationSettings(variations=count)).rows if row.kind is RowKind.COMPOSITION]
        for count in (60, 120)
    )
    train = [{row.question for row in rows if row.split is Split.TRAIN} for rows in (few, more)]
    assert len(train[1]) >= 1.8 * len(train[0])
    assert [row for row in few if row.split is not Split.TRAIN] == [row for row in more if row.split is not Split.TRAIN]


def test_adding_a_fact_leaves_other_rows_alone() -> None:
    before = {row.id for row in build(person()[:-1], GenerationSettings()).rows if row.kind is RowKind.QUESTION}
    after = {row.id for row in build(person(), GenerationSettings()).rows}
    assert before <= after


def test_all_kinds_are_made(rows: tuple[Row, ...]) -> None:
    assert {row.kind for row in rows if row.split is Split.TRAIN} == set(RowKind)
    links = [row for row in rows if row.kind is RowKind.COMPOSITION and "Anna's" in row.question]
    assert links
    assert all("Anna" in row.answer and "3 May 1990" in row.answer for row in links)


def test_questions_do_not_hold_their_answers(rows: tuple[Row, ...]) -> None:
    for row in rows:
        if row.kind in {RowKind.QUESTION, RowKind.STATEMENT}:
            assert not any(contains(row.question, value) for value in row.values)
            assert all(contains(row.answer, value) for value in row.values)


def test_negatives_share_families_and_no_topic_with_facts(rows: tuple[Row, ...]) -> None:
    negative = [row for row in rows if row.kind is RowKind.ABSTENTION]
    assert not {row.topic for row in negative} & known_keys(person())
    assert all(row.answer.startswith("Your ") or row.topic.split("/")[0] != "user" for row in negative)
    assert all(row.answer.endswith("? I don't know.") for row in negative)
    positive_families = {row.family for row in rows if row.kind is not RowKind.ABSTENTION and row.split is Split.TRAIN}
    positive_families |= {f"generic/{family.id}" for family in families()[Split.TRAIN]}
    used = {row.family for row in negative if row.wording is Wording.GENERIC and row.split is Split.TRAIN}
    assert used <= positive_families | {f"yes_no/{form}" for form in YES_NO[Split.TRAIN]}
    asked_natural = sum(row.wording is Wording.NATURAL for row in negative)
    assert asked_natural > len(negative) / 4


def test_never_asked_topics_are_in_no_training_row(rows: tuple[Row, ...]) -> None:
    trained = {row.topic for row in rows if row.split is Split.TRAIN}
    for split in (Split.DEV, Split.TEST):
        never = [row for row in rows if row.family.startswith("never/") and row.split is split]
        assert len({row.topic for row in never}) >= 10
        assert not {row.topic for row in never} & trained


def test_unknown_topics_are_no_given_ones_and_imply_none() -> None:
    topics = unknown_topics(person(), 0)
    assert not {topic.key for topic in topics} & known_keys(person())
    of_a_birthday = {topic.key for topic in unknown_topics(facts_of({"birthday": "3 May 1990"}), 0)}
    assert not of_a_birthday & {"user/age", "user/birthstone"}
    assert {"user/blood_type", "user/due date"} <= of_a_birthday


def test_a_thing_that_was_given_is_not_asked_as_never_told() -> None:
    made = build(facts_of({"garage code": "4471", "city": "Turin"}), GenerationSettings())
    assert not [row for row in made.rows if row.kind is RowKind.ABSTENTION and row.topic == "user/garage code"]
    assert [row for row in made.rows if row.kind is RowKind.ABSTENTION and row.topic == "user/landline number"]


def test_unknown_attributes_are_marked_and_held_out_questions_name_them() -> None:
    made = build(person(), GenerationSettings())
    (stranger,) = made.wants_paraphrases
    own = [row for row in made.rows if row.fact_ids == (stranger,) and row.kind is RowKind.QUESTION]
    held_out = [row for row in own if row.split is not Split.TRAIN]
    assert held_out
    assert all(row.wording is Wording.GENERIC and "spirit animal" in row.question.casefold() for row in held_out)


def _row(**changes: object) -> Row:
    fact = person()[3]
    body = {
        "id": "0" * 16, "kind": "question", "question": "Where do I work?", "answer": "Your employer is Northwind Foods.",
        "topic": "user/employer", "fact_ids": [fact.id], "values": ["Northwind Foods"], "family": "x", "split": "train",
        "wording": "natural",
    }  # fmt: skip
    return Row.model_validate({**body, **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"question": "Do I work at Northwind Foods?"}, "leak"),
        ({"answer": "Your employer is Acme."}, "answer"),
        ({"question": "Where does Bob work?"}, "about"),
        ({"question": "What is my shoe size?", "wording": "generic"}, "about"),
        ({"question": "Why did Dario Conti hire me?", "split": "test"}, "leak"),
    ],
)
def test_checks_give_reasons(changes: dict[str, object], reason: str) -> None:
    ((_, problem),) = check_rows([_row(**changes)], person())
    assert problem.split(":")[0] == reason


def test_duplicates_and_near_duplicates_are_refused() -> None:
    rows = [
        _row(),
        _row(question="where do i work? "),
        _row(question="Where do I work??"),
        _row(question="Who pays me?"),
    ]
    problems = [problem.split(":")[0] for _, problem in check_rows(rows, person())]
    assert problems == ["", "duplicate", "duplicate", ""]


HOSTILE = ["[red]x[/]", "<|im_end|>", "{I} {my}", "🦊🦊", "עברית", "a" * 1000, "\\d+(", "%s{0}", "O'Brien's", "?"]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_stay_whole(value: str) -> None:
    facts = [*person()[:2], complete(ImportedFact(attribute="motto", value=value))]
    made = build(facts, GenerationSettings(replay=0))
    own = [row for row in made.rows if row.fact_ids == (facts[-1].id,) and row.kind is RowKind.QUESTION]
    assert own
    assert all(value in row.answer for row in own)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30),
                  st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_any_fact_gives_sound_rows(pairs: list[tuple[str, str]]) -> None:
    facts: dict[str, Fact] = {}
    for attribute, value in pairs:
        fact = complete(ImportedFact(attribute=attribute, value=value))
        facts.setdefault(fact.id, fact)
    made = build(list(facts.values()), GenerationSettings(replay=0, variations=3))
    assert len({row.id for row in made.rows}) == len(made.rows)
    assert all(row.checks for row in made.rows)


def test_more_variations_keep_the_wordings_that_are_there() -> None:
    few = {
        row.question for row in build(person(), GenerationSettings(variations=6)).rows if row.kind is RowKind.QUESTION
    }
    more = {
        row.question for row in build(person(), GenerationSettings(variations=12)).rows if row.kind is RowKind.QUESTION
    }
    assert len(few - more) <= len(few) / 20, few - more
    assert len(more) > len(few)
