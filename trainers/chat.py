"""Answers questions one by one as they come, token by token: python -P -m trainers chat, the job and commands on stdin."""

import hashlib
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from schemas.errors import InputError
from schemas.evaluation import Answer
from schemas.events import Answered, AnswerEnded, Delta, Finished, Log, Stage
from schemas.run import AskCommand, ChatJob
from schemas.wire import Wire
from trainers.gate import Gate, load_gate
from trainers.generation import settled, tokens_of
from trainers.lora import load_adapter
from trainers.models import Device, load_for_answers, load_tokenizer, resolve
from trainers.tokens import ChatCodec

READY = "ready"
"""The stage from which on questions are answered."""


def chat(job: ChatJob, wire: Wire) -> None:
    """Load once, then answer until the front end stops it or goes away."""
    device = Device.best()
    base = resolve(job.model, Path(job.cache), wire)
    wire.emit(Stage(name="load", text=f"Loading {job.model}"))
    codec = ChatCodec(load_tokenizer(base), job.system_prompt)
    model = load_for_answers(base, device, wire)
    if job.adapter:
        model = load_adapter(model, Path(job.adapter))
    gate = load_gate(Path(job.adapter)) if job.adapter else None
    wire.emit(Log(message=f"Device: {device.note}."))
    speaker = _Speaker(model, codec, gate, job, wire)
    wire.emit(Stage(name=READY, text="Ready"))
    for line in wire.commands():
        try:
            command = AskCommand.model_validate_json(line)
        except ValidationError:
            wire.emit(Log(level="warning", message="A command was not understood and passed over."))
            continue
        speaker.reply(command)
    wire.emit(Finished(result={"answered": speaker.answered, "device": device.note}))


class _Speaker:
    """One loaded model that answers."""

    def __init__(self, model: Any, codec: ChatCodec, gate: Gate | None, job: ChatJob, wire: Wire) -> None:
        self.model, self.codec, self.gate, self.job, self.wire = model, codec, gate, job, wire
        self.answered = 0
        context = model.config.get_text_config().max_position_embeddings
        self._limit = min(job.max_new_tokens, context // 2)
        self._room = context - self._limit

    def reply(self, command: AskCommand) -> None:
        """`delta` events, then the whole `answer`, then `answer_ended`; only the last when there is none.

        Raises InputError when the trained model is asked and no adapter was given.
        """
        if command.source == "tuned" and not self.job.adapter:
            raise InputError("There is no trained model to ask.")
        began = time.perf_counter()
        turns, prompt = self._fitting([message.content for message in command.messages])
        if len(prompt) > self._room:
            self._end(command, "too_long")
            return
        by_adapter = command.source == "tuned" and self._is_for_adapter(turns)
        with nullcontext() if by_adapter or not self.job.adapter else self.model.disable_adapter():
            ids, ended = self._speak(command, prompt)
        rendered = self.codec.render(*turns)
        said = Answer(
            id=command.id,
            source=command.source,
            answer=self.codec.decode(ids),
            by_adapter=by_adapter,
            prompt=rendered,
            prompt_sha256=hashlib.sha256(rendered.encode()).hexdigest(),
            prompt_tokens=len(prompt),
            seconds=round(time.perf_counter() - began, 4),
        )
        self.wire.emit(Answered(answer=said))
        self.answered += ended
        cut: Literal["length", "cancelled"] = "length" if len(ids) == self._limit else "cancelled"
        self._end(command, "complete" if ended else cut)

    def _is_for_adapter(self, turns: list[str]) -> bool:
        """Whether any question of the conversation is: "And in winter?" goes on with what was asked before."""
        return self.gate is None or any(self.gate.opens(self.model, self.codec, turns[::2]))

    def _speak(self, command: AskCommand, prompt: list[int]) -> tuple[list[int], bool]:
        """The answer's tokens without the end token, and whether the model ended it itself."""
        ids: list[int] = []
        sent = ""
        for token in tokens_of(self.model, self.codec, prompt, self._limit, lambda: self.wire.cancel_requested):
            if token == self.codec.tokenizer.eos_token_id:
                return ids, True
            ids.append(token)
            text = settled(self.codec.decode(ids))
            if text.startswith(sent) and text != sent:
                self.wire.emit(Delta(id=command.id, source=command.source, text=text[len(sent) :]))
                sent = text
        return ids, False

    def _fitting(self, turns: list[str]) -> tuple[list[str], list[int]]:
        """As many of the newest turns as the model can read, never without the question, and their tokens."""
        dropped = 0
        while len(prompt := self.codec.prompt(*turns)) > self._room and len(turns) > 1:
            turns = turns[2:]
            dropped += 1
        if dropped:
            what = "question was" if dropped == 1 else f"{dropped} questions were"
            message = f"The conversation is longer than the model can read: its oldest {what} left out."
            self.wire.emit(Log(level="warning", message=message))
        return turns, prompt

    def _end(self, command: AskCommand, reason: Literal["complete", "length", "cancelled", "too_long"]) -> None:
        self.wire.emit(AnswerEnded(id=command.id, source=command.source, reason=reason))
