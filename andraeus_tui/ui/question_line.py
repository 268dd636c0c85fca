"""The line on which questions are typed; up and down bring back earlier ones."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

_REMEMBERED = 200


class QuestionLine(Input):
    """An input that remembers what was sent from it, as long as the app runs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "recall(-1)", "Earlier question", show=False),
        Binding("down", "recall(1)", "Later question", show=False),
    ]

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:
        super().__init__(placeholder=placeholder, id=id, compact=True, select_on_focus=False)
        self._sent: list[str] = []
        self._at = 0
        self._draft = ""

    def remember(self, text: str) -> None:
        """Keep what was sent and clear the line."""
        if not self._sent or self._sent[-1] != text:
            self._sent = [*self._sent, text][-_REMEMBERED:]
        self._at, self._draft = len(self._sent), ""
        self.clear()

    def action_recall(self, by: int) -> None:
        """An earlier or later question; below the last one is what was being typed."""
        if self._at == len(self._sent):
            self._draft = self.value
        at = max(0, min(self._at + by, len(self._sent)))
        if at == self._at:
            return
        self._at = at
        self.value = self._draft if at == len(self._sent) else self._sent[at]
        self.cursor_position = len(self.value)
