"""A chat as a value: what was asked, what was answered so far, and how the worker is. Events fold into it, purely."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from evaluators.proof import prove
from schemas.evaluation import Answer, Question, QuestionGroup
from schemas.events import Answered, AnswerEnded, CancelledByUser, Delta, Event, Failed, Finished, Log, Stage
from schemas.fact import Fact
from schemas.run import Message

KEPT_TURNS = 20
"""Questions that stay in a conversation; older ones go. The screen lays all of them out anew for every word."""

Source = Literal["base", "tuned"]


class ReplyState(StrEnum):
    """How far an answer is."""

    WAITING = "waiting"
    WRITING = "writing"
    DONE = "done"
    CUT = "cut"
    """At the limit of an answer's length."""
    STOPPED = "stopped"
    TOO_LONG = "too long"
    """The question was longer than the model can read."""
    FAILED = "failed"
    """The worker ended in the middle."""


class WorkerState(StrEnum):
    """How the process with the model is."""

    OFF = "off"
    LOADING = "loading"
    READY = "ready"
    DEAD = "dead"


_ENDS = {
    "complete": ReplyState.DONE,
    "length": ReplyState.CUT,
    "cancelled": ReplyState.STOPPED,
    "too_long": ReplyState.TOO_LONG,
}


@dataclass(frozen=True)
class Reply:
    """One model's answer to one question, as far as it is there."""

    source: Source
    text: str = ""
    state: ReplyState = ReplyState.WAITING
    prompt_tokens: int | None = None
    facts_named: int | None = None
    """How many of the person's facts stand in the prompt; unknown when they could not be read."""
    seconds: float = 0.0
    left_to_base: bool = False
    """Whether the trained model's gate left the question to the base model."""
    second_look: bool = False
    """Whether a second look changed the answer."""
    wrong: bool = False
    """Marked so by the person."""

    @property
    def is_open(self) -> bool:
        """Whether more of it is to come."""
        return self.state in {ReplyState.WAITING, ReplyState.WRITING}


@dataclass(frozen=True)
class Turn:
    """A question, and the answers to it."""

    id: str
    question: str
    replies: tuple[Reply, ...]
    notes: tuple[str, ...] = ()
    """What the worker said about it, such as older turns left out."""


@dataclass(frozen=True)
class Conversation:
    """All that a screen shows of a chat."""

    worker: WorkerState = WorkerState.OFF
    stage: str = ""
    """What the worker is at while it loads."""
    problem: str = ""
    """Why the worker is dead, and what to do."""
    turns: tuple[Turn, ...] = ()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is being written or waited for."""
        return any(reply.is_open for turn in self.turns for reply in turn.replies)

    def turn(self, id: str) -> Turn:
        """The turn with this id. Raises StopIteration when it is gone."""
        return next(turn for turn in self.turns if turn.id == id)


def fold(conversation: Conversation, event: Event, facts: list[Fact] | None = None) -> Conversation:
    """The conversation after an event. `facts` are looked for in the prompt of an answer."""
    match event:
        case Stage(name="ready"):
            return replace(conversation, worker=WorkerState.READY, stage="")
        case Stage(text=text):
            return replace(conversation, worker=WorkerState.LOADING, stage=text)
        case Delta():
            return on_reply(
                conversation,
                event.id,
                event.source,
                lambda reply: _written(reply, event.text) if reply.is_open else reply,
            )
        case Answered(answer=answer):
            return on_reply(conversation, answer.id, answer.source, lambda reply: _answered(reply, answer, facts))
        case AnswerEnded():
            return on_reply(conversation, event.id, event.source, lambda reply: _ended(reply, _ENDS[event.reason]))
        case Log(level="warning", message=message):
            return _noted(conversation, message)
        case Failed():
            ended = end_open(conversation, ReplyState.FAILED)
            return replace(ended, worker=WorkerState.DEAD, problem=f"{event.message} {event.hint}".strip())
        case Finished() | CancelledByUser():
            return replace(end_open(conversation, ReplyState.STOPPED), worker=WorkerState.OFF, stage="")
    return conversation


def on_reply(conversation: Conversation, id: str, source: str, change: Callable[[Reply], Reply]) -> Conversation:
    """The conversation with one answer changed; as it was when that is not there any more."""

    def changed(turn: Turn) -> Turn:
        if turn.id != id:
            return turn
        return replace(turn, replies=tuple(change(one) if one.source == source else one for one in turn.replies))

    return replace(conversation, turns=tuple(map(changed, conversation.turns)))


def end_open(conversation: Conversation, state: ReplyState) -> Conversation:
    """The conversation with every answer that is not there yet ended."""
    turns = tuple(
        replace(turn, replies=tuple(_ended(reply, state) for reply in turn.replies)) for turn in conversation.turns
    )
    return replace(conversation, turns=turns)


def asked(conversation: Conversation, id: str, question: str, sources: Sequence[Source]) -> Conversation:
    """The conversation with one more question, to be answered by the sources in this order."""
    turn = Turn(id, question, tuple(Reply(source) for source in sources))
    return replace(conversation, turns=(*conversation.turns, turn)[-KEPT_TURNS:])


def messages_for(conversation: Conversation, id: str, source: Source, remember: bool) -> tuple[Message, ...]:
    """What is sent for a turn: its question, after earlier ones with this model's own answers if it is to remember."""
    messages: list[Message] = []
    for turn in conversation.turns:
        if turn.id == id:
            return (*messages, Message(role="user", content=turn.question))
        said = next((reply.text for reply in turn.replies if reply.source == source), "")
        if remember and said:
            messages += [Message(role="user", content=turn.question), Message(role="assistant", content=said)]
    raise KeyError(id)


def facts_named(answer: Answer, facts: list[Fact]) -> int:
    """How many facts have their value in the prompt, looked for as the zero-context proof does."""
    question = Question(id=answer.id, group=QuestionGroup.RECALL, text=answer.prompt)
    return len(prove(facts, [question], [answer]).leaks)


def harmless(text: str) -> str:
    """Text for the screen: characters that steer a terminal or turn the writing round are replaced."""
    return "".join(
        char if char == "\n" or not _steers(char) else " " if char == "\t" else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def _steers(char: str) -> bool:
    """Whether it is a control character, half a character, a line separator or an overriding of direction."""
    category = unicodedata.category(char)
    return category in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(char) in {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip


def _written(reply: Reply, text: str) -> Reply:
    return replace(reply, text=reply.text + text, state=ReplyState.WRITING)


def _answered(reply: Reply, answer: Answer, facts: list[Fact] | None) -> Reply:
    named = None if facts is None else facts_named(answer, facts)
    return replace(
        reply,
        text=answer.answer,
        prompt_tokens=answer.prompt_tokens,
        facts_named=named,
        seconds=answer.seconds,
        left_to_base=answer.source == "tuned" and answer.by_adapter is False,
        second_look=answer.second_look,
    )


def _ended(reply: Reply, state: ReplyState) -> Reply:
    return replace(reply, state=state) if reply.is_open else reply


def _noted(conversation: Conversation, note: str) -> Conversation:
    """With the note on the turn that is being answered."""
    at = next((at for at, turn in enumerate(conversation.turns) if any(one.is_open for one in turn.replies)), None)
    if at is None:
        return conversation
    turn = conversation.turns[at]
    noted = replace(turn, notes=tuple(dict.fromkeys((*turn.notes, note))))
    return replace(conversation, turns=(*conversation.turns[:at], noted, *conversation.turns[at + 1 :]))
