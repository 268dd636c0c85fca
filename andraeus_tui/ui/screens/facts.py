"""The Facts step: all that the model is to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from andraeus_tui import drafts
from andraeus_tui.fact_view import (
    FactList,
    Marks,
    RowCount,
    cells,
    deletion_text,
    details,
    look_into,
    status_text,
)
from andraeus_tui.importing import Import
from andraeus_tui.store.facts import all_facts, put_facts, remove_facts
from andraeus_tui.ui.base import ProjectScreen, tell
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.exporting import ask_and_export
from andraeus_tui.ui.fact_filters import FactFilters
from andraeus_tui.ui.fact_form import FactForm
from andraeus_tui.ui.import_dialog import ImportDialog
from andraeus_tui.ui.labels import retell
from andraeus_tui.ui.table import Column, WindowTable
from schemas.fact import Fact

# Name of the cell -> its column.
_NARROW = {
    "about": Column("about", 8),
    "attribute": Column("attribute", 14),
    "value": Column("value"),
    "tier number": Column("tier", 4),
    "approved of rows": Column("approved", 8),
    "in model": Column("model", 7),
    "recalled": Column("recall", 6),
}
_WIDE = {
    "about": Column("about", 12),
    "attribute": Column("attribute", 20),
    "value": Column("value"),
    "kind": Column("kind", 6),
    "tier": Column("tier", 12),
    "rows": Column("rows", 5),
    "approved": Column("approved", 8),
    "in model": Column("in model", 8),
    "recalled": Column("recalled", 8),
}
_WIDE_FROM = 110
_NOTHING = """No facts yet.

Press a to add one, or i to import a file or pasted text.
A fact is one thing about you or about somebody you know, such as
pet name: Max"""


class FactsScreen(ProjectScreen):
    """A table of facts with a search, and everything that changes them."""

    STEP = "facts"
    AUTO_FOCUS = "#facts"
    HELP = r"""
# Facts

What the model is to know. **a** adds one, **i** imports many, **e** or Enter edits, **d** deletes, **u** takes any
change back.

