"""JSON Schemas (draft 2020-12) from the types, and the check of what crosses a boundary.

Run `python -m schemas` to rewrite schemas/json/ after changing a type; a test keeps both equal.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

FOLDER = Path(__file__).parent / "json"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
}


def _types() -> dict[str, Any]:
    from schemas.evaluation import Evaluation
    from schemas.events import Event
    from schemas.fact import ImportedFact
    from schemas.row import Row
    from schemas.run import Dataset
    from schemas.settings import ProjectSettings

    return {
        "fact": ImportedFact,
        "row": Row,
        "dataset": Dataset,
        "project": ProjectSettings,
        "event": Event,
        "evaluation": Evaluation,
    }


def generate() -> dict[str, str]:
    """File name -> JSON text, for every noun that has a schema."""
    files = {}
    for name, noun in _types().items():
        is_model = isinstance(noun, type) and issubclass(noun, BaseModel)
        body = noun.model_json_schema() if is_model else TypeAdapter(noun).json_schema()
        files[f"{name}.schema.json"] = json.dumps({"$schema": DRAFT, **body}, indent=2, ensure_ascii=False) + "\n"
    return files


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    validator: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return validator(json.loads((FOLDER / f"{name}.schema.json").read_text("utf-8")))


def _pattern(validator: Any, pattern: str, instance: object, schema: object) -> Iterator[Any]:
    """As in JSON Schema, "$" is the very end of the text; Python's also fits before a line break that ends it."""
    from jsonschema import ValidationError

    wanted = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(instance, str) and not re.search(wanted, instance):
        yield ValidationError("does not match its pattern")


def problems(name: str, instance: object) -> Iterator[str]:
    """Why `instance` is not a `name` ("fact", "row" ...): one "/pointer: reason" each, none when it is valid."""
    seen = set()
    for error in _validator(name).iter_errors(instance):
        pointer = "".join(f"/{part}" for part in error.absolute_path) or "/"
        problem = f"{pointer}: {_reason(error)}"
        if problem not in seen:
            seen.add(problem)
            yield problem


def _reason(error: Any) -> str:
    """jsonschema's messages repeat the instance, which may be 10,000 characters of somebody's life: say it shortly."""
    given = error.instance
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in given]
        return f"misses {' and '.join(repr(key) for key in missing)}"
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        return f"unknown key {', '.join(repr(str(key)[:60]) for key in given if key not in known)}"
    if error.validator in {"minLength", "minItems"}:
        return "is empty; fill it in"
    if error.validator == "maxLength":
        return f"is {len(given):,} characters long; at most {error.validator_value:,} are allowed"
    if error.validator == "maxItems":
        return f"has {len(given):,} items; at most {error.validator_value:,} are allowed"
    if error.validator == "pattern":
        return "is empty; fill it in" if not str(given).strip() else "holds control characters; take them out"
    if error.validator in _BOUNDS:
        return f"must be {_BOUNDS[error.validator]} {as_digits(error.validator_value)}"
    if error.validator == "enum":
        return f"must be one of {', '.join(str(choice) for choice in error.validator_value)}"
    if error.validator == "type":
        wanted = error.validator_value
        return f"must be {' or '.join(wanted) if isinstance(wanted, list) else wanted}, not {_json_type(given)}"
    if error.validator in {"anyOf", "oneOf"}:
        fitting = [inner for inner in error.context if inner.validator != "type"]
        if fitting:
            return _reason(fitting[0])
        wanted = dict.fromkeys(str(inner.validator_value) for inner in error.context)
        return f"must be {' or '.join(wanted)}, not {_json_type(given)}"
    return str(error.message)[:200]


def as_digits(bound: float) -> str:
    """A bound as people write it: "2,147,483,647", "0.5", and "10" for 10.0."""
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:,g}"


def _json_type(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return names.get(type(value), "array" if isinstance(value, list) else "object")
