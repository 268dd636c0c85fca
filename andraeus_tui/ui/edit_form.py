"""The form in which a row is rewritten; the checks run while one types."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Button, Static, TextArea

from andraeus_tui.editing import Check
from andraeus_tui.ui.base import telling
from schemas.row import Row

_CHECK_SECONDS = 0.15
"""Rest after a key before the checks run."""

Save = Callable[[str, str, bool], Row]
"""(question, answer, approve) -> the row as it is stored. Raises InputError when it cannot be."""


class EditForm(ModalScreen[Row | None]):
    """Question and answer of a row. What was typed stays in the form when it cannot be stored; Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save(False)", "Save", priority=True),
        Binding("f2", "save(True)", "Save and approve", priority=True),
        Binding("escape", "leave", "Cancel"),
    ]
    DEFAULT_CSS = """
    EditForm .dialog { width: 90; max-width: 100%; max-height: 100%; padding: 0 1; }
    EditForm #question { height: 5; }
    EditForm #answer { height: 6; }
    EditForm #verdict { height: auto; max-height: 3; min-height: 1; }
    EditForm #verdict.-fault { color: $text-error; text-style: bold; }
    EditForm .buttons { margin-top: 0; }
    """

    def __init__(self, row: Row, check: Check, save: Save) -> None:
        super().__init__()
        self._row, self._check, self._save = row, check, save
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Two texts, what is wrong with them, three buttons."""
        with Vertical(classes="dialog"):
            yield Static("Question", markup=False)
            yield TextArea(self._row.question, id="question", tab_behavior="focus")
            yield Static("Answer", markup=False)
            yield TextArea(self._row.answer, id="answer", tab_behavior="focus")
            yield Static("", markup=False, id="verdict")
            with Horizontal(classes="buttons"):
                yield Button("Save (^s)", variant="primary", compact=True, id="save")
                yield Button("Save and approve (F2)", compact=True, id="approve")
                yield Button("Cancel (esc)", compact=True, id="cancel")

    def on_mount(self) -> None:
        """The cursor behind the question."""
        question = self.query_one("#question", TextArea)
        question.move_cursor(question.document.end)
        question.focus()
        self._judge()

    @property
    def _texts(self) -> tuple[str, str]:
        return self.query_one("#question", TextArea).text, self.query_one("#answer", TextArea).text

    @on(TextArea.Changed)
    def _changed(self) -> None:
        if self._timer:
            self._timer.stop()
        self._timer = self.set_timer(_CHECK_SECONDS, self._judge)

    def _judge(self) -> None:
        problem = self._check(*self._texts)
        verdict = self.query_one("#verdict", Static)
        verdict.update(f"A check refuses it: {problem}" if problem else "It passes all checks.")
        verdict.set_class(bool(problem), "-fault")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The button's answer."""
        if event.button.id == "cancel":
            self.dismiss(None)
        else:
            self.action_save(event.button.id == "approve")

    def action_save(self, approve: bool) -> None:
        """Store it."""
        with telling(self):
            self.dismiss(self._save(*self._texts, approve))

    def action_leave(self) -> None:
        """Escape."""
        self.dismiss(None)
