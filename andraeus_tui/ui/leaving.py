"""Leaving the app while it works: stop what makes rows, stop a run with a checkpoint or let it go on, or stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from andraeus_tui.ui.dialogs import Confirm

if TYPE_CHECKING:
    from andraeus_tui.ui.app import AndraeusApp

Choice = Literal["stop", "detach", "stay"]


class Leave(ModalScreen[Choice]):
    """The question; Escape stays."""

    CSS = """
    Leave .dialog Button { width: 100%; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('stop')", "Stop"),
        Binding("g", "choose('detach')", "Go on"),
        Binding("escape", "choose('stay')", "Stay"),
    ]

    def __init__(self, run: str) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        """The three ways."""
        with Vertical(classes="dialog"):
            yield Static(f"Run {self._run} is still training.", markup=False)
            yield Button("Let it go on without the app (g)", variant="primary", id="detach")
            yield Button("Stop it and keep a checkpoint (s)", id="stop")
            yield Button("Stay here (Escape)", id="stay")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The button's answer."""
        match event.button.id:
            case "stop" | "detach" | "stay" as choice:
                self.dismiss(choice)

    def action_choose(self, choice: Choice) -> None:
        """The key's answer."""
        self.dismiss(choice)


class StopMaking(Confirm):
    """The question when rows are being made; Escape stays."""

    def __init__(self) -> None:
        question = (
            "Rows are still being made. Those that were accepted are stored, and the next start goes on from there."
        )
        super().__init__(question, "Stop and leave", "Stay")


async def leave(app: AndraeusApp) -> bool:
    """Ask what becomes of rows in the making and of a run that this app holds; whether the app may end.

    Nothing is stopped before every question is answered. Call it in a worker.
    """
    if any(isinstance(screen, (Leave, StopMaking)) for screen in app.screen_stack):
        return False
    if app.generations and not await app.push_screen_wait(StopMaking()):
        return False
    held = app.training
    if held is not None and held.running:
        match await app.push_screen_wait(Leave(held.folder.name)):
            case "stop":
                held.stop()
            case "detach":
                held.detach()
            case _:
                return False
    for generation in set(app.generations):
        generation.stop()
    return True
