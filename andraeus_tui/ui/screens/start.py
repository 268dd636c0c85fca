"""The start: projects opened before, a new one, another folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static
from textual.worker import Worker, WorkerState

from andraeus_tui import preferences
from andraeus_tui.files import typed_path
from andraeus_tui.recent import Summary, summary, tilde
from andraeus_tui.ui.base import telling
from andraeus_tui.ui.dialogs import Ask
from andraeus_tui.ui.keys import KeyBar
from andraeus_tui.ui.table import Column, WindowTable

if TYPE_CHECKING:
    from andraeus_tui.ui.app import AndraeusApp

_NONE = """No projects yet.

Press n to make one in three answers, or o to open a folder that holds one."""
_UNKNOWN = Summary("...", "...", "...")


class StartScreen(Screen[None]):
    """The list of recent projects; with none, the form for the first."""

    AUTO_FOCUS = "#projects"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual's own declaration)
    HELP = """
# Projects

Enter opens the project under the cursor, **n** makes a new one, **o** opens one by its folder. **Delete** takes a
project out of this list; its folder and everything in it stay on the disk.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New project"),
        Binding("o", "open_folder", "Open folder"),
        Binding("delete,d", "forget", "Remove from list"),
    ]
    CSS = """
    StartScreen #title { height: auto; padding: 1 1 0 1; text-style: bold; }
    StartScreen #hint { height: auto; padding: 0 1 1 1; }
    StartScreen #none { height: 1fr; padding: 1 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._folders: list[Path] = []
        self._summaries: dict[Path, Summary] = {}

    def compose(self) -> ComposeResult:
        """A title, the list or a hint."""
        yield Static("Andraeus: facts about you in a language model's weights", markup=False, id="title")
        yield Static("Enter opens the project under the cursor.", markup=False, id="hint", classes="hint")
        columns = (Column("project", 20), Column("facts", 10), Column("approved rows", 13), Column("newest run", 12))
        yield WindowTable((*columns, Column("folder")), id="projects")
        yield Static(_NONE, markup=False, id="none")
        yield KeyBar()

    def on_mount(self) -> None:
        """A person with no project yet begins with the form. The project of the command line, if any, is open then."""
        self.app.call_later(self._greet)

    def on_screen_resume(self) -> None:
        """Another project may have been opened, and much may have happened in it."""
        self._show()

    @property
    def _andraeus(self) -> AndraeusApp:
        return cast("AndraeusApp", self.app)

    @property
    def _table(self) -> WindowTable:
        return self.query_one("#projects", WindowTable)

    def _greet(self) -> None:
        if not preferences.recent_projects() and not self._andraeus.has_project and self.is_current:
            self._make(welcome=True)

    def _show(self) -> None:
        folders = self._folders = preferences.recent_projects()
        self._table.set_rows(
            len(folders), lambda offset, limit: [self._cells(one) for one in folders[offset : offset + limit]]
        )
        self._table.display = bool(folders)
        self.query_one("#hint").display = bool(folders)
        self.query_one("#none").display = not folders
        self.run_worker(
            lambda: {folder: summary(folder) for folder in folders}, thread=True, exclusive=True, exit_on_error=False
        )

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The projects have been looked into."""
        if event.state is WorkerState.SUCCESS:
            found: Any = event.worker.result
            self._summaries = found
            self._table.forget()

    def _cells(self, folder: Path) -> list[str]:
        known = self._summaries.get(folder, _UNKNOWN)
        return [folder.name, known.facts, known.approved, known.run, tilde(folder)]

    @on(WindowTable.Chosen)
    def _open_present(self) -> None:
        """Open the project under the cursor."""
        if self._folders:
            self._open(self._folders[self._table.cursor])

    def _open(self, folder: Path) -> None:
        with telling(self):
            self._andraeus.open_project(folder)

    def action_new(self) -> None:
        """The form for a new project."""
        self._make(welcome=False)

    def _make(self, welcome: bool) -> None:
        from andraeus_tui.ui.new_project import NewProject

        self.app.push_screen(NewProject(welcome), lambda folder: self._open(folder) if folder else None)

    def action_open_folder(self) -> None:
        """Open a project by its path."""

        def answered(text: str | None) -> None:
            if text and text.strip():
                with telling(self):
                    self._andraeus.open_project(typed_path(text))

        self.app.push_screen(Ask("Folder of the project", placeholder="~/andraeus"), answered)

    def action_forget(self) -> None:
        """Take the project under the cursor out of the list."""
        if self._folders:
            folder = self._folders[self._table.cursor]
            preferences.forget_project(folder)
            self.notify(f"{folder.name} is out of the list. Its folder stays: {folder}", markup=False)
            self._show()
