"""What was never told of what was told."""

from generators.beside import beside_told
from generators.build import build
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact, facts_of


def keys(told: dict[str, str | list[str]], *more: Fact) -> set[str]:
    return {topic.key for topic in beside_told([*facts_of(told), *more], 0)}


APPRENTICE = fact("name", "Cian Doyle", subject="apprentice")


def test_of_a_thing_its_price_and_of_somebody_the_phone_number() -> None:
    found = keys({"bike lock code": "7719", "uncle": "Tobin"}, APPRENTICE)
    assert {"user/bike lock price", "user/bike lock age", "apprentice/phone_number", "apprentice/birthday"} <= found
    assert not {key for key in found if key.startswith("uncle/")}, "he is told of as the person's alone"


def test_nothing_that_the_value_may_tell() -> None:
    found = keys({"soldering iron": "a blue Hakko", "tram route": "86", "release date": "16 October"})
    assert "user/soldering iron price" in found
    assert not found & {
        "user/soldering iron brand",
        "user/soldering iron color",
        "user/tram number",
        "user/release year",
    }


def test_nothing_that_another_fact_tells_or_implies() -> None:
    found = keys({"sister": "Ann", "sister_birthday": "3 May 1990", "boat": "Petrel", "boat price": "300"})
    assert not found & {"sister/birthday", "sister/age", "user/boat price"}
    assert {"sister/phone_number", "user/boat repairer"} <= found


def test_they_are_refused_by_name_in_training() -> None:
    facts = [*facts_of({"bike lock code": "7719"}), APPRENTICE]
    beside = {topic.key for topic in beside_told(facts, 0)} - {topic_of_fact(fact).key for fact in facts}
    rows = [row for row in build(facts, GenerationSettings()).rows if row.topic in beside and row.split is Split.TRAIN]
    assert {row.kind for row in rows} == {RowKind.ABSTENTION}
    assert "Your bike lock's price? I don't know." in {row.answer for row in rows}
    assert "Your apprentice's phone number? I don't know." in {row.answer for row in rows}
