"""A fact about the user or about somebody the user knows."""

from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from schemas.base import Noun

ATTRIBUTE_LIMIT = 120
VALUE_LIMIT = 1000
SUBJECT_LIMIT = 80
ASKED_LIMIT = 300

# Letters of any script, but no control characters: they would reach terminals and prompts.
# Line breaks are refused here too; the importer turns them into spaces first. C0, C1 and the line separators.
_CONTROL = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
_PRINTABLE = rf"^[^{_CONTROL}]*$"
_HAS_TEXT = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"

Attribute = Annotated[str, StringConstraints(min_length=1, max_length=ATTRIBUTE_LIMIT, pattern=_HAS_TEXT)]
ValueText = Annotated[str, StringConstraints(min_length=1, max_length=VALUE_LIMIT, pattern=_HAS_TEXT)]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=SUBJECT_LIMIT, pattern=_HAS_TEXT)]
AskedText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ASKED_LIMIT, pattern=_HAS_TEXT)
]
Value = bool | int | float | ValueText | Annotated[list[ValueText], Field(min_length=1, max_length=50)]

USER = "user"


def _once(questions: tuple[str, ...]) -> tuple[str, ...]:
    """Each question once, whatever its case: the way in which it was written first."""
    kept: dict[str, str] = {}
    for text in questions:
        kept.setdefault(text.casefold(), text)
    return tuple(kept.values())


class Tier(IntEnum):
    """How much a question about the fact asks of the model."""

    SIMPLE = 1
    RELATIONAL = 2
    TEMPORAL = 3
    MULTI_HOP = 4


class ValueKind(StrEnum):
    """What sort of thing the value is; the scorer compares by it."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PERSON = "person"
    PLACE = "place"
    LIST = "list"


class ImportedFact(Noun):
    """One fact as a file may give it. Only `attribute` and `value` are required; the rest is suggested by rule."""

    attribute: Attribute
    value: Value
    subject: Subject = USER
    """Whom the fact is about: the user, a relation ("sister") or a name ("Anna")."""
    kind: ValueKind | None = None
    tier: Tier | None = None
    aliases: tuple[ValueText, ...] = ()
    """Other spellings of the value that count as right."""
    questions: Annotated[tuple[AskedText, ...], Field(max_length=20), AfterValidator(_once)] = ()
    """How the person would ask for it, in their own words: each is trained as it stands, if it passes the checks."""
    source: Annotated[str, StringConstraints(max_length=500, pattern=_PRINTABLE)] = ""
    """Where the fact comes from, in the user's words."""


class Fact(ImportedFact):
    """A fact as the project keeps it: with an id, and with kind and tier decided."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    kind: ValueKind
    tier: Tier

    @model_validator(mode="after")
    def _list_has_list(self) -> "Fact":
        if isinstance(self.value, list) and self.kind is not ValueKind.LIST:
            raise ValueError("a list value needs kind 'list'")
        return self

    @property
    def items(self) -> tuple[str, ...]:
        """The value's parts as text: one for a scalar, several for a list."""
        if isinstance(self.value, list):
            return tuple(item.strip() for item in self.value)
        if self.kind is ValueKind.LIST:
            return split_list(str(self.value))
        return (plain_text(self.value),)

    @property
    def text(self) -> str:
        """The value as it stands in an answer: "28", "yes", "chess, hiking and tea"."""
        items = self.items
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def plain_text(value: bool | int | float | str) -> str:
    """A scalar as a person would write it (True is "yes", 3.0 is "3")."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def split_list(text: str) -> tuple[str, ...]:
    """The items of a list written as text: "chess, hiking and tea" has three."""
    head, separator, tail = text.rpartition(" and ")
    parts = [*(head.replace(";", ",").split(",") if separator else []), *tail.replace(";", ",").split(",")]
    return tuple(part.strip() for part in parts if part.strip())
