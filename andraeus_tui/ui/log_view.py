"""The end of a worker's log, to read."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Log, Static


class LogView(ModalScreen[None]):
    """Text in front of the screen; Escape closes it."""

    CSS = """
    LogView .dialog { width: 96%; max-width: 96%; height: 90%; }
    LogView Log { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,l,q", "close", "Close")]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """A title and the text."""
        with Vertical(classes="dialog"):
            yield Static(self._title, markup=False, classes="title")
            yield Log()
            yield Static("Escape closes.", classes="hint")

    def on_mount(self) -> None:
        """The end is what people look for."""
        self.query_one(Log).write(self._text)
        self.query_one(Log).focus()

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)
