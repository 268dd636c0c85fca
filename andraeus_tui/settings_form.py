"""project.toml as a form: every setting with its help, bounds, default and value, and what a typed text means for it."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from schemas.settings import ProjectSettings, Recipe, resolve_recipe, wordings_of
from schemas.validate import as_digits, problems

Value = str | int | float | bool | None
_LONG_TEXT = 1000
"""A text that may be longer than this is written on several lines."""


class Kind(StrEnum):
    """How a setting is filled in."""

    LINE = "line"
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    SWITCH = "switch"


@dataclass(frozen=True)
class Setting:
    """One setting of project.toml."""

    section: str
    key: str
    kind: Kind
    help: str
    """Its docstring, and nothing when it has none."""
    bounds: str
    """What values are allowed, in words: "1 to 200"."""
    choices: tuple[str, ...]
    default: Value
    """None: the recipe's preset decides, or how much there is to train."""

    @property
    def name(self) -> str:
        """As people write it: "generation.variations"."""
        return f"{self.section}.{self.key}"

    @property
    def is_optional(self) -> bool:
        """Whether it may be left open."""
        return self.default is None

    @property
    def is_presets(self) -> bool:
        """Whether the recipe's preset decides it as long as nobody does."""
        return self.is_optional and self.key in Recipe.model_fields


@dataclass(frozen=True)
class Reading:
    """What a typed text means: a value, or why it is none."""

    value: Value = None
    problem: str = ""


@cache
def all_settings() -> tuple[Setting, ...]:
    """Every setting, in the order of the types."""
    return tuple(
        _setting(section, key, field)
        for section, part in ProjectSettings.model_fields.items()
        for key, field in cast("type[BaseModel]", part.annotation).model_fields.items()
    )


def _setting(section: str, key: str, field: FieldInfo) -> Setting:
    kind, choices = _kind(field)
    # What a preset decides is explained where the preset is: in the recipe itself.
    told = field.description or (Recipe.model_fields[key].description if key in Recipe.model_fields else "")
    return Setting(
        section=section,
        key=key,
        kind=kind,
        help=(told or "").replace("`", ""),
        bounds=_bounds(field),
        choices=choices,
        default=_plain(field.default),
    )


def _kind(field: FieldInfo) -> tuple[Kind, tuple[str, ...]]:
    inner: Any = field.annotation
    if get_origin(inner) in {Union, UnionType}:
        (inner,) = (one for one in get_args(inner) if one is not NoneType)
    if get_origin(inner) is Literal:
        return Kind.CHOICE, get_args(inner)
    if issubclass(inner, StrEnum):
        return Kind.CHOICE, tuple(str(one.value) for one in inner)
    if inner is str:
        return (Kind.TEXT if (_limit(field, "max_length") or 0) > _LONG_TEXT else Kind.LINE), ()
    return {bool: Kind.SWITCH, int: Kind.INTEGER, float: Kind.NUMBER}[inner], ()


def _limit(field: FieldInfo, name: str) -> float | None:
    return next((getattr(part, name) for part in field.metadata if hasattr(part, name)), None)


def _bounds(field: FieldInfo) -> str:
    low, above, high = (_limit(field, name) for name in ("ge", "gt", "le"))
    if above is not None:
        return f"more than {as_digits(above)}" + ("" if high is None else f", at most {as_digits(high)}")
    if low is None:
        return ""
    return f"{as_digits(low)} or more" if high is None else f"{as_digits(low)} to {as_digits(high)}"


def _plain(value: Any) -> Value:
    return str(value) if isinstance(value, StrEnum) else cast("Value", value)


def stored(settings: ProjectSettings, setting: Setting) -> Value:
    """What the file says, or the default; None where that leaves it open."""
    return _plain(getattr(getattr(settings, setting.section), setting.key))


def in_force(settings: ProjectSettings, setting: Setting, rows: int = 0) -> Value:
    """What holds: the stored value, or what is taken for so many `rows` to train."""
    value = stored(settings, setting)
    if value is not None:
        return value
    if setting.name == "generation.variations":
        return wordings_of(settings.generation, settings.recipe.preset)
    return _plain(getattr(resolve_recipe(settings, rows), setting.key))


def as_text(value: Value) -> str:
    """A value as it stands in a field; `read` gives it back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def read(setting: Setting, text: str) -> Reading:
    """What a typed text means. An empty field of an optional setting leaves it open."""
    typed = text if setting.kind is Kind.TEXT else text.strip()
    if setting.is_optional and not typed:
        return Reading()
    match setting.kind:
        case Kind.INTEGER:
            if not re.fullmatch(r"[+-]?[0-9]{1,18}", typed):
                return Reading(problem="must be a whole number")
            return check(setting, int(typed))
        case Kind.NUMBER:
            try:
                number = float(typed)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                return Reading(problem="must be a number such as 0.5")
            return check(setting, number)
        case Kind.SWITCH:
            if typed not in {"yes", "no"}:
                return Reading(problem="must be yes or no")
            return check(setting, typed == "yes")
        case _:
            return check(setting, typed)


def check(setting: Setting, value: Value) -> Reading:
    """The value if the schema and the types allow it."""
    body = {setting.section: {setting.key: value}}
    for problem in problems("project", body):
        return Reading(problem=problem.partition(": ")[2])
    try:
        ProjectSettings.model_validate(body)
    except ValidationError as error:
        return Reading(problem=error.errors()[0]["msg"])
    return Reading(value)
