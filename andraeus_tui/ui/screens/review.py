"""The Review step: every row is looked at before it trains."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from andraeus_tui import editing
from andraeus_tui.reviewing import alike_ids, card_of, decide_all, is_quick, is_review, next_redo, next_undo
from andraeus_tui.store.database import Database
from andraeus_tui.ui.base import WorkingScreen
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.edit_form import EditForm
from andraeus_tui.ui.filter_bar import Fault, FilterBar
from andraeus_tui.ui.review_pane import ReviewPane, repair_text
from andraeus_tui.ui.row_text import STATES
from andraeus_tui.ui.table import WindowTable
from generators.topics import topic_of_fact
from schemas.row import ReviewState, Row

Result = TypeVar("Result")


class ReviewScreen(WorkingScreen):
    """A queue of rows and the one under the cursor in full."""

    STEP = "review"
    AUTO_FOCUS = "#rows"
    HELP = """
# Review

Only approved rows train. Every key is stored at once.

- **a** approves, **r** rejects; then the next waiting row comes. **s** skips to the next waiting row.
- **A** approves and **R** rejects all waiting rows that pass the filters. Rows that a check refuses are not approved.
- **e** edits. If your change may help other rows with the same words, you are asked.
- **u** takes back, **Ctrl+r** does it again.
- **f** shows the rows of this row's fact alone, **/** searches, **Escape** shows all again.

Marks: \N{MIDDLE DOT} waiting, \N{CHECK MARK} approved, \N{MULTIPLICATION X} rejected, ! refused by a check.

