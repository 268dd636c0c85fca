"""The Facts step: all that the model is to know."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Input, Select, Static
from textual.worker import Worker, WorkerState

from andraeus_tui import drafts, exporting
from andraeus_tui.fact_view import (
    FactList,
    Marks,
    RowCount,
    cells,
    count_by_fact,
    deletion_text,
    details,
    status_text,
    tier_text,
)
from andraeus_tui.files import typed_path
from andraeus_tui.importing import Import
from andraeus_tui.knowledge import newest_knowledge
from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts, put_facts, remove_facts
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.dialogs import Ask, Confirm
from andraeus_tui.ui.fact_form import FactForm
from andraeus_tui.ui.import_dialog import ImportDialog
from andraeus_tui.ui.table import Column, WindowTable
from schemas.fact import Fact, Tier

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
    HELP = """
# Facts

What the model is to know. **a** adds one, **i** imports many, **e** or Enter edits, **d** deletes, **u** takes any
change back.

- **rows**: training questions made from the fact. Only **approved** ones train.
- **in model**: *yes*, the newest trained model was taught it; *changed*, it was taught another value; *no*, it was not.
- **recalled**: questions of the last evaluation that it answered right.
- **/** searches in all columns of text, **t** and **s** filter by tier and by person, Escape shows all again.

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
    FactsScreen #filters { height: 1; }
    FactsScreen #search { width: 1fr; }
    FactsScreen #tier { width: 18; }
    FactsScreen #owner { width: 20; }
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

    def body(self) -> ComposeResult:
        """Filters, the table or a hint, the fact under the cursor, the counts."""
        with Horizontal(id="filters"):
            yield Input(placeholder="/ to search", id="search", compact=True)
            tiers = [(tier_text(tier), tier) for tier in Tier]
            yield Select(tiers, prompt="all tiers", id="tier", compact=True)
            yield Select[str]([], prompt="everyone", id="owner", compact=True)
        yield WindowTable(tuple(_NARROW.values()), id="facts")
        yield Static(_NOTHING, markup=False, id="nothing")
        yield Static("", markup=False, id="details")
        yield Static("", markup=False, id="status")

    @property
    def _table(self) -> WindowTable:
        return self.query_one("#facts", WindowTable)

    @property
    def _present(self) -> Fact | None:
        index = self._table.cursor
        return self._shown[index] if index < len(self._shown) else None

    def on_resize(self, event: Resize) -> None:
        """More columns where there is room."""
        self._table.set_columns(tuple((_WIDE if event.size.width >= _WIDE_FROM else _NARROW).values()))

    def show(self) -> None:
        """Read the facts at once, and what else is known about them in a thread."""
        if self.project.folder != self._folder:
            self._folder, self._marks = self.project.folder, Marks({}, None)
            self._clear_filters()
        with self.telling():
            self._facts = FactList(all_facts(self.database))
        wanted, self.andraeus.wanted_fact = self.andraeus.wanted_fact, None
        if wanted:
            self._clear_filters()
        self._narrow(wanted)
        facts, project = self._facts, self.project
        self.run_worker(lambda: _look(facts, project), thread=True, exclusive=True, group="marks", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Rows and model have been looked at, or an import is stored."""
        if event.worker.group != "marks":
            return
        if event.state is WorkerState.SUCCESS:
            marks: Any = event.worker.result
            self._marks = marks
            self._offer_owners()
            self._table.forget()
            self._tell()
        elif event.state is WorkerState.ERROR:
            self.notify(str(event.worker.error), severity="error", markup=False, timeout=8)

    def _offer_owners(self) -> None:
        select: Select[str] = self.query_one("#owner", Select)
        chosen = None if select.is_blank() else select.value
        with self.prevent(Select.Changed):
            select.set_options([(Text(owner), owner) for owner in self._facts.owners])
            if chosen in self._facts.owners:
                select.value = chosen
        if chosen is not None and select.is_blank():
            self._narrow()

    @on(Input.Changed, "#search")
    @on(Select.Changed)
    def _filter(self) -> None:
        self._narrow()

    def _narrow(self, wanted: str | None = None) -> None:
        """Show what passes the filters; the cursor stays on its fact, or goes to the wanted one."""
        present = self._present
        tier: Select[Tier] = self.query_one("#tier", Select)
        owner: Select[str] = self.query_one("#owner", Select)
        shown = self._shown = self._facts.find(
            self.query_one("#search", Input).value,
            None if tier.is_blank() else tier.value,  # type: ignore[arg-type]
            None if owner.is_blank() else owner.value,  # type: ignore[arg-type]
        )
        fact_id = wanted or (present.id if present else None)
        at = next((index for index, fact in enumerate(shown) if fact.id == fact_id), None)
        self._table.set_rows(len(shown), lambda offset, limit: self._cells(shown[offset : offset + limit]), cursor=at)
        self._table.display = bool(self._facts.facts)
        self.query_one("#nothing").display = not self._facts.facts
        self._tell()

    def _cells(self, facts: tuple[Fact, ...]) -> list[list[str]]:
        columns = _WIDE if self.size.width >= _WIDE_FROM else _NARROW
        return [[named[name] for name in columns] for named in (cells(fact, self._marks) for fact in facts)]

    @on(WindowTable.Moved)
    def _tell(self) -> None:
        fact = self._present
        lines = details(fact, self._marks) if fact else ()
        self.query_one("#details", Static).update("\n".join(lines))
        self.query_one("#details").display = fact is not None
        self.query_one("#status", Static).update(status_text(self._facts, self._shown, self._marks))

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
                self._clear_filters()
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
        question = "Write all facts to which file? Its ending says how: .json .jsonl .csv .yaml"
        first = f"~/{self.project.folder.name}-facts.json"
        self.app.push_screen(Ask(question, first), self._export)

    def _export(self, text: str | None) -> None:
        if not text or not text.strip():
            return
        with self.telling():
            path = typed_path(text)
            form = exporting.format_of(path)

            def write(sure: bool | None) -> None:
                if sure:
                    with self.telling():
                        exporting.write(list(self._facts.facts), form, path)
                        self.notify(f"Wrote {path}.", markup=False)

            if path.exists():
                self.app.push_screen(Confirm(f"{path} exists. Replace it?", yes="Replace", no="Keep"), write)
            else:
                write(True)

    # Filters

    def action_search(self) -> None:
        """Go to the search."""
        self.query_one("#search").focus()

    @on(Input.Submitted, "#search")
    def _searched(self) -> None:
        self._table.focus()

    def action_next_tier(self) -> None:
        """Show the next tier alone, after the last one all."""
        _next(self.query_one("#tier", Select), list(Tier))

    def action_next_owner(self) -> None:
        """Show the facts about the next person alone, after the last one all."""
        _next(self.query_one("#owner", Select), list(self._facts.owners))

    def action_show_all(self) -> None:
        """No filter; back to the table."""
        self._clear_filters()
        self._narrow()
        self._table.focus()

    def _clear_filters(self) -> None:
        with self.prevent(Input.Changed, Select.Changed):
            self.query_one("#search", Input).value = ""
            self.query_one("#tier", Select).clear()
            self.query_one("#owner", Select).clear()


def _next(select: Select[Any], values: list[Any]) -> None:
    choices = [Select.NULL, *values]
    select.value = choices[(choices.index(select.value) + 1) % len(choices)]


def _look(facts: FactList, project: Project) -> Marks:
    """What takes longer than a frame: counting all rows, reading a run, finding out whom each fact is about."""
    with project.database() as database:
        rows = count_by_fact(database)
    assert facts.owners is not None
    return Marks(rows, newest_knowledge(project.runs))
