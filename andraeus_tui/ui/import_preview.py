"""Where facts come from, a file or pasted text, with a preview of what will be taken and what not."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Checkbox, Input, Static, TextArea
from textual.worker import Worker, WorkerState

from andraeus_tui.files import typed_path
from andraeus_tui.importing import Import, preview, read_facts, read_pasted
from andraeus_tui.readers import PASTED
from andraeus_tui.ui.marks import Tick
from andraeus_tui.ui.table import Column, WindowTable
from schemas.errors import AndraeusError, InputError
from schemas.fact import Fact

_COLUMNS = (Column("action", 7), Column("where", 8), Column("attribute", 16), Column("value, or why it is not taken"))
_PAUSE_SECONDS = 0.15
"""How long nobody types before the text is read."""


class FactsSource(Vertical):
    """A line for a path, a field for text, and below what would come of it. Nothing is stored here."""

    DEFAULT_CSS = """
    FactsSource { height: auto; }
    FactsSource #pasted { height: 4; }
    FactsSource #pasted { padding: 0; }
    FactsSource #path, FactsSource #pasted { background: $boost; }
    FactsSource #summary { height: auto; }
    FactsSource.-empty #preview { display: none; }
    """

    class Read(Message):
        """What was given has been read: `found`, or the `problem` that hinders it, or neither when nothing is given."""

        def __init__(self, found: Import | None, problem: str) -> None:
            super().__init__()
            self.found, self.problem = found, problem

    def __init__(self, existing: list[Fact], *, can_replace: bool, id: str | None = None) -> None:
        super().__init__(id=id, classes="-empty")
        self._existing, self._can_replace = existing, can_replace
        self._timer: Timer | None = None
        self.busy = False
        """Whether something was typed that has not been read yet."""
        self.found: Import | None = None
        self.problem = ""

    def compose(self) -> ComposeResult:
        """Two fields, a switch, the preview."""
        yield Input(placeholder="Path of a file (.json .jsonl .csv .yaml .txt)", id="path", compact=True)
        hint = "... or paste or write here, for example\npet name: Max\nsister's birthday: 3 May 1990"
        yield TextArea(placeholder=hint, id="pasted", compact=True)
        if self._can_replace:
            yield Tick("Replace facts that have another value already", id="replace", compact=True)
        yield Static("", markup=False, id="summary", classes="hint")
        yield WindowTable(_COLUMNS, id="preview")

    @property
    def name_of_source(self) -> str:
        """What the history calls the source."""
        return typed_path(self._path).name if self._path else "pasted text"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return not self._path and not self._pasted.strip()

    @property
    def _path(self) -> str:
        return self.query_one("#path", Input).value.strip()

    @property
    def _pasted(self) -> str:
        return self.query_one("#pasted", TextArea).text

    @on(Input.Changed, "#path")
    @on(TextArea.Changed, "#pasted")
    @on(Checkbox.Changed, "#replace")
    def _typed(self, event: Message) -> None:
        event.stop()
        self.busy = True
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE_SECONDS, self._begin)

    def _begin(self) -> None:
        path, text, existing = self._path, self._pasted, self._existing
        replace = self._can_replace and self.query_one("#replace", Checkbox).value

        def read() -> Import | None:
            if path and text.strip():
                raise InputError("Give a file or text, not both.")
            if path:
                return read_facts(typed_path(path), existing, replace)
            return read_pasted(text, existing, replace) if text.strip() else None

        # Reading 1,000 facts takes a tenth of a second and more: the keys must not wait for it.
        self.run_worker(read, thread=True, exclusive=True, group="read", exit_on_error=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """The text is read."""
        event.stop()
        worker: Worker[Any] = event.worker
        if event.state is WorkerState.SUCCESS:
            self._show(worker.result, "")
        elif event.state is WorkerState.ERROR:
            error = worker.error
            self._show(None, str(error) if isinstance(error, AndraeusError) else f"{PASTED} cannot be read: {error}")

    def _show(self, found: Import | None, problem: str) -> None:
        self.busy, self.found, self.problem = False, found, problem
        lines = preview(found, self._existing) if found else []
        self.query_one("#summary", Static).update(problem or (found.summary if found else ""))
        self.query_one("#preview", WindowTable).set_rows(
            len(lines), lambda offset, limit: lines[offset : offset + limit], cursor=0
        )
        self.set_class(not lines, "-empty")
        self.post_message(self.Read(found, problem))
