"""A person for the tests of generators, written by hand."""

from collections.abc import Mapping

from generators.topics import complete
from schemas.fact import Fact, ImportedFact

PERSON: dict[str, str | list[str]] = {
    "user_name": "Alex Moreau",
    "user_age": "34",
    "pet_name": "Max",
    "employer": "Northwind Foods",
    "barber": "Dario Conti",
    "hobbies": ["chess", "hiking"],
    "sister": "Anna",
    "sister_birthday": "3 May 1990",
    "wedding_anniversary": "14 June 2015",
    "spirit_animal": "otter",
}


def person() -> list[Fact]:
    return facts_of(PERSON)


def facts_of(values: Mapping[str, str | list[str]]) -> list[Fact]:
    return [complete(ImportedFact(attribute=name, value=value)) for name, value in values.items()]
