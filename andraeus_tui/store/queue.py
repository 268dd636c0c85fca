"""Which rows a person wants to look at: filters as SQL over one index, so that 30,000 rows answer in milliseconds."""

from dataclasses import dataclass

from andraeus_tui.store.database import Database
from schemas.row import ReviewState, RowKind, Split


@dataclass(frozen=True)
class Filter:
    """Rows that pass every condition that is set."""

    split: Split = Split.TRAIN
    state: ReviewState | None = None
    kind: RowKind | None = None
    fact_id: str = ""
    text: str = ""
    """Words that stand in the question or the answer, whatever their case."""
    failing: bool = False
    """Only rows that a person wrote in a way that a check refuses."""
    among: frozenset[str] | None = None
    """Only rows with these ids."""


def matching(database: Database, wanted: Filter) -> list[tuple[str, str]]:
    """(id, state) of every row that passes, in the order in which they were made."""
    clauses, values = ["split = ?"], [str(wanted.split)]
    for column, value in (("state", wanted.state), ("kind", wanted.kind)):
        if value:
            clauses.append(f"{column} = ?")
            values.append(str(value))
    if wanted.failing:
        clauses.append("failing")
    if wanted.fact_id:
        clauses.append("id IN (SELECT row_id FROM row_facts WHERE fact_id = ?)")
        values.append(wanted.fact_id)
    if words := _spellings(wanted.text):
        clauses.append(f"({' OR '.join(['instr(search, ?)'] * len(words))})")
        values += words
    query = f"SELECT id, state FROM rows WHERE {' AND '.join(clauses)} ORDER BY position, id"
    found: list[tuple[str, str]] = database.connection.execute(query, values).fetchall()
    return found if wanted.among is None else [one for one in found if one[0] in wanted.among]


def _spellings(text: str) -> list[str]:
    """The column `search` is in lower case for ASCII letters alone: other letters are looked for in each case."""
    text = " ".join(text.split())
    forms = (text, text.lower(), text.upper(), text.title()) if text else ()
    return list(dict.fromkeys("".join(char.lower() if char.isascii() else char for char in form) for form in forms))


def count_states(database: Database, split: Split) -> dict[ReviewState, int]:
    """How many rows of the split have each state."""
    query = "SELECT count(*) FROM rows WHERE state = ? AND split = ?"
    return {state: int(database.connection.execute(query, (state, split)).fetchone()[0]) for state in ReviewState}
