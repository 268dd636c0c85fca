"""Fills replay rows: the untouched base model answers general prompts, and training rehearses those answers."""

import re
from pathlib import Path
from typing import Any

from schemas.errors import Cancelled
from schemas.events import Progress, Stage
from schemas.row import Row
from trainers.generation import replies
from trainers.tokens import ChatCodec
from trainers.wire import Wire

_MAX_NEW_TOKENS = 48
_BATCH = 32


def fill(rows: list[Row], model: Any, codec: ChatCodec, saved: Path, wire: Wire) -> list[Row]:
    """The rows with the base model's answers, from `saved` if an earlier start of this run made them.

    An answer that runs into the token limit is cut after its last whole sentence; without one it is left out.
    """
    if saved.is_file():
        return [Row.model_validate_json(line) for line in saved.read_text("utf-8").splitlines()]
    wire.emit(Stage(name="replay", text=f"The base model answers {len(rows)} general prompts, to rehearse them"))
    filled = []
    questions = [row.question for row in rows]
    for done, (index, reply) in enumerate(
        replies(model, codec, questions, _MAX_NEW_TOKENS, _BATCH, lambda: wire.stop_requested), start=1
    ):
        whole = reply.text if reply.finished else _whole_sentences(reply.text)
        if whole:
            filled.append(rows[index].model_copy(update={"answer": whole}))
        if done % _BATCH == 0 or done == len(rows):
            wire.emit(Progress(stage="replay", done=done, total=len(rows)))
    if wire.stop_requested:
        raise Cancelled("Stopped before training began; nothing was lost.")
    part = saved.with_suffix(".part")
    part.write_text("".join(row.model_dump_json() + "\n" for row in filled), "utf-8")
    part.rename(saved)
    return filled


def _whole_sentences(text: str) -> str:
    match = re.match(r"(?s).*[.!?](?=\s|$)", text)
    return match.group(0).strip() if match else ""
