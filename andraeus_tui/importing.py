"""Facts from a file or from pasted text, sorted out: what is taken and what not, with reasons. Nothing is stored here."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from andraeus_tui.entries import Entry
from andraeus_tui.readers import FILE_LIMIT, decoded, entries_of, entries_of_text
from andraeus_tui.twins import Twins
from generators.lexicon import normalise
from generators.topics import complete
from schemas.errors import InputError
from schemas.fact import Fact, ImportedFact
from schemas.validate import problems

STANDARD_INPUT = Path("-")


@dataclass(frozen=True)
class Skipped:
    """What was not taken, and why."""

    place: str
    what: str
    reason: str
    replaceable: bool = False
    """Whether it is skipped only because replacing was not asked for."""


@dataclass
class Import:
    """The outcome of reading a file against the facts that are there already."""

    taken: list[Fact] = field(default_factory=list)
    replaced: list[Fact] = field(default_factory=list)
    known: int = 0
    """Facts that are there already, word for word."""
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def changed(self) -> list[Fact]:
        """What is to be stored."""
        return [*self.taken, *self.replaced]

    @property
    def summary(self) -> str:
        """ "3 facts taken, 1 known already, 2 skipped."; what did not happen is left out."""
        parts = [f"{len(self.taken)} {'fact' if len(self.taken) == 1 else 'facts'} taken"]
        parts += [f"{len(self.replaced)} replaced"] if self.replaced else []
        parts += [f"{self.known} known already"] if self.known else []
        parts += [f"{len(self.skipped)} skipped"] if self.skipped else []
        return f"{', '.join(parts)}."


def read_facts(path: Path, existing: list[Fact], replace: bool = False) -> Import:
    """Read a file; nothing is stored. Raises InputError when it is no readable fact file at all.

    "-" stands for standard input, in any of the formats. A fact about the same attribute of the same person is skipped
    when its value differs, or replaces the old one if `replace` says so.
    """
    if path == STANDARD_INPUT:
        text = decoded(sys.stdin.buffer.read(FILE_LIMIT + 1), "Standard input")
        return sort_out(entries_of_text(text, "Standard input"), existing, replace)
    return sort_out(entries_of(path), existing, replace)


def read_pasted(text: str, existing: list[Fact], replace: bool = False) -> Import:
    """The same for text that was pasted, in any of the formats."""
    return sort_out(entries_of_text(text), existing, replace)


def refuse_if_useless(found: Import, source: Path | str) -> None:
    """Raise InputError, naming the first fault, when there is nothing to take."""
    if found.changed or found.known:
        return
    if not found.skipped:
        raise InputError(f"{source} holds no facts.")
    first = found.skipped[0]
    more = f" ({len(found.skipped) - 1} more are skipped too)" if len(found.skipped) > 1 else ""
    raise InputError(f"{source} has no entry that can be taken: {first.place}, {first.what!r}: {first.reason}{more}.")


def sort_out(entries: Iterator[Entry], existing: list[Fact], replace: bool = False) -> Import:
    """Which entries become facts."""
    result = Import()
    twins = Twins(existing)
    fresh: dict[str, str] = {}
    for entry in entries:
        reason = entry.problem or "; ".join(one.removeprefix("/: ") for one in problems("fact", entry.body))
        if reason:
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason))
            continue
        try:
            imported = ImportedFact.model_validate(entry.body)
            fact = complete(imported)
        except ValueError as error:
            result.skipped.append(Skipped(entry.place, _label(entry.body), _first_line(error)))
            continue
        old = twins.of(fact)
        if old is not None:
            fact = fact.model_copy(update={"id": old.id})
        if fact.id in fresh:
            reason = f"{fresh[fact.id]} gives the same attribute already"
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason))
        elif old is not None and _says_the_same(imported, old):
            fresh[fact.id] = entry.place
            result.known += 1
        elif old is not None and not replace:
            what = "another value" if fact.text != old.text else "other details"
            same = normalise(imported.attribute) == normalise(old.attribute)
            reason = (
                f"this attribute has {what} already"
                if same
                else f"{old.attribute!r} is the same and has {what} already"
            )
            result.skipped.append(Skipped(entry.place, _label(entry.body), reason, replaceable=True))
        else:
            fresh[fact.id] = entry.place
            (result.taken if old is None else result.replaced).append(fact)
    return result


def preview(found: Import, existing: list[Fact]) -> list[tuple[str, str, str, str]]:
    """(what happens, where it stood, attribute, value or why not) of each entry, those not taken first."""
    old = {fact.id: fact for fact in existing}
    # "/value: is too long" is read as a sentence, and there is little room.
    lines = [("skip", one.place, one.what, re.sub(r"^/(\w+):", r"\1", one.reason)) for one in found.skipped]
    for fact in found.replaced:
        same = old[fact.id].text == fact.text
        what = f"{fact.text} (other details)" if same else f"{old[fact.id].text} \N{RIGHTWARDS ARROW} {fact.text}"
        lines.append(("replace", "", fact.attribute, what))
    return [*lines, *(("take", "", fact.attribute, fact.text) for fact in found.taken)]


def _says_the_same(imported: ImportedFact, old: Fact) -> bool:
    """Whether every field that was given is what is stored; what was left to the rules may have been changed since."""
    given = imported.model_fields_set
    return imported.model_dump(include=given) == old.model_dump(include=given)


def _first_line(error: ValueError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r" \[type=.*", "", lines[-1] if len(lines) < 3 else lines[2 if len(lines) > 2 else -1])


def _label(body: Any) -> str:
    """A short name for the report: the attribute if there is one."""
    name = (body.get("attribute") or body.get("value") or "") if isinstance(body, dict) else body
    text = "".join(char if char.isprintable() else "?" for char in str(name))
    return text if len(text) <= 40 else f"{text[:37]}..."
