"""Invented lives: what years, places and relations must satisfy, for any person of any size."""

import re
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.lives import TODAY, data, life
from evaluators.options import outside, sign_of
from evaluators.people import confusable, person
from generators import lexicon
from generators.topics import complete
from schemas.fact import ImportedFact, Tier

NUMBERS = st.integers(0, 100_000)
SIZES = st.sampled_from([10, 11, 15, 24, 37, 50, 100, 200])
Told = dict[tuple[str, str], str]


def told(facts: list[ImportedFact]) -> Told:
    return {(fact.subject, fact.attribute): str(fact.value) for fact in facts}


def when(text: str) -> date:
    return datetime.strptime(text, "%d %B %Y").date()


@settings(max_examples=150, deadline=None)
@given(NUMBERS)
def test_the_years_of_a_family_fit(number: int) -> None:
    found = life(number)
    born = {one.subject: one.born for one in found.others} | {"user": found.user.born}

    def years(older: str, younger: str) -> float:
        return (born[younger] - born[older]).days / 365.25

    for child in ("user", "sister", "brother"):
        assert 19.9 <= years("mother", child) <= 40.1
        assert years("father", child) >= 19.9
    for first, second in (("user", "sister"), ("user", "brother"), ("sister", "brother")):
        assert abs(years(first, second)) > 0.99
    assert years("grandmother", "mother") >= 19.9 and years("grandmother", "aunt") >= 19.9
    assert years("grandfather", "mother") >= 19.9
    assert abs(years("childhood friend", "user")) < 1.1
    if found.wedding:
        partner = found.who("partner")
        assert partner
        assert all((found.wedding - born[who]).days > 20.9 * 365.25 for who in ("user", "partner"))
        assert found.wedding < TODAY
        mother = "user" if found.user.woman else "partner"
        for child in {"daughter", "son"} & born.keys():
            assert found.wedding < born[child] < TODAY
            assert years(mother, child) < 45
    else:
        assert not {"daughter", "son"} & born.keys()
    firsts = [one.first for one in (found.user, *found.others)]
    assert len(firsts) == len(set(firsts))


@settings(max_examples=60, deadline=None)
@given(NUMBERS, SIZES)
def test_what_is_told_holds_together(number: int, size: int) -> None:
    facts = told(person(number, size))
    mine = {attribute: value for (subject, attribute), value in facts.items() if subject == "user"}
    lived = life(number)
    assert mine["name"] == lived.user.name
    # In the order in which they must have happened; those that are not told are passed over.
    order = ["birthday", "graduation_date", "move_in_date", "next_appointment", "retirement_date"]
    days = [when(mine[name]) for name in order if name in mine]
    assert days == sorted(days)
    for earlier, later in (("graduation_date", "job_start_date"), ("birthday", "wedding_anniversary"),
                           ("birthday", "driving test date")):  # fmt: skip
        if earlier in mine and later in mine:
            assert when(mine[earlier]) <= when(mine[later])
    if "age" in mine:
        assert int(mine["age"]) == lived.user.age
    if "zodiac_sign" in mine:
        assert mine["zodiac_sign"] == sign_of(lived.user.born)
    if "graduation_year" in mine:
        assert 22 <= int(mine["graduation_year"]) - lived.user.born.year <= 23
    if "nationality" in mine:
        assert mine["nationality"] == data()["peoples"][lived.user.birthplace[1]]
    careers = [career for career in data()["careers"] if career[0] == mine.get("job_title", career[0])]
    for attribute, place in (("industry", 1), ("major", 2), ("degree", 3), ("thesis_topic", 4)):
        if attribute in mine:
            careers = [career for career in careers if career[place] == mine[attribute]]
    assert careers
    if lived.wedding is None:
        assert not {"wife", "husband", "honeymoon", "wedding_anniversary"} & mine.keys()
    for relation in ("mother", "sister", "uncle", "best friend"):
        known = lived.who(relation)
        if relation.replace(" ", "_") in mine and known:
            assert mine[relation.replace(" ", "_")] == known.name
    for (subject, attribute), value in facts.items():
        other = lived.who(subject)
        if other and attribute == "birthday":
            assert when(value) == other.born
        if other and attribute in {"employer", "job_title", "job_start_date", "university", "work phone"}:
            assert 23 <= other.age <= 64
        if other and attribute in {"car", "license_plate", "city", "phone_number"}:
            assert other.age >= 20
    for line in data()["exclusive"]:
        assert sum(attribute in mine for attribute in line.split()) <= 1, line


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.sampled_from([10, 15, 50, 200, 1000]))
def test_no_two_facts_share_a_value(number: int, size: int) -> None:
    facts = [complete(fact) for fact in person(number, size)]
    values = [item.casefold() for fact in facts for item in fact.items]
    assert len(values) == len(set(values))
    joined = " | ".join(f" {value} " for value in values)
    inside = [value for value in values if len(re.findall(rf" {re.escape(value)} ", joined)) > 1]
    assert not inside


@settings(max_examples=25, deadline=None)
@given(NUMBERS, st.sampled_from([10, 15, 40, 50, 100, 500, 1000]))
def test_what_a_person_is_made_of(number: int, size: int) -> None:
    facts = person(number, size)
    assert len(facts) == size and facts == person(number, size)
    # The generator sees as many different topics: none is told twice under two names.
    assert len({complete(fact).id for fact in facts}) == size
    apart = sum(fact.attribute in outside() for fact in facts) / size
    assert 0.1 <= apart <= 0.2
    others = {fact.subject for fact in facts} - {"user"}
    assert len(others) >= 2
    assert len(confusable(facts)) >= 2
    tiers = {complete(fact).tier for fact in facts}
    assert tiers >= {Tier.SIMPLE, Tier.RELATIONAL, Tier.TEMPORAL}


def test_different_people_differ() -> None:
    assert len({str(told(person(number, 15))) for number in range(60)}) == 60


def test_attributes_outside_are_outside_and_the_others_are_not() -> None:
    assert len(outside()) >= 60
    assert [name for name in outside() if lexicon.find(name)] == []
    common = {fact.attribute for number in range(12) for fact in person(number, 500)} - outside()
    assert [name for name in common if not lexicon.find(name)] == []


@pytest.mark.parametrize("size", [0, 9, 1001])
def test_sizes_out_of_reach_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="10 to 1000"):
        person(0, size)
