"""Import facts into the open project, after a look at what will happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from andraeus_tui.importing import Import, refuse_if_useless
from andraeus_tui.ui.base import tell, telling
from andraeus_tui.ui.import_preview import FactsSource
from andraeus_tui.ui.keys import KeyBar
from schemas.errors import AndraeusError
from schemas.fact import Fact

Store = Callable[[list[Fact], str], None]
"""Stores facts under a label; runs in a thread."""


class ImportDialog(ModalScreen[Import | None]):
    """A file or pasted text; Ctrl+S takes what the preview shows. What was typed stays when it cannot be stored."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 (Textual's own declaration)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "take", "Import", priority=True),
        Binding("escape", "cancel", "Cancel"),
    ]
    CSS = """
    ImportDialog .dialog { width: 100; max-width: 100%; max-height: 100%; padding: 0 1; }
    ImportDialog #pasted { height: 6; }
    ImportDialog #preview { height: 7; }
    ImportDialog.-tall #pasted, ImportDialog.-tall #preview { height: 11; }
    """

    def __init__(self, existing: list[Fact], store: Store) -> None:
        super().__init__()
        self._existing, self._store = existing, store
        self._taking = self._storing = False

    def compose(self) -> ComposeResult:
        """The source with its preview, two buttons."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("Import facts", classes="title")
            yield FactsSource(self._existing, can_replace=True, id="source")
            with Horizontal(classes="buttons"):
                yield Button("Import (^s)", variant="primary", id="take", compact=True)
                yield Button("Cancel (esc)", id="cancel", compact=True)
        yield KeyBar()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The same as the keys."""
        if event.button.id == "take":
            self.action_take()
        else:
            self.action_cancel()

    @on(FactsSource.Read)
    def _read(self) -> None:
        if self._taking:
            self.action_take()

    def action_take(self) -> None:
        """Store what the preview shows; when it is not ready yet, as soon as it is."""
        source = self.query_one(FactsSource)
        self._taking = source.busy
        if source.busy or self._storing:
            return
        with telling(self):
            if source.problem or source.found is None:
                raise AndraeusError(source.problem or "Give a file or paste some text first.")
            refuse_if_useless(source.found, source.name_of_source)
            self._storing = True
            facts, label = source.found.changed, f"import {source.name_of_source}"
            self.run_worker(
                lambda: self._store(facts, label), thread=True, group="store", exclusive=True, exit_on_error=False
            )

    @on(Worker.StateChanged)
    def _stored(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.SUCCESS:
            self.dismiss(self.query_one(FactsSource).found)
        elif event.state is WorkerState.ERROR:
            self._storing = False
            tell(self, event.worker.error)

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
