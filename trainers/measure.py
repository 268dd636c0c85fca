"""How much of its language a model has kept: bits per byte and divergence from the base on plain texts.

python -P -m trainers measure < job.json
"""

import math
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import log_softmax

from schemas.errors import Cancelled, InputError
from schemas.events import Finished, Log, Progress, Stage
from schemas.run import MeasureJob
from schemas.wire import Wire
from trainers.lora import load_adapter
from trainers.models import Device, load_model, load_tokenizer, resolve

_WINDOW = 512
"""Tokens that are predicted in one go. Each window begins anew with the start token, so that any model can read it."""


@dataclass
class _Sums:
    """Over all tokens of all texts."""

    base: float = 0.0
    tuned: float = 0.0
    apart: float = 0.0
    tokens: int = 0


def measure(job: MeasureJob, wire: Wire) -> None:
    """`finished` with `bits_per_byte` of the base, and with an adapter also of the trained model and their mean KL.

    KL(base || trained) is in nats a token, in fp32. Raises InputError when there is no text.
    """
    size = sum(len(text.encode()) for text in job.texts)
    if not size:
        raise InputError("There is no text to measure on.")
    folder = resolve(job.model, Path(job.cache), wire)
    device = Device.best(folder)
    wire.emit(Stage(name="load", text=f"Loading {job.model}"))
    tokenizer = load_tokenizer(folder)
    model = load_model(folder, device)
    if job.adapter:
        model = load_adapter(model, Path(job.adapter))
    wire.emit(Log(message=f"Device: {device.note}."))
    wire.emit(Stage(name="measure", text="Reading neutral text"))
    sums = _Sums()
    for done, text in enumerate(job.texts, start=1):
        if wire.stop_requested:
            raise Cancelled("Stopped before all texts were read.")
        _read(model, tokenizer, text, bool(job.adapter), sums)
        wire.emit(Progress(stage="measure", done=done, total=len(job.texts)))
    result: dict[str, Any] = {"bytes": size, "tokens": sums.tokens, "base_bits_per_byte": _bits(sums.base, size)}
    if job.adapter:
        result |= {"tuned_bits_per_byte": _bits(sums.tuned, size), "kl": round(sums.apart / sums.tokens, 6)}
    wire.emit(Finished(result=result | {"device": device.note}))


def _bits(nats: float, size: int) -> float:
    return round(nats / math.log(2) / size, 6)


@torch.inference_mode()
def _read(model: Any, tokenizer: Any, text: str, adapted: bool, sums: _Sums) -> None:
    start = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    tokens = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    window = min(_WINDOW, model.config.get_text_config().max_position_embeddings - 1)
    for at in range(0, len(tokens), window):
        piece = tokens[at : at + window]
        ids = torch.tensor([[start, *piece]], device=model.device)
        wanted = torch.tensor(piece, device=model.device)[:, None]
        with model.disable_adapter() if adapted else nullcontext():
            base = log_softmax(model(input_ids=ids, use_cache=False).logits[0, :-1].float(), dim=-1)
        sums.base -= float(base.gather(1, wanted).sum())
        sums.tokens += len(piece)
        if adapted:
            tuned = log_softmax(model(input_ids=ids, use_cache=False).logits[0, :-1].float(), dim=-1)
            sums.tuned -= float(tuned.gather(1, wanted).sum())
            sums.apart += float((base.exp() * (base - tuned)).sum())
