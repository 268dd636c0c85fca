"""Answers questions with the base model, an adapter, or both: python -P -m trainers answer < job.json"""

import hashlib
from contextlib import nullcontext
from pathlib import Path

from schemas.errors import Cancelled
from schemas.evaluation import Answer
from schemas.events import Answered, Finished, Log, Progress, Stage
from schemas.run import AnswerJob
from schemas.wire import Wire
from trainers.generation import replies
from trainers.lora import load_adapter
from trainers.models import Device, load_for_answers, load_tokenizer, resolve
from trainers.tokens import ChatCodec


def answer(job: AnswerJob, wire: Wire) -> None:
    """One `answer` event a question and source, then `finished`."""
    device = Device.best()
    base = resolve(job.model, Path(job.cache), wire)
    wire.emit(Stage(name="load", text=f"Loading {job.model}"))
    codec = ChatCodec(load_tokenizer(base), job.system_prompt)
    model = load_for_answers(base, device, wire)
    if job.adapter:
        model = load_adapter(model, Path(job.adapter))
    wire.emit(Log(message=f"Device: {device.note}."))
    sources = [source for source, wanted in (("base", job.base), ("tuned", bool(job.adapter))) if wanted]
    texts = [question.text for question in job.questions]
    for source in sources:
        stage = f"answer_{source}"
        wire.emit(Stage(name=stage, text=f"The {'base' if source == 'base' else 'trained'} model answers"))
        plain = model.disable_adapter() if source == "base" and job.adapter else nullcontext()
        with plain:
            for done, (index, reply) in enumerate(
                replies(model, codec, texts, job.max_new_tokens, job.batch_size, lambda: wire.stop_requested), start=1
            ):
                prompt = codec.render(texts[index])
                said = Answer(
                    id=job.questions[index].id,
                    source=source,
                    answer=reply.text,
                    prompt=prompt,
                    prompt_sha256=hashlib.sha256(prompt.encode()).hexdigest(),
                    prompt_tokens=reply.prompt_tokens,
                    seconds=round(reply.seconds, 4),
                )
                wire.emit(Answered(answer=said))
                wire.emit(Progress(stage=stage, done=done, total=len(texts)))
        if wire.stop_requested:
            raise Cancelled("Stopped before all questions were answered.")
    wire.emit(Finished(result={"answered": len(texts), "device": device.note}))
