"""Facts from a file, sorted out: what is taken and what not, with reasons. Nothing is stored here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from andraeus_tui.readers import Entry, entries_of
from generators.topics import complete
from schemas.fact import Fact, ImportedFact
from schemas.validate import problems


@dataclass(frozen=True)
class Skipped:
    """What was not taken, and why."""

    place: str
    what: str
    reason: str


@dataclass
class Import:
    """The outcome of reading a file against the facts that are there already."""

    taken: list[Fact] = field(default_factory=list)
    replaced: list[Fact] = field(default_factory=list)
    known: int = 0
    """Facts that are there already, word for word."""
    skipped: list[Skipped] = field(default_factory=list)


def read_facts(path: Path, existing: list[Fact], replace: bool = False) -> Import:
    """Read a file; nothing is stored. Raises InputError when it is no readable fact file at all.

    A fact about the same attribute of the same person is skipped when its value differs, or replaces the old one if
    `replace` says so.
    """
    return sort_out(entries_of(path), existing, replace)


def sort_out(entries: Iterator[Entry], existing: list[Fact], replace: bool = False) -> Import:
    """Which entries become facts."""
    result = Import()
    by_id = {fact.id: fact for fact in existing}
    fresh: dict[str, str] = {}
    for entry in entries:
        reason = entry.problem or "; ".join(problems("fact", entry.body))
        if reason:
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason))
            continue
        try:
            imported = ImportedFact.model_validate(entry.body)
            fact = complete(imported)
        except ValueError as error:
            result.skipped.append(Skipped(entry.place, _label(entry.body), _first_line(error)))
            continue
        old = by_id.get(fact.id)
        if fact.id in fresh:
            reason = f"{fresh[fact.id]} gives the same attribute already"
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason))
        elif old is not None and _says_the_same(imported, old):
            fresh[fact.id] = entry.place
            result.known += 1
        elif old is not None and not replace:
            reason = "this attribute has another value already; use --replace to change it, or give a list"
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason))
        else:
            fresh[fact.id] = entry.place
            (result.taken if old is None else result.replaced).append(fact)
    return result


def _says_the_same(imported: ImportedFact, old: Fact) -> bool:
    """Whether every field that was given is what is stored; what was left to the rules may have been changed since."""
    given = imported.model_fields_set
    return imported.model_dump(include=given) == old.model_dump(include=given)


def _first_line(error: ValueError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r" \[type=.*", "", lines[-1] if len(lines) < 3 else lines[2 if len(lines) > 2 else -1])


def _label(body: Any) -> str:
    """A short name for the report: the attribute if there is one."""
    name = body.get("attribute") if isinstance(body, dict) else body
    text = "".join(char if char.isprintable() else "?" for char in str(name))
    return text if len(text) <= 40 else f"{text[:37]}..."
