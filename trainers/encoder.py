"""Sentence vectors by all-MiniLM-L6-v2, offline, from the package that carries it.

Mean of the last hidden states over the tokens, scaled to length 1, as the model's card says
(huggingface.co/sentence-transformers/all-MiniLM-L6-v2).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

WIDTH = 384
"""Numbers of a vector."""
_BATCH = 64
_TOKENS = 128


class Encoder:
    """Texts to unit vectors (texts, 384), on the CPU whatever made them."""

    def __init__(self, folder: Path, device: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, clean_up_tokenization_spaces=False
        )
        model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True, trust_remote_code=False)
        self._model: Any = model.to(device).eval()

    @torch.inference_mode()
    def encode(self, texts: Sequence[str], tell: Callable[[int], None] = lambda done: None) -> torch.Tensor:
        """Texts of like lengths go together. `tell` hears how many are done."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        found = torch.zeros(len(texts), WIDTH)
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            batch = self._tokenizer(
                [texts[index] for index in chosen],
                padding=True,
                truncation=True,
                max_length=_TOKENS,
                return_tensors="pt",
            ).to(self._model.device)
            hidden = self._model(**batch).last_hidden_state
            mask = batch["attention_mask"][..., None].to(hidden.dtype)
            means = (hidden * mask).sum(1) / mask.sum(1)
            found[chosen] = torch.nn.functional.normalize(means, dim=1).float().cpu()
            tell(start + len(chosen))
        return found
