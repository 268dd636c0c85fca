"""What the chat is set to: which model, whose answers, and whether earlier questions are sent along."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Click
from textual.widgets import Static

from andraeus_tui.conversation import Conversation, WorkerState

_WORKER = {
    WorkerState.OFF: "not loaded",
    WorkerState.READY: "ready",
    WorkerState.DEAD: "ended",
}


class _Choice(Static):
    """A setting; a click changes it as the key does."""

    def __init__(self, id: str, action: str) -> None:
        super().__init__(id=id, markup=False)
        self._action = action

    async def on_click(self, event: Click) -> None:
        """As the key."""
        event.stop()
        await self.run_action(f"screen.{self._action}")


class ChatBar(Vertical):
    """Three settings in a line. The screen breaks it where it is narrow."""

    DEFAULT_CSS = """
    ChatBar {
        height: auto;
        layout: horizontal;
        padding: 0 1;
        background: $surface;
        & > _Choice { width: auto; margin-right: 3; }
        & > _Choice:hover { text-style: underline; }
    }
    """

    def compose(self) -> ComposeResult:
        """The three."""
        yield _Choice("model", "run")
        yield _Choice("answers", "both")
        yield _Choice("memory", "remember")

    def put(self, run: str | None, talk: Conversation, both: bool, remember: bool) -> None:
        """Show what is set."""
        state = f"{talk.stage} ..." if talk.worker is WorkerState.LOADING else _WORKER[talk.worker]
        self.query_one("#model", Static).update(f"Model: {run or 'base model'} ({state})")
        whose = "base alone" if run is None else "trained and base (^b)" if both else "trained alone (^b)"
        self.query_one("#answers", Static).update(f"Answers: {whose}")
        self.query_one("#memory", Static).update(f"Asks: {'the conversation' if remember else 'single questions'} (^t)")
