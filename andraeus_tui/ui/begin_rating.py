"""Who rates, and against which other model: asked before a blind rating begins."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, RadioSet, Static

from andraeus_tui.rating import Rating, last_rater
from andraeus_tui.rating_sources import RATINGS_FOLDER, of_run, of_runs
from andraeus_tui.runs import Run
from andraeus_tui.ui.base import telling
from andraeus_tui.ui.marks import Choice
from andraeus_tui.ui.screens.rating import RatingScreen


@dataclass(frozen=True)
class Begin:
    """What was chosen."""

    rater: str
    other: Run | None
    """None for the base model."""


class BeginRating(ModalScreen[Begin | None]):
    """A name, and the base model or another run; Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    BeginRating RadioSet { width: 100%; max-height: 8; margin-top: 1; }
    """

    def __init__(self, run: Run, others: Sequence[Run], rater: str) -> None:
        super().__init__()
        self._run, self._others, self._rater = run, tuple(others), rater

    def compose(self) -> ComposeResult:
        """The name first: Enter on it begins."""
        with Vertical(classes="dialog"):
            yield Static(
                "Judge pairs of answers without knowing whose they are. Your name, or a nickname:", markup=False
            )
            yield Input(self._rater, id="rater", max_length=40)
            with RadioSet():
                yield Choice(f"{self._run.name} against the base model", value=True)
                for other in self._others:
                    yield Choice(f"{self._run.name} against {other.name}")
            with Horizontal(classes="buttons"):
                yield Button("Begin", variant="primary", id="begin")

    def on_input_submitted(self) -> None:
        """Enter."""
        self._begin()

    def on_button_pressed(self) -> None:
        """The button."""
        self._begin()

    def _begin(self) -> None:
        chosen = self.query_one(RadioSet).pressed_index
        other = self._others[chosen - 1] if chosen > 0 else None
        self.dismiss(Begin(self.query_one("#rater", Input).value, other))

    def action_cancel(self) -> None:
        """Escape."""
        self.dismiss(None)


def begin_rating(screen: Screen[Any], run: Run, runs: Sequence[Run]) -> None:
    """Ask, read the answers in a thread, and show the first pair."""

    def chosen(begin: Begin | None) -> None:
        if begin is not None:
            screen.run_worker(_show(screen, run, begin), group="rate", exclusive=True, exit_on_error=False)

    others = [one for one in runs if one.evaluated and one != run]
    with telling(screen):
        rater = last_rater(run.folder / RATINGS_FOLDER / "base") or "me"
        screen.app.push_screen(BeginRating(run, others, rater), chosen)


async def _show(screen: Screen[Any], run: Run, begin: Begin) -> None:
    with telling(screen):
        rated = await (asyncio.to_thread(of_runs, run, begin.other) if begin.other else asyncio.to_thread(of_run, run))
        rating = await asyncio.to_thread(Rating, rated, begin.rater)
        await screen.app.push_screen(RatingScreen(rated, rating))
