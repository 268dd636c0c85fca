"""Fills replay rows: the untouched base model begins to answer general prompts, for training to stay close to it there."""

from pathlib import Path
from typing import Any

from schemas.errors import Cancelled
from schemas.events import Progress, Stage
from schemas.row import Row
from schemas.wire import Wire
from trainers.generation import replies
from trainers.tokens import ChatCodec

_MAX_NEW_TOKENS = 16
_BATCH = {"cpu": 32, "cuda": 256}
"""Prompts at once: a GPU generates for many in the time of one."""


def fill(rows: list[Row], model: Any, codec: ChatCodec, saved: Path, wire: Wire) -> list[Row]:
    """The rows with the first words of the base model's answers, from `saved` if an earlier start of this run has them."""
    if saved.is_file():
        return [Row.model_validate_json(line) for line in saved.read_text("utf-8").splitlines()]
    questions = list(dict.fromkeys(row.question for row in rows))
    wire.emit(Stage(name="replay", text=f"The base model answers {len(questions)} general prompts, to rehearse them"))
    answers: dict[str, str] = {}
    size = _BATCH[model.device.type]
    for index, reply in replies(model, codec, questions, _MAX_NEW_TOKENS, size, lambda: wire.stop_requested):
        answers[questions[index]] = reply.text
        if len(answers) % size == 0 or len(answers) == len(questions):
            wire.emit(Progress(stage="replay", done=len(answers), total=len(questions)))
    if wire.stop_requested:
        raise Cancelled("Stopped before training began; nothing was lost.")
    filled = [row.model_copy(update={"answer": answers[row.question]}) for row in rows]
    part = saved.with_suffix(".part")
    part.write_text("".join(row.model_dump_json() + "\n" for row in filled), "utf-8")
    part.rename(saved)
    return filled
