"""Reviewing rows: the queue that a person works through. Every decision is on the disk before the next one."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from andraeus_tui.store.database import Database
from andraeus_tui.store.queue import Filter, Listing, count_states
from andraeus_tui.store.rows import review, rows_of
from generators.checks import normal
from schemas.fact import Fact
from schemas.row import ReviewState, Row, Split

ALIKE = 85.0
"""Token-sorted similarity (0 to 100) from which two questions of one topic are shown as alike."""
_SHOWN_ALIKE = 5
_VERBS = {ReviewState.APPROVED: "approve", ReviewState.REJECTED: "reject"}
_LABELS = (*_VERBS.values(), "edit", "repair")
_WINDOW_SECONDS = 300


class Queue:
    """The rows that pass a filter. A row stays in its place when it is decided, until the filter is applied anew."""

    def __init__(self, database: Database, wanted: Filter | None = None) -> None:
        self._database = database
        self._listing = Listing(database)
        self.filter = wanted or Filter()
        self._ids: list[str] = []
        self._states: list[str] = []
        self.refresh()

    def refresh(self, wanted: Filter | None = None) -> None:
        """Apply the filter anew, or another one if given, to the rows as they are now."""
        self.filter = wanted or self.filter
        places = self._listing.matching(self.filter)
        ids, states = self._listing.ids, self._listing.states
        self._ids, self._states = [ids[at] for at in places], [states[at] for at in places]

    def __len__(self) -> int:
        return len(self._ids)

    def rows(self, offset: int, limit: int) -> list[Row | None]:
        """Rows from a place on; None for one that went away since."""
        ids = self._ids[offset : offset + limit]
        found = {row.id: row for row in rows_of(self._database, ids)}
        return [found.get(row_id) for row_id in ids]

    def row(self, index: int) -> Row | None:
        """The row at a place; None when there is none."""
        found = self.rows(index, 1) if index >= 0 else []
        return found[0] if found else None

    def index_of(self, row_id: str) -> int | None:
        """Where a row is."""
        return self._ids.index(row_id) if row_id in self._ids else None

    def next_waiting(self, start: int) -> int | None:
        """The first row from `start` on that nobody has decided, else the first of all; None when none waits."""
        for begin in (start, 0):
            try:
                return self._states.index(ReviewState.PENDING, begin)
            except ValueError:
                pass
        return None

    def decide(self, index: int, state: ReviewState) -> bool:
        """Decide one row; whether that changed anything."""
        before, row_id = self._database.version, self._ids[index]
        changed = review(self._database, [row_id], state, f"{_VERBS[state]} a row")
        self._listing.update(row_id, before)
        self._states[index] = state
        return bool(changed)

    def undecided(self, state: ReviewState) -> list[str]:
        """Ids of the rows of the filter that deciding all of them would change.

        A decision that was made is not overturned, unless the filter asks for decided rows; and what a check refuses
        is not approved unseen.
        """
        chosen = self.filter.state or ReviewState.PENDING
        if chosen is state:
            return []
        places = self._listing.matching(replace(self.filter, state=chosen))
        if state is ReviewState.APPROVED:
            refused = set(self._listing.matching(Filter(split=self.filter.split, failing=True)))
            places = [at for at in places if at not in refused]
        return [self._listing.ids[at] for at in places]

    def undo(self) -> tuple[str | None, int | None]:
        """Take the latest change back: its label, and where a row is that it touched."""
        return self._step(self._database.undo)

    def redo(self) -> tuple[str | None, int | None]:
        """Make the change again that was taken back last."""
        return self._step(self._database.redo)

    def _step(self, step: Callable[[], str | None]) -> tuple[str | None, int | None]:
        before = self._database.version
        label = step()
        if label is None:
            return None, None
        row_id = self._database.row_of(self._database.last_change or 0)
        state = self._listing.update(row_id, before) if row_id and is_quick(label) else None
        index = None if row_id is None else self.index_of(row_id)
        if state is None or index is None:
            self.refresh()
            return label, None if row_id is None else self.index_of(row_id)
        self._states[index] = state
        return label, index


def decide_all(database: Database, ids: list[str], state: ReviewState) -> int:
    """Decide many rows in one change; how many changed. Thousands take a second: not for the thread that paints."""
    return review(database, ids, state, f"{_VERBS[state]} {len(ids)} rows")


def next_undo(database: Database) -> str | None:
    """Label of the change that undo would take back."""
    return next((label for label, _, undone in database.history() if not undone), None)


def next_redo(database: Database) -> str | None:
    """Label of the change that redo would make again."""
    return next((label for label, _, undone in reversed(database.history()) if undone), None)


def is_quick(label: str) -> bool:
    """Whether taking back a change (or making it again) is a matter of milliseconds."""
    return label.endswith(" a row")


def is_review(label: str) -> bool:
    """Whether a change is a piece of review, so that a person in a review means it by "undo"."""
    return label.startswith(_LABELS)


@dataclass(frozen=True)
class Progress:
    """How far the review of a split is."""

    decided: int
    total: int

    @property
    def text(self) -> str:
        """ "182 of 640 decided"."""
        return f"{self.decided:,} of {self.total:,} decided"


def progress_of(database: Database, split: Split) -> Progress:
    """Count the decided rows of a split."""
    counts = count_states(database, split)
    total = sum(counts.values())
    return Progress(total - counts[ReviewState.PENDING], total)


class Pace:
    """How quickly a person decides: over the last five minutes, pauses included."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def note(self) -> None:
        """A row was decided now."""
        self._times.append(self._clock())

    @property
    def rows_a_minute(self) -> int | None:
        """Rounded; None before there is anything to measure."""
        now = self._clock()
        while self._times and now - self._times[0] > _WINDOW_SECONDS:
            self._times.popleft()
        seconds = now - self._times[0] if self._times else 0.0
        return round(60 * len(self._times) / seconds) if len(self._times) > 2 and seconds > 1 else None


