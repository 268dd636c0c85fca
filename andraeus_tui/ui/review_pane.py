"""The rows under review: how far it is, the table, and the row under the cursor in full."""

from __future__ import annotations

from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.widgets import Static

from andraeus_tui.editing import Repair, Repaired, problem_of
from andraeus_tui.reviewing import Pace, Queue, card_of, progress_of
from andraeus_tui.store.database import Database
from andraeus_tui.store.queue import Filter
from andraeus_tui.ui.labels import retell
from andraeus_tui.ui.row_text import card_text, review_cells
from andraeus_tui.ui.table import Column, WindowTable
from schemas.row import ReviewState, Row

_NARROW = (Column("", 2), Column("kind", 9), Column("question"), Column("answer", 26))
# The card has the answer; beside it there is no room for a second one.
_WIDE = (Column("", 2), Column("kind", 9), Column("question"))
_WIDE_FROM = 100
_NOTHING = "No rows yet. Make some in the Generate step (key 2)."
_EXAMPLES = 3


class ReviewPane(Vertical):
    """Paints a queue of rows. `database` and `queue` are those of the open project."""

    DEFAULT_CSS = """
    ReviewPane {
        height: 1fr;
        & #progress { height: 1; padding: 0 1; }
        & #both { height: 1fr; layout: vertical; }
        & #rows { height: 1fr; }
        & #card { height: 10; padding: 0 1; background: $panel; }
        & #text { height: auto; min-height: 100%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.database: Database | None = None
        self._queue: Queue | None = None
        self.only = ""
        """Name of the fact whose rows alone are shown."""
        self._pace = Pace()

    def compose(self) -> ComposeResult:
        """Progress, the rows, the card."""
        yield Static("", markup=False, id="progress")
        with Container(id="both"):
            yield WindowTable(_NARROW, on_move=self._tell, id="rows")
            with VerticalScroll(id="card", can_focus=False):
                yield Static(_NOTHING, markup=False, id="text")

    @property
    def table(self) -> WindowTable:
        """The rows."""
        return self.query_one("#rows", WindowTable)

    @property
    def queue(self) -> Queue:
        """What is under review. There is one as soon as a project was shown."""
        assert self._queue is not None
        return self._queue

    @property
    def present(self) -> Row | None:
        """The row under the cursor."""
        return self._queue.row(self.table.cursor) if self._queue else None

    def on_resize(self) -> None:
        """Columns for the room that there is."""
        self.table.set_columns(_WIDE if self.size.width >= _WIDE_FROM else _NARROW)

    def open(self, database: Database) -> None:
        """Begin with another project, at the first row that waits."""
        self.database, self._queue, self._pace, self.only = database, Queue(database), Pace(), ""
        self.fill(self.queue.next_waiting(0))

    def apply(self, wanted: Filter) -> None:
        """Show the rows of another filter, from the first that waits."""
        self.queue.refresh(wanted)
        self.fill(self.queue.next_waiting(0) or 0)

    def refill(self) -> None:
        """Read the rows of the filter again; the cursor stays on its row."""
        present = self.present
        self.queue.refresh()
        self.fill(self.queue.index_of(present.id) if present else None)

    def fill(self, cursor: int | None) -> None:
        """Paint everything anew."""
        self.table.set_rows(len(self.queue), partial(_cells, self.queue), cursor=cursor)
        self._tell()

    def decide(self, state: ReviewState) -> None:
        """Decide the row under the cursor and go on to the next that waits."""
        if self.queue.decide(self.table.cursor, state):
            self._pace.note()
        self.table.forget()
        self.go_on()

    def go_on(self) -> None:
        """To the next row that waits."""
        waiting = self.queue.next_waiting(self.table.cursor + 1)
        if waiting is None:
            self.notify("No row of these waits any more.", markup=False)
        if waiting is None or waiting == self.table.cursor:
            self._tell()
        else:
            self.table.cursor = waiting

    def _tell(self) -> None:
        """The row under the cursor, and how far the review is."""
        row, database = self.present, self.database
        assert database is not None
        if row:
            text: str | Text = card_text(card_of(database, row), problem_of(database, row))
        else:
            text = "This row is gone." if len(self.queue) else self._why_empty()
        retell(self.query_one("#text", Static), text)
        self.query_one("#card").scroll_home(animate=False, immediate=True)
        retell(self.query_one("#progress", Static), self._progress(database))

    def _progress(self, database: Database) -> str:
        progress, pace = progress_of(database, self.queue.filter.split), self._pace.rows_a_minute
        parts = [
            progress.text,
            "" if pace is None else f"{pace} rows a minute",
            f"{len(self.queue):,} shown" if len(self.queue) != progress.total else "",
            f"only {self.only} (f shows all)" if self.only else "",
        ]
        return ", ".join(part for part in parts if part)

    def _why_empty(self) -> str:
        return "No row passes the filters. Escape shows all." if self.queue.filter != Filter() else _NOTHING


def _cells(queue: Queue, offset: int, limit: int) -> list[tuple[str, ...]]:
    return [review_cells(row) for row in queue.rows(offset, limit)]


def repair_text(repair: Repair, found: Repaired) -> str:
    """The offer to mend other rows the same way, with a few of them as they would be."""
    count = len(found.rows)
    rows = "One other row has" if count == 1 else f"{count:,} other rows have"
    lines = [f'{rows} the words "{repair.old}".', f'Put "{repair.new}" there, too? They will wait for you.', ""]
    lines += [f"  {row.question if repair.side == 'question' else row.answer}"[:200] for row in found.rows[:_EXAMPLES]]
    lines += [f"  and {count - _EXAMPLES:,} more"] if count > _EXAMPLES else []
    if found.refused:
        lines += ["", f"{found.refused:,} more would not pass the checks that way and stay as they are."]
    return "\n".join(lines)
