"""Answers questions one by one as they come, token by token: python -P -m trainers chat, the job and commands on stdin."""

import hashlib
import time
from contextlib import nullcontext
from dataclasses import replace
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
from trainers.reader import encoder_for
from trainers.second_look import HELD, SecondLook, load_second_look
from trainers.tokens import ChatCodec

READY = "ready"
"""The stage from which on questions are answered."""


def chat(job: ChatJob, wire: Wire) -> None:
    """Load once, then answer until the front end stops it or goes away."""
    base = resolve(job.model, Path(job.cache), wire)
    device = Device.best(base)
    wire.emit(Stage(name="load", text=f"Loading {job.model}"))
    codec = ChatCodec(load_tokenizer(base), job.system_prompt)
    model = load_for_answers(base, device, wire)
    if job.adapter:
        model = load_adapter(model, Path(job.adapter))
    gate = load_gate(Path(job.adapter)) if job.adapter else None
    look = load_second_look(Path(job.adapter), lambda: encoder_for(device.name, wire)) if job.adapter else None
    wire.emit(Log(message=f"Device: {device.note}."))
    speaker = _Speaker(model, codec, gate, look, job, wire)
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

    def __init__(
        self, model: Any, codec: ChatCodec, gate: Gate | None, look: SecondLook | None, job: ChatJob, wire: Wire
    ) -> None:
        self.model, self.codec, self.gate, self.look, self.job, self.wire = model, codec, gate, look, job, wire
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
            # What was said before is not for the reader, and without it "And my sister's?" asks for nothing.
            question = turns[0] if len(turns) == 1 else None
            look = replace(self.look, caution=command.caution) if self.look and by_adapter else None
            ids, ended, changed = self._speak(command, prompt, question, look)
        rendered = self.codec.render(*turns)
        said = Answer(
            id=command.id,
            source=command.source,
            answer=self.codec.decode(ids),
            by_adapter=by_adapter,
            second_look=changed,
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

    def _speak(
        self, command: AskCommand, prompt: list[int], question: str | None, look: SecondLook | None
    ) -> tuple[list[int], bool, bool]:
        """The answer's tokens without the end token, whether the model ended it itself, whether a second look changed it.

        What that may still change is not told before it is settled.
        """
        told = _Told(self.wire, self.codec, command)
        ids: list[int] = []
        ended = self._generate(prompt, ids, told, look)
        text = self.codec.decode(ids)
        settled = len(ids) > HELD or (ended and len(ids) == HELD) or self.wire.cancel_requested
        if look and not settled and look.looks_at(text, ended):
            read = None if look.joins(text) else question
            start = look.wants(text, look.look(self.model, self.codec, [prompt], [read])[0], ended)
            if start is not None:
                ids = self.codec.plain(start)
                ended = start == look.refusal or self._generate([*prompt, *ids], ids, told, None)
                told.up_to(ids)
                return ids, ended, True
        told.up_to(ids)
        return ids, ended, False

    def _generate(self, prompt: list[int], ids: list[int], told: "_Told", look: SecondLook | None) -> bool:
        """Put the tokens of an answer behind `ids`; whether the model ended it itself. With a second look the first ones are
        not told yet, and no more come where it will be looked at."""
        for token in tokens_of(
            self.model, self.codec, prompt, self._limit - len(ids), lambda: self.wire.cancel_requested
        ):
            if token == self.codec.tokenizer.eos_token_id:
                return True
            ids.append(token)
            if look and len(ids) == HELD and look.looks_at(self.codec.decode(ids), False):
                return False
            if not look or len(ids) >= HELD:
                told.up_to(ids)
        return False

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


class _Told:
    """What was told of one answer so far."""

    def __init__(self, wire: Wire, codec: ChatCodec, command: AskCommand) -> None:
        self._wire, self._codec, self._command, self._sent = wire, codec, command, ""

    def up_to(self, ids: list[int]) -> None:
        """Tell what is new and cannot change any more."""
        text = settled(self._codec.decode(ids))
        if text.startswith(self._sent) and text != self._sent:
            self._wire.emit(Delta(id=self._command.id, source=self._command.source, text=text[len(self._sent) :]))
            self._sent = text