- **rows**: training questions made from the fact. Only **approved** ones train.
- **in model**: *yes*, the newest trained model was taught it; *changed*, it was taught another value; *no*, it was not.
- **recalled**: questions of the last evaluation that it answered right.
- **/** searches in all columns of text, **t** and **s** filter by tier and by person, Escape shows all again.
- In the form, | stands between two of *Also right* or *Asked as*; `\|` is a bar that belongs to the text.

Tiers: 1 simple, 2 relational (people and tastes), 3 temporal (time), 4 multi-hop (the dog of your sister).
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add"),
        Binding("e", "edit", "Edit"),
        Binding("d,delete", "delete", "Delete"),
        Binding("u", "undo", "Undo"),
        Binding("U,ctrl+r", "redo", "Redo", show=False),
        Binding("i", "import", "Import"),
        Binding("x", "export", "Export", show=False),
        Binding("slash", "search", "Search"),
        Binding("t", "next_tier", "Tier"),
        Binding("s", "next_owner", "Person", show=False),
        Binding("escape", "show_all", "Show all", show=False),
    ]
    CSS = """
    FactsScreen #nothing { height: 1fr; padding: 1 2; }
    FactsScreen #details { height: auto; max-height: 4; padding: 0 1; background: $panel; }
    FactsScreen #status { height: 1; padding: 0 1; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._facts = FactList(())
        self._shown: tuple[Fact, ...] = ()
        self._marks = Marks({}, None)
        self._folder: Path | None = None
        self._version: tuple[int, int] | None = None
        """The database's version of which facts and marks are shown."""

    def body(self) -> ComposeResult:
        """Filters, the table or a hint, the fact under the cursor, the counts."""
        yield FactFilters()
        yield WindowTable(tuple(_NARROW.values()), on_move=self._tell, id="facts")
        yield Static(_NOTHING, markup=False, id="nothing")
        yield Static("", markup=False, id="details")
        yield Static("", markup=False, id="status")

    @property
    def _table(self) -> WindowTable:
        return self.query_one("#facts", WindowTable)

    @property
    def _filters(self) -> FactFilters:
        return self.query_one(FactFilters)

    @property
    def _present(self) -> Fact | None:
        index = self._table.cursor
        return self._shown[index] if index < len(self._shown) else None

    def on_resize(self, event: Resize) -> None:
        """More columns where there is room."""
        self._table.set_columns(tuple((_WIDE if event.size.width >= _WIDE_FROM else _NARROW).values()))

    def show(self) -> None:
        """Read the facts at once, and what else is known about them in a thread; what has not changed is not read."""
        if self.project.folder != self._folder:
            self._folder, self._marks, self._version = self.project.folder, Marks({}, None), None
            self._filters.clear()
        version = self.database.version
        with self.telling():
            if version != self._version and (stored := tuple(all_facts(self.database))) != self._facts.facts:
                self._facts = FactList(stored)
        wanted, self.andraeus.wanted_fact = self.andraeus.wanted_fact, None
        if wanted:
            self._filters.clear()
        self._narrow(wanted)
        facts, project, rows = self._facts, self.project, self._marks.rows if version == self._version else None
        self.run_worker(
            lambda: (version, look_into(project, facts, rows)),
            thread=True, exclusive=True, group="marks", exit_on_error=False,
        )  # fmt: skip

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Rows and model have been looked at, or an import is stored."""
        if event.worker.group != "marks":
            return
        if event.state is WorkerState.SUCCESS:
            result: Any = event.worker.result
            self._version, marks = result
            self._filters.offer(self._facts.owners)
            if marks != self._marks:
                self._marks = marks
                self._table.forget()
                self._tell()
        elif event.state is WorkerState.ERROR:
            tell(self, event.worker.error)

    @on(FactFilters.Changed)
    def _filter(self) -> None:
        self._narrow()

    def _narrow(self, wanted: str | None = None) -> None:
        """Show what passes the filters; the cursor stays on its fact, or goes to the wanted one."""
        present = self._present
        shown = self._shown = self._filters.passing(self._facts)
        fact_id = wanted or (present.id if present else None)
        at = next((index for index, fact in enumerate(shown) if fact.id == fact_id), None)
        self._table.set_rows(len(shown), lambda offset, limit: self._cells(shown[offset : offset + limit]), cursor=at)
        self._table.display = bool(self._facts.facts)
        self.query_one("#nothing").display = not self._facts.facts
        self._tell()

    def _cells(self, facts: tuple[Fact, ...]) -> list[list[str]]:
        columns = _WIDE if self.size.width >= _WIDE_FROM else _NARROW
        return [[named[name] for name in columns] for named in (cells(fact, self._marks) for fact in facts)]

    def _tell(self) -> None:
        fact = self._present
        lines = details(fact, self._marks) if fact else ()
        retell(self.query_one("#details", Static), "\n".join(lines))
        self.query_one("#details").display = fact is not None
        retell(self.query_one("#status", Static), status_text(self._facts, self._shown, self._marks))

    # Changes

    def action_add(self) -> None:
        """Write a new fact."""
        self._write(None)

    @on(WindowTable.Chosen)
    def action_edit(self) -> None:
        """Change the fact under the cursor."""
        if fact := self._present:
            self._write(fact)

    def _write(self, edited: Fact | None) -> None:
        def saved(fact: Fact | None) -> None:
            if fact is not None:
                self._filters.clear()
                self.andraeus.wanted_fact = fact.id
                self.show()

        count = self._marks.rows.get(edited.id, RowCount(0, 0)) if edited else RowCount(0, 0)
        others = {fact.id: fact for fact in self._facts.facts}
        database = self.database
        form = FactForm(others, lambda fact: drafts.save(database, fact, edited), edited, count)
        self.app.push_screen(form, saved)

    def action_delete(self) -> None:
        """Delete the fact under the cursor, when the person is sure."""
        fact = self._present
        if fact is None:
            return

        def answered(sure: bool | None) -> None:
            if not sure:
                return
            with self.telling():
                remove_facts(self.database, [fact.id], f"delete {fact.attribute}")
            self.show()

        self.app.push_screen(Confirm(deletion_text(fact, self._marks), yes="Delete", no="Keep"), answered)

    def action_undo(self) -> None:
        """Take the latest change back."""
        with self.telling():
            self._stepped(self.database.undo(), "Undone", "There is nothing to undo.")

    def action_redo(self) -> None:
        """Make the change again that was taken back."""
        with self.telling():
            self._stepped(self.database.redo(), "Done again", "There is nothing to redo.")

    def _stepped(self, label: str | None, done: str, nothing: str) -> None:
        self.notify(f"{done}: {label}." if label else nothing, markup=False)
        if label:
            before = {fact.id: fact for fact in self._facts.facts}
            changed = (fact.id for fact in all_facts(self.database) if before.get(fact.id) != fact)
            self.andraeus.wanted_fact = next(changed, None)
            self.show()

    def action_import(self) -> None:
        """Take facts from a file or from pasted text."""
        project = self.project

        def store(facts: list[Fact], label: str) -> None:
            with project.database() as database:
                put_facts(database, facts, label)

        def imported(found: Import | None) -> None:
            if found is not None:
                self.notify(found.summary, markup=False)
                self.andraeus.wanted_fact = found.changed[0].id if found.changed else None
                self.show()

        self.app.push_screen(ImportDialog(list(self._facts.facts), store), imported)

    def action_export(self) -> None:
        """Write all facts into a file; its ending says in which format."""
        ask_and_export(self, list(self._facts.facts), f"~/{self.project.folder.name}-facts.json")

    # Filters

    def action_search(self) -> None:
        """Go to the search."""
        self._filters.search()

    @on(FactFilters.Done)
    def _searched(self) -> None:
        self._table.focus()

    def action_next_tier(self) -> None:
        """Show the next tier alone, after the last one all."""
        self._filters.next_tier()

    def action_next_owner(self) -> None:
        """Show the facts about the next person alone, after the last one all."""
        self._filters.next_owner(self._facts.owners)

    def action_show_all(self) -> None:
        """No filter; back to the table."""
        self._filters.clear()
        self._narrow()
        self._table.focus()
