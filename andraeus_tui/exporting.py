"""Facts to text in the formats that can be imported: what went in comes out."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from andraeus_tui import bars
from andraeus_tui.files import write_whole
from schemas.errors import InputError
from schemas.fact import USER, Fact


def fields(fact: Fact) -> dict[str, Any]:
    """The fact as an import would give it: attribute, value, kind, tier, and what differs from the defaults."""
    body: dict[str, Any] = {"attribute": fact.attribute, "value": fact.value}
    if fact.subject != USER:
        body["subject"] = fact.subject
    body |= {"kind": fact.kind.value, "tier": int(fact.tier)}
    if fact.aliases:
        body["aliases"] = list(fact.aliases)
    if fact.questions:
        body["questions"] = list(fact.questions)
    if fact.source:
        body["source"] = fact.source
    return body


def _json(facts: list[Fact]) -> str:
    return json.dumps([fields(fact) for fact in facts], ensure_ascii=False, indent=2) + "\n"


def _jsonl(facts: list[Fact]) -> str:
    return "".join(json.dumps(fields(fact), ensure_ascii=False) + "\n" for fact in facts)


def _mapping(facts: list[Fact]) -> str:
    if any(fact.subject != USER or fact.aliases or fact.questions or fact.source for fact in facts):
        message = "A flat mapping cannot hold subjects, aliases, questions or sources."
        raise InputError(message, "Export as json instead.")
    return json.dumps({fact.attribute: fact.value for fact in facts}, ensure_ascii=False, indent=2) + "\n"


def _csv(facts: list[Fact]) -> str:
    out = io.StringIO()
    columns = ["attribute", "value", "subject", "kind", "tier", "aliases", "questions", "source"]
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for fact in facts:
        body = fields(fact)
        for name in ("value", "aliases", "questions"):
            if isinstance(body.get(name), list):
                body[name] = bars.join(body[name])
        writer.writerow(body)
    return out.getvalue()


def _yaml(facts: list[Fact]) -> str:
    import yaml

    return str(yaml.safe_dump([fields(fact) for fact in facts], allow_unicode=True, sort_keys=False))


FORMATS: dict[str, Callable[[list[Fact]], str]] = {
    "json": _json,
    "jsonl": _jsonl,
    "csv": _csv,
    "yaml": _yaml,
    "mapping": _mapping,
}
_ENDINGS = {".json": "json", ".jsonl": "jsonl", ".csv": "csv", ".yaml": "yaml", ".yml": "yaml"}


def format_of(path: Path) -> str:
    """The format that a file's ending asks for."""
    form = _ENDINGS.get(path.suffix.casefold())
    if form is None:
        raise InputError(f"{path.name!r} has no ending that names a format.", "Use .json, .jsonl, .csv or .yaml.")
    return form


def refuse_other_ending(form: str, path: Path) -> None:
    """Raise InputError where a file's ending says that another form is in it: an import would read it as that."""
    fitting = [ending for ending, other in _ENDINGS.items() if other == form or (other, form) == ("json", "mapping")]
    if path.suffix.casefold() not in fitting:
        raise InputError(f"{path.name!r} cannot hold {form}.", f"Give it the ending {' or '.join(fitting)}.")


def write(facts: list[Fact], form: str, path: Path) -> None:
    """All facts into a file; one that is there is replaced as a whole."""
    text = FORMATS[form](facts)
    try:
        write_whole(path, text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
