"""Blind rating: two answers to a question beside each other, and nobody says whose they are."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from andraeus_tui.conversation import harmless
from andraeus_tui.rating import Rating, save_result
from andraeus_tui.rating_sources import RatedPairs
from andraeus_tui.ui.base import telling
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.keys import KeyBar
from evaluators.pairs import truth_of
from evaluators.rating_words import result_lines
from schemas.rating import Choice

_CUT = 600
"""Characters of a question and of what was told that are shown; answers are shown whole."""
_WORDS = {
    Choice.LEFT: "left is better",
    Choice.RIGHT: "right is better",
    Choice.BOTH_GOOD: "both are good",
    Choice.BOTH_BAD: "both are bad",
    Choice.SKIP: "skipped",
}
_BEGIN = "Which answer is better? Everything is kept at once. q leaves."
_ALL_DONE = (
    "All pairs are judged.\n\nEnter shows the result and the sources. Before that, u takes the last judgement back."
)


class RatingScreen(Screen[None]):
    """One rater's pairs; the sources come with the result, when all are judged or the rater wants to see it."""

    AUTO_FOCUS = "#pair"
    HELP = """
# Blind rating

Two models answered the same question. Say which answer is better; you are not told whose it is, and which one stands
left is drawn anew for each pair. Under the question stands what the model had been told. **Never told** means that
it cannot know, and should say so.

- **Left** and **Right** arrows: that answer is better. `g` both are good, `b` both are bad, `s` no opinion.
- **Up**, **Down** and **Page** keys scroll long answers.
- `u` takes the last judgement back, as often as you like.
- `q` or **Escape** leaves. Every judgement was saved when you made it; next time it goes on here.
- `e` or **Enter** shows the result, with the sources, when you have judged all, or enough.

Another rater gives another name, and gets the same pairs in an order of his own: then the result says how far you
agree. The style of an answer can give its source away; judge what it says.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the pane that scrolls, which would take them.
        Binding("left", "judge('left')", "Left", priority=True),
        Binding("right", "judge('right')", "Right", priority=True),
        Binding("g", "judge('both_good')", "Both good"),
        Binding("b", "judge('both_bad')", "Both bad"),
        Binding("s", "judge('skip')", "Skip"),
        Binding("u", "undo", "Undo"),
        Binding("e,enter", "reveal", "Result"),
        Binding("q,escape", "leave", "Leave"),
    ]
    DEFAULT_CSS = """
    RatingScreen {
        #place { height: 1; padding: 0 1; background: $panel; color: $text-muted; }
        #pair, #end { height: 1fr; padding: 1 1 0 1; scrollbar-size-vertical: 1; }
        #question { text-style: bold; }
        #truth { color: $text-muted; margin-bottom: 1; }
        #sides { height: auto; }
        .side { width: 1fr; height: auto; padding: 0 1; border-left: solid $panel; }
        .side > .who { text-style: bold; color: $text-muted; }
        #kept { height: 1; padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(self, rated: RatedPairs, rating: Rating) -> None:
        super().__init__()
        self._rated, self._rating = rated, rating
        self._revealed = False

    def compose(self) -> ComposeResult:
        """How far it is, the pair, the end, what was kept last."""
        yield Static(id="place", markup=False)
        with VerticalScroll(id="pair"):
            yield Static(id="question", markup=False)
            yield Static(id="truth", markup=False)
            with Horizontal(id="sides"):
                for side in ("left", "right"):
                    with Vertical(classes="side"):
                        yield Static(f"{side.capitalize()} answer", classes="who", markup=False)
                        yield Static(id=f"{side}-text", markup=False)
        with VerticalScroll(id="end"):
            yield Static(markup=False)
        yield Static(_BEGIN, id="kept", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """The first pair."""
        self._paint()

    def _paint(self) -> None:
        rating, pair = self._rating, self._rating.current
        place = f"Blind rating by {rating.rater}: {rating.done:,} of {rating.total:,} judged"
        self.query_one("#place", Static).update(harmless(place))
        front, end = self.query_one("#pair", VerticalScroll), self.query_one("#end", VerticalScroll)
        front.display, end.display = pair is not None and not self._revealed, pair is None or self._revealed
        if front.display and pair is not None:
            self.query_one("#question", Static).update(_short(pair.question.text))
            self.query_one("#truth", Static).update(_short(truth_of(pair.question)))
            for name, said in zip(("left", "right"), rating.sides, strict=True):
                self.query_one(f"#{name}-text", Static).update(harmless(said.answer.strip()) or "(no words)")
            front.scroll_home(animate=False, immediate=True)
        elif not self._revealed:
            end.query_one(Static).update(_ALL_DONE)
        self.set_focus(front if front.display else end)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nobody judges who has seen the sources."""
        if action == "judge":
            return not self._revealed and self._rating.current is not None
        if action in {"undo", "reveal"}:
            return not self._revealed and self._rating.done > 0
        return True

    def action_judge(self, choice: str) -> None:
        """Keep it, then show the next pair."""
        with telling(self):
            self._rating.judge(Choice(choice))
            self._say(f"Kept: {_WORDS[Choice(choice)]}. u takes it back.")
            self._paint()

    def action_undo(self) -> None:
        """The pair before, to be judged anew."""
        with telling(self):
            if self._rating.undo():
                self._say("Taken back. Judge it anew.")
                self._paint()

    def _say(self, text: str) -> None:
        self.query_one("#kept", Static).update(text)

    def action_reveal(self) -> None:
        """The result; asked about first while there are pairs left."""
        left = self._rating.total - self._rating.done
        if not left:
            self._count()
            return
        question = f"{left:,} pairs are not judged yet. The result names the sources. See it now?"
        self.app.push_screen(Confirm(question, "See it", "Go on rating"), self._reveal)

    def _reveal(self, wanted: bool | None) -> None:
        if wanted:
            self._count()

    @work(exclusive=True, group="result", exit_on_error=False)
    async def _count(self) -> None:
        self._say("Counting ...")
        with telling(self):
            result = await asyncio.to_thread(save_result, self._rated)
            self._revealed = True
            self.query_one("#end Static", Static).update(harmless("\n".join(result_lines(result))))
            self._paint()
        self._say("q leaves." if self._revealed else _BEGIN)

    def action_leave(self) -> None:
        """Everything is kept already."""
        self.dismiss(None)


def _short(text: str) -> str:
    more = f" ... ({len(text):,} characters)" if len(text) > _CUT else ""
    return f"{harmless(text[:_CUT])}{more}"
