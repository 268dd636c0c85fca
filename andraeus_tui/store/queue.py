"""Which rows a person wants to look at: filters over columns in memory, so that 30,000 rows answer in milliseconds."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from andraeus_tui.store.database import Database
from schemas.row import ReviewState, RowKind, Split

_COLUMNS = "id, state, kind, failing, search"


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


class Listing:
    """All rows of one split in memory, in the order in which they were made, with what filters look at.

    They are read when the database changed since, and at no other time: a key that a person presses while 30,000 rows
    are under review costs a scan of ready text.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._split: Split | None = None
        self._version: tuple[int, int] | None = None
        self.ids: list[str] = []
        self.states: list[str] = []
        self._kinds: list[str] = []
        self._failing: list[int] = []
        self._texts: list[str] = []

    def matching(self, wanted: Filter) -> Sequence[int]:
        """Places of the rows that pass, from the first."""
        self._read(wanted.split)
        places: Sequence[int] = range(len(self.ids))
        if words := " ".join(wanted.text.split()).casefold():
            places = [at for at, text in enumerate(self._texts) if words in text]
        if wanted.state:
            places = [at for at in places if self.states[at] == wanted.state]
        if wanted.kind:
            places = [at for at in places if self._kinds[at] == wanted.kind]
        if wanted.failing:
            places = [at for at in places if self._failing[at]]
        if wanted.fact_id:
            query = "SELECT row_id FROM row_facts WHERE fact_id = ?"
            about = {row_id for (row_id,) in self._database.connection.execute(query, (wanted.fact_id,))}
            places = [at for at in places if self.ids[at] in about]
        among = wanted.among
        return places if among is None else [at for at in places if self.ids[at] in among]

    def _read(self, split: Split) -> None:
        version = self._database.version
        if (split, version) == (self._split, self._version):
            return
        query = f"SELECT {_COLUMNS} FROM rows WHERE split = ? ORDER BY position, id"
        found = self._database.connection.execute(query, (str(split),)).fetchall()
        columns = zip(*found, strict=True) if found else [()] * 5
        self.ids, self.states, kinds, self._failing, texts = map(list, columns)
        self._kinds = [sys.intern(kind) for kind in kinds]
        self._texts = [_folded(text) for text in texts]
        self._split, self._version = split, version

    def update(self, row_id: str, before: tuple[int, int]) -> str | None:
        """Note that this connection changed one row and nothing else since the database's version `before`; its state.

        None when the row is not listed or the list was old already: then all rows are read again the next time.
        """
        query = f"SELECT {_COLUMNS} FROM rows WHERE id = ? AND split = ?"
        found = self._database.connection.execute(query, (row_id, str(self._split))).fetchone()
        if before != self._version or found is None or row_id not in self.ids:
            return None
        at = self.ids.index(row_id)
        _, self.states[at], self._kinds[at], self._failing[at], text = found
        self._texts[at] = _folded(text)
        # What another connection changed meanwhile has another first number, so it is read the next time.
        self._version = (before[0], self._database.version[1])
        return self.states[at]


def _folded(text: str) -> str:
    """SQLite made the ASCII letters small."""
    return text if text.isascii() else text.casefold()


def count_states(database: Database, split: Split) -> dict[ReviewState, int]:
    """How many rows of the split have each state."""
    query = "SELECT count(*) FROM rows WHERE state = ? AND split = ?"
    return {state: int(database.connection.execute(query, (state, split)).fetchone()[0]) for state in ReviewState}
