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
    wire.emit(Stage(name="replay", text=f"The base model answers {len(rows)} general prompts, to rehearse them"))
    filled = []
    size = _BATCH[model.device.type]
    questions = [row.question for row in rows]
    for done, (index, reply) in enumerate(
        replies(model, codec, questions, _MAX_NEW_TOKENS, size, lambda: wire.stop_requested), start=1
    ):
        filled.append(rows[index].model_copy(update={"answer": reply.text}))
        if done % size == 0 or done == len(rows):
            wire.emit(Progress(stage="replay", done=done, total=len(rows)))
    if wire.stop_requested:
        raise Cancelled("Stopped before training began; nothing was lost.")
    part = saved.with_suffix(".part")
    part.write_text("".join(row.model_dump_json() + "\n" for row in filled), "utf-8")
    part.rename(saved)
    return filled
