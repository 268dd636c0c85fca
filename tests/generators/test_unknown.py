"""Which things count as never told, and how they are asked."""

import random
from collections import Counter

import pytest

from generators import lexicon
from generators.beside import beside_told
from generators.build import build
from generators.checks import contains
from generators.language import USER, render
from generators.make import USUAL, any_questions, natural_questions
from generators.topics import complete, topic_of
from generators.unknown import near_misses, of_known_people, unknown_topics
from schemas.fact import Fact, ImportedFact
from schemas.row import Row, RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact, facts_of

TOLD: dict[str, str | list[str]] = {
    "city": "Turin",
    "sister": "Anna",
    "sister_birthday": "3 May 1990",
    "best_friend_job_title": "glazier",
}


def negatives(told: dict[str, str | list[str]]) -> list[Row]:
    rows = build(facts_of(told), GenerationSettings(replay=0)).rows
    return [row for row in rows if row.kind is RowKind.ABSTENTION and row.split is Split.TRAIN]


def test_of_people_of_whom_something_is_known_the_rest_is_not() -> None:
    topics = {topic.key for topic in of_known_people(facts_of(TOLD), 0)}
    assert {"sister/employer", "best friend/birthday"} <= topics
    assert not topics & {"sister/birthday", "sister/age", "sister/name", "best friend/job_title"}
    assert {key.split("/")[0] for key in topics} == {"sister", "best friend"}


def test_what_is_told_of_somebody_by_name_is_not_unknown_of_the_sister() -> None:
    told = complete(ImportedFact(subject="Anna", attribute="birthday", value="3 May 1990"))
    facts = [*facts_of({"sister": "Anna", "sister_employer": "Harbor Radio"}), told]
    topics = {topic.key for topic in of_known_people(facts, 0)}
    assert "sister/favorite_color" in topics
    assert not {key for key in topics if key.endswith(("/birthday", "/employer"))}


def test_every_sort_of_unknown_thing_is_asked() -> None:
    rows = negatives(TOLD)
    sorts = Counter(
        "supposed" if row.family.startswith("yes_no/")
        else "known people" if row.topic.startswith(("sister/", "best friend/"))
        else "near" if not row.topic.startswith("user/")
        else "things" if row.topic.removeprefix("user/") in lexicon.things()
        else "listed"
        for row in rows
    )  # fmt: skip
    assert {"supposed", "known people", "near", "things", "listed"} == sorts.keys()
    assert all(count >= 0.01 * len(rows) for count in sorts.values()), sorts


def test_what_nearly_everybody_would_ask_of_a_common_attribute_is_among_the_refused() -> None:
    told = {**TOLD, **{f"thing {number}": f"value {number}" for number in range(9)}}
    asked = {row.question for row in negatives(told)}
    usual = {
        topic.key: {one.text for one in natural_questions(topic, Split.TRAIN)[:USUAL]}
        for topic in unknown_topics(facts_of(told), 0)
        if topic.entry and topic.entry.id in lexicon.entries()
    }
    missed = [key for key, texts in usual.items() if not texts & asked]
    assert len(usual) > 100
    assert len(missed) <= 0.05 * len(usual), missed


def test_whoever_told_something_of_a_thing_is_not_asked_for_the_rest_of_it() -> None:
    topics = {topic.phrase for topic in unknown_topics(facts_of({"kettle": "a red one", "city": "Turin"}), 0)}
    assert not [phrase for phrase in topics if "kettle" in phrase]
    assert [phrase for phrase in topics if "'s color" in phrase]


def test_things_are_many_and_no_wording_names_its_thing_in_full() -> None:
    assert len(lexicon.things()) >= 2000
    for entry in lexicon.things().values():
        asked = [render(form, USER) for form in entry.forms[Split.TRAIN]]
        assert len(asked) >= 2
        assert not [text for text in asked if contains(text, entry.phrase) or "{" in text], entry.phrase


def test_more_wordings_than_there_are_end_in_those_that_there_are() -> None:
    asked = any_questions(topic_of(USER.key, "favorite accent"), Split.TRAIN, 500, random.Random(0))
    assert 20 < len(asked) < 500
    assert len({one.text for one in asked}) == len(asked)


@pytest.mark.parametrize(
    ("told", "never"),
    [
        (fact("birthday", "3 May 1950", "mother"), {"user/mother birthday", "mother/birthday"}),
        (fact("mother's birthday", "3 May 1950"), {"user/mother birthday", "mother/birthday"}),
        (fact("name", "Dr. Ott", "piano teacher"), {"user/piano teacher name", "user/piano teacher"}),
        (fact("weight", "4 kg", "cat"), {"user/cat weight", "cat/weight"}),
    ],
)
def test_what_was_told_of_somebody_is_not_asked_as_unknown_in_other_words(told: Fact, never: set[str]) -> None:
    facts = [
        told,
        fact("city", "Bonn", told.subject if told.subject != "user" else "mother"),
        *facts_of({"birthday": "1 May 1980"}),
    ]
    sorts = [unknown_topics(facts, 0), of_known_people(facts, 0), near_misses(facts, 0), beside_told(facts, 0)]
    assert all(sorts) and not {topic.key for topics in sorts for topic in topics} & never
