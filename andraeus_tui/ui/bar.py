"""The line on top: all steps of the loop, the present one marked in brackets and not by colour alone."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Click
from textual.widgets import Static

STEPS = (
    ("facts", "Facts"),
    ("generate", "Generate"),
    ("review", "Review"),
    ("train", "Train"),
    ("evidence", "Evidence"),
    ("chat", "Chat"),
    ("settings", "Settings"),
)
"""(mode, title) of every step; the keys 1 to 7 go there."""


class _Step(Static):
    """One step; a click goes there."""

    def __init__(self, number: int, mode: str, title: str, present: bool) -> None:
        text = f"[{number} {title}]" if present else f" {number} {title} "
        super().__init__(text, markup=False, classes="-present" if present else "")
        self._mode = mode

    async def on_click(self, event: Click) -> None:
        """Go to the step."""
        event.stop()
        await self.app.run_action(f"app.step('{self._mode}')")


class StepBar(Horizontal):
    """All steps, in the order in which a person goes through them."""

    def __init__(self, present: str) -> None:
        super().__init__()
        self._present = present

    def compose(self) -> ComposeResult:
        """One label a step."""
        for number, (mode, title) in enumerate(STEPS, start=1):
            yield _Step(number, mode, title, mode == self._present)
