"""The questions of a conversation on the screen, with the answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal, Vertical, VerticalScroll
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from andraeus_tui.conversation import Reply, ReplyState, Source, Turn, harmless

_QUESTION_SHOWN = 600
"""Characters of a question that are shown; nobody needs to see a pasted page again."""
_NAMES: dict[Source, str] = {"tuned": "Trained model", "base": "Base model"}
_STATES = {
    ReplyState.WAITING: "waiting",
    ReplyState.WRITING: "writing",
    ReplyState.CUT: "cut: the answer is as long as it may be",
    ReplyState.STOPPED: "stopped",
    ReplyState.TOO_LONG: "not asked: the question is longer than the model can read",
    ReplyState.FAILED: "no answer: the model's process ended",
}


class _Wrong(Static):
    """A word to click on."""

    class Clicked(Message):
        """The answer is called wrong."""

    def on_click(self, event: Click) -> None:
        """As the key does."""
        event.stop()
        self.post_message(self.Clicked())


class AnswerBox(Vertical, can_focus=True):
    """One model's answer. Has the focus while somebody looks at it closer: then it can be copied or called wrong."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "wrong", "Wrong", tooltip="Call the answer wrong and go to its fact"),
        Binding("c", "copy", "Copy"),
        Binding("up,k", "move(-1)", "Answer above", show=False),
        Binding("down,j", "move(1)", "Answer below", show=False),
    ]
    DEFAULT_CSS = """
    AnswerBox {
        height: auto;
        width: 1fr;
        padding-left: 1;
        border-left: blank;
        & > .who { text-style: bold; color: $text-muted; }
        & > .foot { height: auto; }
        & .numbers { width: 1fr; color: $text-muted; }
        & _Wrong { width: auto; text-style: underline; color: $text-muted; }
        & _Wrong:hover { text-style: reverse; }
        &:focus { border-left: heavy $primary; }
    }
    """

    class Wrong(Message):
        """The person calls the answer wrong."""

        def __init__(self, turn_id: str, source: Source) -> None:
            super().__init__()
            self.turn_id, self.source = turn_id, source

    def __init__(self, turn_id: str, reply: Reply) -> None:
        super().__init__()
        self.turn_id, self.reply = turn_id, reply

    def compose(self) -> ComposeResult:
        """Who says it, what, and what it took."""
        yield Static(classes="who", markup=False)
        yield Static(classes="text", markup=False)
        with Horizontal(classes="foot"):
            yield Static(classes="numbers", markup=False)
            yield _Wrong("wrong? (w)", markup=False)

    def on_mount(self) -> None:
        """Paint what is there."""
        self.put(self.reply)

    def put(self, reply: Reply) -> None:
        """Show the answer as it is now."""
        grows = reply.state is self.reply.state is ReplyState.WRITING
        self.reply = reply
        if grows:
            self.query_one(".text", Static).update(harmless(reply.text))
            return
        self._head()
        nothing = "" if reply.is_open or reply.state in {ReplyState.FAILED, ReplyState.TOO_LONG} else "(no words)"
        self.query_one(".text", Static).update(harmless(reply.text) or nothing)
        self.query_one(".numbers", Static).update(numbers(reply))
        wrong = self.query_one(_Wrong)
        wrong.display = not reply.is_open and bool(reply.text)
        wrong.update("marked wrong" if reply.wrong else "wrong? (w)")

    def _head(self) -> None:
        mark = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE} " if self.has_focus else ""
        state = _STATES.get(self.reply.state, "")
        self.query_one(".who", Static).update(f"{mark}{_NAMES[self.reply.source]}{f' ({state})' if state else ''}")

    def on_focus(self) -> None:
        """The mark comes."""
        self._head()

    def on_blur(self) -> None:
        """The mark goes."""
        self._head()

    def action_wrong(self) -> None:
        """To the fact behind it."""
        if not self.reply.is_open:
            self.post_message(self.Wrong(self.turn_id, self.reply.source))

    @on(_Wrong.Clicked)
    def _clicked(self, event: _Wrong.Clicked) -> None:
        event.stop()
        self.action_wrong()

    def action_copy(self) -> None:
        """The whole answer to the clipboard."""
        self.app.copy_to_clipboard(harmless(self.reply.text))
        self.notify("Copied.", markup=False, timeout=2)

    def action_move(self, by: int) -> None:
        """To the next answer; below the last one is the line to type on."""
        if by > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous(AnswerBox)


class TurnBox(Vertical):
    """A question and its answers, side by side where there is room."""

    DEFAULT_CSS = """
    TurnBox {
        height: auto;
        margin-bottom: 1;
        & > .question { text-style: bold; }
        & > .note { color: $text-warning; }
        & > .answers { height: auto; layout: horizontal; }
    }
    """

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.turn = turn

    def compose(self) -> ComposeResult:
        """The question, notes, the answers."""
        text = self.turn.question
        more = f" ... ({len(text):,} characters)" if len(text) > _QUESTION_SHOWN else ""
        yield Static(f"> {harmless(text[:_QUESTION_SHOWN])}{more}", classes="question", markup=False)
        yield Static(classes="note", markup=False)
        with Container(classes="answers"):
            for reply in self.turn.replies:
                yield AnswerBox(self.turn.id, reply)

    def on_mount(self) -> None:
        """Paint what is there."""
        self._note()

    def put(self, turn: Turn) -> None:
        """Show what has changed."""
        old, self.turn = self.turn, turn
        if turn.notes != old.notes:
            self._note()
        for box, reply in zip(self.query(AnswerBox), turn.replies, strict=True):
            if reply is not box.reply:
                box.put(reply)

    def _note(self) -> None:
        note = self.query_one(".note", Static)
        note.display = bool(self.turn.notes)
        note.update(" ".join(self.turn.notes))


class TurnList(VerticalScroll, can_focus=False):
    """All turns, and a hint while there are none. It stays at the newest one unless somebody scrolls up."""

    DEFAULT_CSS = """
    TurnList {
        height: 1fr;
        padding: 1 1 0 1;
        scrollbar-size-vertical: 1;
        & > #hint { color: $text-muted; margin-bottom: 1; }
    }
    """

    def compose(self) -> ComposeResult:
        """The hint."""
        yield Static(id="hint", markup=False)

    def on_mount(self) -> None:
        """Begin at the end."""
        self.anchor()

    def put(self, turns: Sequence[Turn], hint: str) -> None:
        """Show the turns as they are now."""
        label = self.query_one("#hint", Static)
        label.display = not turns
        label.update(hint)
        boxes = {box.turn.id: box for box in self.query(TurnBox)}
        here = {turn.id for turn in turns}
        for id, box in boxes.items():
            if id not in here:
                box.remove()
        new = [TurnBox(turn) for turn in turns if turn.id not in boxes]
        if new:
            self.mount(*new)
        for turn in turns:
            if turn.id in boxes and turn is not boxes[turn.id].turn:
                boxes[turn.id].put(turn)


def numbers(reply: Reply) -> str:
    """What the answer took: "31 prompt tokens, 0 of them facts, 0.4 s"."""
    if reply.prompt_tokens is None:
        return ""
    if reply.facts_named is None:
        facts = ""
    elif reply.facts_named == 0:
        facts = ", 0 of them facts"
    else:
        facts = f", which name {reply.facts_named} {'fact' if reply.facts_named == 1 else 'facts'}"
    left = ", not about you: left to the base model" if reply.left_to_base else ""
    again = ", after a second look" if reply.second_look else ""
    return f"{reply.prompt_tokens} prompt tokens{facts}, {reply.seconds:.1f} s{left}{again}"
