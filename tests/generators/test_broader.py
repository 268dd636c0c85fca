"""What a told thing is one of, and how it is asked for then."""

import pytest

from generators.broader import broader
from generators.build import build
from generators.reading import reading_rows
from generators.topics import topic_of_fact
from generators.unknown import of_known_people, unknown_topics
from schemas.fact import Fact
from schemas.row import RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact, facts_of


def kinds(told: dict[str, str | list[str]]) -> dict[str, str]:
    facts = facts_of(told)
    by_id = {fact.id: topic_of_fact(fact) for fact in facts}
    return {by_id[key].phrase: name for key, name in broader(facts).items()}


@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("law firm", "employer"),
        ("hockey team", "team"),
        ("current truck", "car"),
        ("area of Leeds", "neighborhood"),
        ("town now", "city"),
        ("drug allergy", "allergy"),
        ("part-time job", "job_title"),
        ("late husband", "husband"),
        ("accounting firm", "employer"),
        ("bass guitar", "instrument"),
        ("synth", "instrument"),
        ("labrador", "dog"),
        ("suv", "car"),
    ],
)
def test_a_told_thing_is_one_of_the_lists(attribute: str, name: str) -> None:
    assert list(kinds({attribute: "x"}).values()) == [name]


@pytest.mark.parametrize(
    "attribute",
    [
        *(
            "old truck",
            "former boss",
            "shop name",
            "employer",
            "hockey position",
            "crew partner",
            "boat",
            "favorite car",
        ),
        *("insurance company", "hair salon", "yoga studio", "dental practice", "real estate", "food truck", "toy car"),
        *("project manager", "plumber's car", "neighbor cat", "daughter boyfriend", "driving school", "twin town"),
    ],
)
def test_what_is_not_the_one_there_is_now_or_no_such_thing_is_none(attribute: str) -> None:
    assert kinds({attribute: "x"}) == {}


def test_what_no_value_of_that_kind_can_be_is_none() -> None:
    assert kinds({"practice": "12 May 2026", "studio": "44"}) == {}
    assert [*broader([fact("birth year", "1990", "sister")]).values()] == ["birthday"]


def test_of_two_and_beside_the_very_thing_none_is_meant() -> None:
    assert kinds({"hockey team": "A", "chess team": "B"}) == {}
    assert kinds({"law firm": "A", "employer": "B"}) == {}


def asked(facts: list[Fact], question: str) -> list[str]:
    return [row.answer for row in build(facts, GenerationSettings()).rows if row.question == question]


def test_it_is_asked_for_in_those_words_and_they_are_no_unknown_thing() -> None:
    facts = [*facts_of({"law firm": "Bell & Crane", "hometown": "Turin"}), fact("birth year", "1990", "sister")]
    assert asked(facts, "Where do I work?") == ["Your law firm is Bell & Crane."]
    assert asked(facts_of({"hometown": "Turin"}), "Where do I work?") != ["Your law firm is Bell & Crane."]
    assert "user/employer" not in {topic.key for topic in unknown_topics(facts, 0)}
    assert "user/employer" in {topic.key for topic in unknown_topics(facts_of({"hometown": "Turin"}), 0)}
    of_sister = {topic.key for topic in of_known_people(facts, 0)}
    assert "sister/birthday" not in of_sister and "sister/employer" in of_sister
    rows = [row for row in reading_rows(facts, 0) if row.question == "Where do I work?"]
    assert {row.kind for row in rows} == {RowKind.QUESTION}, "the encoder reads it so, too"


def test_dev_and_test_questions_stay_as_they_are() -> None:
    facts = facts_of({"law firm": "Bell & Crane"})
    rows = build(facts, GenerationSettings()).rows
    broad = [row for row in rows if row.family.startswith("broader/")]
    assert {row.split for row in broad} == {Split.TRAIN}
    assert {row.answer for row in broad} == {"Your law firm is Bell & Crane."}
