"""Facts for tests: a person written by hand, and single ones."""

from collections.abc import Mapping

from generators.topics import complete
from schemas.fact import USER, Fact, ImportedFact

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
    return [fact(name, value) for name, value in values.items()]


def fact(attribute: str, value: object, subject: str = USER, **more: object) -> Fact:
    """A fact as an import would make it."""
    body = {"attribute": attribute, "value": value, "subject": subject, **more}
    return complete(ImportedFact.model_validate(body))
