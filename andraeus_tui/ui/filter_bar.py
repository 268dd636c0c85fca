"""The line of filters above the rows under review."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Select

from andraeus_tui.store.queue import Filter
from andraeus_tui.ui.row_text import KINDS, MARKS, SPLITS, STATES
from schemas.row import Split


class Fault(StrEnum):
    """What may be wrong with a row."""

    FAILING = "refused by a check"
    ALIKE = "almost the same"


class FilterBar(Horizontal):
    """Which rows are wanted: tells with `Changed` as soon as that is another set."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        & Select { width: 14; }
        & #fault { width: 15; }
        & #search { width: 1fr; }
    }
    """

    class Changed(Message):
        """Other rows are wanted."""

    def compose(self) -> ComposeResult:
        """Four choices and a search."""
        splits = [(name, split) for split, name in SPLITS.items()]
        yield Select(splits, allow_blank=False, id="split", compact=True)
        states = [(f"{MARKS[state]} {name}", state) for state, name in STATES.items()]
        yield Select(states, prompt="any state", id="state", compact=True)
        yield Select([(name, kind) for kind, name in KINDS.items()], prompt="any kind", id="kind", compact=True)
        yield Select([(fault.value, fault) for fault in Fault], prompt="any fault", id="fault", compact=True)
        yield Input(placeholder="/ to search", id="search", compact=True)

    @property
    def wanted(self) -> Filter:
        """What is chosen, without the fact and without the rows that look alike."""
        return Filter(
            split=self._chosen("split") or Split.TRAIN,
            state=self._chosen("state"),
            kind=self._chosen("kind"),
            text=self.query_one("#search", Input).value,
            failing=self.fault is Fault.FAILING,
        )

    @property
    def fault(self) -> Fault | None:
        """The chosen fault."""
        chosen: Fault | None = self._chosen("fault")
        return chosen

    def _chosen(self, name: str) -> Any:
        select: Select[Any] = self.query_one(f"#{name}", Select)
        return None if select.is_blank() else select.value

    def clear(self) -> None:
        """All rows of the training split; tells nobody."""
        with self.prevent(Input.Changed, Select.Changed):
            self.query_one("#search", Input).value = ""
            self.query_one("#split", Select).value = Split.TRAIN
            for name in ("state", "kind", "fault"):
                self.query_one(f"#{name}", Select).clear()

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())
