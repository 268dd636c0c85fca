"""What a fact is about: whose, how it is named, which kind and tier it suggests."""

import pytest

from generators.topics import complete, topic_of
from schemas.fact import ImportedFact, Tier, ValueKind
from tests.generators.facts import fact


@pytest.mark.parametrize(
    ("subject", "attribute", "named"),
    [
        ("user", "pet_name", "your pet's name"),
        ("user", "user_age", "your age"),
        ("user", "sister_birthday", "your sister's birthday"),
        ("sister", "birthday", "your sister's birthday"),
        ("user", "favourite colour", "your favorite color"),
        ("Anna", "employer", "Anna's employer"),
        ("sister's husband", "employer", "your sister's husband's employer"),
        ("user", "spirit_animal", "your spirit animal"),
        ("user", "name of my boat", "your boat name"),
        ("user", "color_of_my_car", "your car color"),
        ("user", "birthday of my mother", "your mother's birthday"),
        ("user", "name of my sister's dog", "your sister's dog's name"),
        ("user", "partner_name", "your partner"),
        # Somebody by his role is the person's own, whoever has a name is not.
        ("cellist", "name", "your cellist"),
        # Who asks for the wife's name asks for the wife.
        ("wife", "name", "your wife"),
        ("late husband", "name", "your late husband"),
        ("sister's husband", "name", "your sister's husband"),
        ("manager", "name", "your boss"),
        ("cat", "name", "your cat's name"),
        ("canary", "name", "your canary's name"),
        ("wife", "full name", "your wife"),
        ("Saturday helper", "name", "your Saturday helper's name"),
        ("sous-chef", "age", "your sous-chef's age"),
        ("my violist", "name", "your violist"),
        ("sister's drummer", "name", "your sister's drummer's name"),
        ("boat", "engine", "your boat's engine"),
        ("Cooper", "age", "Cooper's age"),
        ("peter", "age", "peter's age"),
        ("rose", "age", "rose's age"),
        ("dr miller", "age", "dr miller's age"),
        ("anna's boat", "name", "anna's boat's name"),
        ("hive 4", "queen", "hive 4's queen"),
        # An appointment with somebody is the person's.
        ("user", "dentist appointment", "your dentist appointment"),
        ("user", "dentist's appointment", "your dentist's next appointment"),
        # What happens to a thing, as a noun; what was done to it.
        ("user", "residence permit expires", "your residence permit expiry"),
        ("user", "pacemaker_fitted", "your pacemaker fitting date"),
        ("user", "best gift received", "your best gift received"),
        ("user", "expires", "your expires"),
        ("user", "band", "your band"),
        ("user", "favorite band", "your favorite band"),
    ],
)
def test_topics(subject: str, attribute: str, named: str) -> None:
    assert topic_of(subject, attribute).named == named


@pytest.mark.parametrize(
    ("body", "kind", "tier"),
    [
        ({"attribute": "age", "value": 34}, ValueKind.NUMBER, Tier.SIMPLE),
        ({"attribute": "best friend", "value": "Sam"}, ValueKind.PERSON, Tier.RELATIONAL),
        ({"attribute": "favorite_color", "value": "teal"}, ValueKind.TEXT, Tier.RELATIONAL),
        ({"attribute": "wedding_anniversary", "value": "14 June 2015"}, ValueKind.DATE, Tier.TEMPORAL),
        ({"attribute": "hobbies", "value": ["a", "b"]}, ValueKind.LIST, Tier.SIMPLE),
        ({"subject": "sister's husband", "attribute": "employer", "value": "X"}, ValueKind.TEXT, Tier.MULTI_HOP),
        ({"attribute": "age", "value": 34, "tier": 3, "kind": "text"}, ValueKind.TEXT, Tier.TEMPORAL),
    ],
)
def test_suggestions(body: dict[str, object], kind: ValueKind, tier: Tier) -> None:
    fact = complete(ImportedFact.model_validate(body))
    assert (fact.kind, fact.tier) == (kind, tier)


@pytest.mark.parametrize(
    ("attribute", "value", "kind"),
    [
        ("canary", "Margarethe", ValueKind.TEXT),
        ("pet_name", "Maya", ValueKind.TEXT),
        ("horse", "August", ValueKind.TEXT),
        ("canary", "Decker 4", ValueKind.TEXT),
        ("birthday", "May", ValueKind.DATE),
        ("concert", "3 Sept 2026", ValueKind.DATE),
        ("concert", "mar 2026", ValueKind.DATE),
        ("concert", "June 5th, 2026", ValueKind.DATE),
    ],
)
def test_a_name_that_begins_like_a_month_is_no_date(attribute: str, value: str, kind: ValueKind) -> None:
    assert fact(attribute, value).kind is kind