@dataclass(frozen=True)
class Card:
    """One row with everything that helps to decide."""

    row: Row
    facts: tuple[Fact, ...]
    alike: tuple[tuple[str, ReviewState, Split], ...]
    """Questions of the same topic that are nearly the same, the most alike first."""


def card_of(database: Database, row: Row) -> Card:
    """Look up a row's facts and its near-duplicates."""
    marks = ", ".join("?" * len(row.fact_ids))
    query = f"SELECT body FROM facts WHERE id IN ({marks}) ORDER BY position"
    facts = tuple(Fact.model_validate_json(body) for (body,) in database.connection.execute(query, row.fact_ids))
    query = "SELECT json_extract(body, '$.question'), state, split FROM rows WHERE topic = ? AND id <> ?"
    others = database.connection.execute(query, (row.topic, row.id)).fetchall()
    alike = tuple((question, ReviewState(state), Split(split)) for question, state, split in _nearest(row, others))
    return Card(row, facts, alike)


def _nearest(row: Row, others: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    from rapidfuzz import fuzz, process

    questions = [normal(question) for question, _, _ in others]
    found = process.extract(
        normal(row.question), questions, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=_SHOWN_ALIKE
    )
    return [others[at] for _, _, at in found]


def alike_ids(database: Database, split: Split) -> frozenset[str]:
    """Ids of the split's rows whose question is nearly that of another row of their topic. Takes a second or two."""
    from rapidfuzz import fuzz, process

    query = "SELECT topic, id, json_extract(body, '$.question') FROM rows WHERE split = ? ORDER BY topic"
    groups: dict[str, tuple[list[str], list[str]]] = {}
    for topic, row_id, question in database.connection.execute(query, (split,)):
        ids, questions = groups.setdefault(topic, ([], []))
        ids.append(row_id)
        questions.append(normal(question))
    found = set()
    for ids, questions in groups.values():
        for at, question in enumerate(questions):
            near = process.extract(question, questions, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE, limit=2)
            if any(other != at for _, _, other in near):
                found.add(ids[at])
    return frozenset(found)
