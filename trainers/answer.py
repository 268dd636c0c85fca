"""Answers questions with the base model, an adapter, or both: python -P -m trainers answer < job.json"""

import hashlib
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from schemas.errors import Cancelled, InputError
from schemas.evaluation import Answer
from schemas.events import Answered, Finished, Log, Progress, Stage
from schemas.run import AnswerJob
from schemas.wire import Wire
from trainers.gate import load_gate
from trainers.generation import Reply, replies_to
from trainers.lora import load_adapter
from trainers.models import Device, load_for_answers, load_tokenizer, resolve
from trainers.reader import encoder_for
from trainers.second_look import load_second_look
from trainers.tokens import ChatCodec


def answer(job: AnswerJob, wire: Wire) -> None:
    """One `answer` event a question and source, then `finished`."""
    base = resolve(job.model, Path(job.cache), wire)
    device = Device.best(base)
    wire.emit(Stage(name="load", text=f"Loading {job.model}"))
    tokenizer = load_tokenizer(base)
    codecs = {text: ChatCodec(tokenizer, text) for text in {job.system_prompt, *job.contexts.values()}}
    model = load_for_answers(base, device, wire)
    gate, look = None, None
    if job.adapter:
        model = load_adapter(model, Path(job.adapter))
        gate = load_gate(Path(job.adapter))
        look = load_second_look(Path(job.adapter), lambda: encoder_for(device.name, wire), job.caution)
    wire.emit(Log(message=f"Device: {device.note}."))
    sources = [source for source, wanted in (("base", job.base), ("tuned", bool(job.adapter))) if wanted]
    asked = [(codecs[job.contexts.get(one.id, job.system_prompt)], one.text) for one in job.questions]
    prompts = [codec.prompt(text) for codec, text in asked]
    _check_room(model, prompts, job.max_new_tokens)
    for source in sources:
        stage = f"answer_{source}"
        wire.emit(Stage(name=stage, text=f"The {'base' if source == 'base' else 'trained'} model answers"))
        adapted = [source == "tuned"] * len(prompts)
        if gate and source == "tuned":
            adapted = gate.opens(model, codecs[job.system_prompt], [one.text for one in job.questions])
            wire.emit(
                Log(message=f"The gate leaves {adapted.count(False)} of {len(adapted)} questions to the base model.")
            )
        done = changed = 0
        for by_adapter in (True, False):
            chosen = [index for index, adapts in enumerate(adapted) if adapts is by_adapter]
            with nullcontext() if by_adapter or not job.adapter else model.disable_adapter():
                speak = look.replies if look and by_adapter else _at_once
                for at, reply, otherwise in speak(
                    model,
                    codecs[job.system_prompt],
                    [prompts[index] for index in chosen],
                    [asked[index][1] for index in chosen],
                    job.max_new_tokens,
                    job.batch_size,
                    lambda: wire.stop_requested,
                ):
                    changed += otherwise
                    codec, text = asked[chosen[at]]
                    prompt = codec.render(text)
                    said = Answer(
                        id=job.questions[chosen[at]].id,
                        source=source,
                        answer=reply.text,
                        by_adapter=by_adapter,
                        second_look=otherwise,
                        prompt=prompt,
                        prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest(),
                        prompt_tokens=reply.prompt_tokens,
                        seconds=round(reply.seconds, 4),
                    )
                    wire.emit(Answered(answer=said))
                    done += 1
                    wire.emit(Progress(stage=stage, done=done, total=len(prompts)))
        if look and source == "tuned":
            helped = ", helped by the sentence encoder" if look.reader else ""
            wire.emit(Log(message=f"A second look changed {changed} of {done} answers{helped}."))
        if wire.stop_requested:
            raise Cancelled("Stopped before all questions were answered.")
    wire.emit(Finished(result={"answered": len(prompts), "device": device.note}))


def _at_once(
    model: Any, codec: ChatCodec, prompts: list[list[int]], _questions: list[str], *how: Any
) -> Iterator[tuple[int, Reply, bool]]:
    """As a second look gives them: none is changed."""
    for at, reply in replies_to(model, codec, prompts, *how):
        yield at, reply, False


def _check_room(model: Any, prompts: list[list[int]], max_new_tokens: int) -> None:
    room = model.config.get_text_config().max_position_embeddings - max_new_tokens
    long = sum(len(prompt) > room for prompt in prompts)
    if long:
        raise InputError(
            f"{long} questions with their context are longer than the {room} tokens that this model can read.",
            "Give fewer facts in the prompt, or take a model that reads more.",
        )
