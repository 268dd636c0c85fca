"""Facts in tables: CSV with a header, or two columns without one."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from andraeus_tui import bars
from andraeus_tui.entries import Entry, tidy
from generators.lexicon import find
from schemas.errors import InputError
from schemas.fact import ImportedFact

_COLUMNS = frozenset(ImportedFact.model_fields)
_HEADS = {"attribute": {"attribute", "key", "name", "field", "fact"}, "value": {"value", "answer"}}
"""What other programs call the two columns."""


def csv_entries(text: str, path: Path | str) -> Iterator[Entry]:
    """A header with attribute and value (and any other field); or two columns without a header."""
    try:
        sample = text[:4096]
        delimiter = max(",;\t", key=lambda mark: sample.splitlines()[0].count(mark))
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [(lines.line_num, row) for row in lines if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{path} is not valid CSV: {error}.") from error
    header = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    if len(header) == 2 and header[0] in _HEADS["attribute"] and header[1] in _HEADS["value"]:
        header = ["attribute", "value"]
    if {"attribute", "value"} <= set(header):
        if len(set(header)) < len(header):
            raise InputError(f"{path} has a column twice in its header.")
        unknown = [name for name in header if name not in _COLUMNS]
        if unknown:
            raise InputError(f"{path} has an unknown column {unknown[0]!r}.", f"Known: {', '.join(sorted(_COLUMNS))}.")
        rows = rows[1:]
    elif rows and all(len(row) == 2 for _, row in rows):
        if len(rows) > 1 and all(map(find, header)) and not any(find(row[0]) for _, row in rows[1:]):
            raise InputError(
                f"{path} looks like a table with the columns {header[0]!r} and {header[1]!r}; a fact a line is wanted.",
                "Write a line for each: attribute,value",
            )
        header = ["attribute", "value"]
    else:
        raise InputError(f"{path} needs a header line with the columns attribute and value.")
    for number, row in rows:
        if len(row) != len(header):
            yield Entry(f"line {number}", row[0] if row else "", f"has {len(row)} cells, the header has {len(header)}")
            continue
        yield Entry(
            f"line {number}", _typed({key: tidy(cell) for key, cell in zip(header, row, strict=True) if cell.strip()})
        )


def _typed(fields: dict[str, str]) -> dict[str, Any]:
    """Cells are text; tier, aliases and questions are not."""
    typed: dict[str, Any] = dict(fields)
    if fields.get("tier", "").isdigit():
        typed["tier"] = int(fields["tier"])
    for name in fields.keys() & {"aliases", "questions"}:
        typed[name] = bars.split(fields[name])
    if fields.get("kind") == "list" and "|" in fields.get("value", ""):
        typed["value"] = bars.split(fields["value"])
    return typed