*Practice* and *test* rows are asked, never trained: practice decides when to stop, test measures at the end.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('approved')", "Approve"),
        Binding("r", "decide('rejected')", "Reject"),
        Binding("e", "edit", "Edit"),
        Binding("s", "skip", "Skip"),
        Binding("u", "undo", "Undo"),
        Binding("ctrl+r", "redo", "Redo", show=False),
        Binding("A", "decide_all('approved')", "Approve all", show=False),
        Binding("R", "decide_all('rejected')", "Reject all", show=False),
        Binding("f", "fact", "Its fact"),
        Binding("slash", "search", "Search"),
        Binding("escape", "show_all", "Show all", show=False),
    ]

    # A widget's own style does not see the screen's class.
    CSS = """
    ReviewScreen.-wide #both { layout: horizontal; }
    ReviewScreen.-wide #rows { width: 3fr; height: 100%; }
    ReviewScreen.-wide #card { width: 2fr; height: 100%; }
    ReviewScreen.-wide FilterBar Select { width: 18; }
    ReviewScreen.-wide #fault { width: 22; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._fact_id = ""
        """The fact whose rows alone are shown."""
        self._alike: frozenset[str] | None = None
        self._busy = False
        """Whether many rows are being changed in a thread: keys wait until that is done."""

    def body(self) -> ComposeResult:
        """Filters and rows."""
        yield FilterBar()
        yield ReviewPane()

    @property
    def _bar(self) -> FilterBar:
        return self.query_one(FilterBar)

    @property
    def _pane(self) -> ReviewPane:
        return self.query_one(ReviewPane)

    def show(self) -> None:
        """The rows as they are now; the cursor stays on its row, or goes to the first that waits."""
        with self.telling():
            if self._pane.database is self.database:
                self._pane.refill()
                return
            self._fact_id, self._alike = "", None
            self._bar.clear()
            self._pane.open(self.database)

    # Filters

    @on(FilterBar.Changed)
    def _filter(self) -> None:
        if self._pane.database is None:
            return
        if self._bar.fault is not Fault.ALIKE:
            self._alike = None
        elif self._alike is None or self._pane.queue.filter.split is not self._bar.wanted.split:
            self._look_for_alike()
            return
        self._apply()

    def _apply(self) -> None:
        if not self.andraeus.has_project or self._pane.database is not self.database:
            return  # another project was opened meanwhile
        with self.telling():
            self._pane.apply(replace(self._bar.wanted, fact_id=self._fact_id, among=self._alike))

    @work(exclusive=True, group="alike", exit_on_error=False)
    async def _look_for_alike(self) -> None:
        self.notify("Comparing the questions of each topic.", markup=False)
        split = self._bar.wanted.split
        self._alike = await self._aside(lambda database: alike_ids(database, split))
        self._apply()

    def action_fact(self) -> None:
        """Show the rows of this row's fact alone, or all again."""
        row, pane = self._pane.present, self._pane
        if self._fact_id:
            self._fact_id = pane.only = ""
        elif row and (facts := card_of(self.database, row).facts):
            self._fact_id, pane.only = facts[0].id, topic_of_fact(facts[0]).named
        else:
            self.notify("This row states no fact.", markup=False)
            return
        self._apply()

    def action_search(self) -> None:
        """Go to the search."""
        self.query_one("#search", Input).focus()

    @on(Input.Submitted)
    def _searched(self) -> None:
        self._pane.table.focus()

    def action_show_all(self) -> None:
        """No filter; back to the table."""
        self._bar.clear()
        self._fact_id, self._alike, self._pane.only = "", None, ""
        self._apply()
        self._pane.table.focus()

    # Decisions

    def action_decide(self, to: str) -> None:
        """Approve or reject the row under the cursor."""
        state, row = ReviewState(to), self._pane.present
        if row is None or self._is_busy():
            return
        if state is ReviewState.APPROVED and not row.checks:
            why = editing.problem_of(self.database, row)
            question = f"A check refuses this row: {why}.\n\nApprove it all the same?"
            self.app.push_screen(Confirm(question, "Approve", "Leave it"), lambda sure: self._decide(state, bool(sure)))
            return
        self._decide(state, True)

    def _decide(self, state: ReviewState, sure: bool) -> None:
        with self.telling():
            if sure:
                self._pane.decide(state)

    def action_skip(self) -> None:
        """Leave this row for later."""
        self._pane.go_on()

    @work(exclusive=True, group="all", exit_on_error=False)
    async def action_decide_all(self, to: str) -> None:
        """Approve or reject all waiting rows that pass the filters."""
        state, queue = ReviewState(to), self._pane.queue
        if self._is_busy():
            return
        ids = queue.undecided(state)
        if not ids:
            self.notify("No row that passes the filters waits.", markup=False)
            return
        verb = "Approve" if state is ReviewState.APPROVED else "Reject"
        kind = STATES[queue.filter.state or ReviewState.PENDING]
        question = f"{verb} all rows that pass the filters and are {kind}? That makes {len(ids):,}."
        if await self.app.push_screen_wait(Confirm(question, verb, "No")):
            count = await self._aside(lambda database: decide_all(database, ids, state))
            if count is not None:
                self.notify(f"{count:,} rows {STATES[state]}. u takes it back.", markup=False)
                self._renew()

    async def _aside(self, act: Callable[[Database], Result]) -> Result | None:
        """Do what takes longer than a frame in a thread, with a connection of its own; None when it failed."""
        project, self._busy = self.project, True

        def run() -> Result:
            with project.database() as database:
                return act(database)

        try:
            with self.telling():
                return await asyncio.to_thread(run)
        finally:
            self._busy = False
        return None

    def _renew(self) -> None:
        """Show what became of the rows, unless another project was opened meanwhile."""
        if self.andraeus.has_project and self._pane.database is self.database:
            self._pane.refill()

    def _is_busy(self) -> bool:
        if self._busy:
            self.notify("One moment: many rows are being changed.", markup=False)
        return self._busy

    # Back and forth

    @work(exclusive=True, group="step", exit_on_error=False)
    async def action_undo(self) -> None:
        """Take the latest change back."""
        label = next_undo(self.database)
        await self._step(label, "Undone", "take it back", "There is nothing to undo.", back=True)

    @work(exclusive=True, group="step", exit_on_error=False)
    async def action_redo(self) -> None:
        """Make the change again that was taken back."""
        label = next_redo(self.database)
        await self._step(label, "Done again", "do it again", "There is nothing to redo.", back=False)

    async def _step(self, label: str | None, done: str, what: str, nothing: str, *, back: bool) -> None:
        if self._is_busy():
            return
        if label is None:
            self.notify(nothing, markup=False)
            return
        question = f"This change is no review, but: {label}.\n\nReally {what}?"
        if not is_review(label) and not await self.app.push_screen_wait(Confirm(question)):
            return
        with self.telling():
            if is_quick(label):
                queue = self._pane.queue
                self._pane.fill((queue.undo() if back else queue.redo())[1])
            elif await self._aside(lambda database: database.undo() if back else database.redo()) is None:
                return
            else:
                self._renew()
            self.notify(f"{done}: {label}.", markup=False)

    # Editing

    @on(WindowTable.Chosen)
    def action_edit(self) -> None:
        """Rewrite the row under the cursor."""
        row, database = self._pane.present, self.database
        if row is None or self._is_busy():
            return

        def save(question: str, answer: str, approve: bool) -> Row:
            return editing.edit(database, row, question, answer, approve)

        def saved(changed: Row | None) -> None:
            if changed:
                self._renew()
                self._offer(editing.repairs_of(row, changed), row.id)

        self.app.push_screen(EditForm(row, editing.checker(database, row), save), saved)

    @work(exclusive=True, group="repair", exit_on_error=False)
    async def _offer(self, repairs: list[editing.Repair], but: str) -> None:
        """Ask whether other rows with the same words are to be mended the same way."""
        for repair in repairs:
            find = partial(editing.same_fault, repair=repair, but=but)
            found = await self._aside(find)
            if not found or not found.rows:
                continue
            question = repair_text(repair, found)
            if await self.app.push_screen_wait(Confirm(question, "Mend them", "Leave them")):
                await self._aside(partial(editing.apply_repair, repaired=found))
                self.notify(f"{len(found.rows):,} rows mended. They wait for you. u takes it back.", markup=False)
                self._renew()
