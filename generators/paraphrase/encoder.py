"""Sentence embeddings by all-MiniLM-L6-v2, where its package is installed. Worker only: it needs torch.

Mean of the last hidden states over the tokens, scaled to length 1, as the model's card says
(huggingface.co/sentence-transformers/all-MiniLM-L6-v2).
"""

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

_TOKENS = 64
_BATCH = 64
_THREADS = 4
"""At most, and a quarter of the cores: the server that writes needs the others to keep its GPU busy."""


class Encoder:
    """Texts to vectors of shape (384,), on the CPU: the GPU belongs to whoever writes. Safe from several threads."""

    def __init__(self, folder: Path) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(max(1, min(_THREADS, (os.cpu_count() or 1) // 4)))
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self._model: Any = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        ).eval()
        self._lock = threading.Lock()
        self._known: dict[str, Any] = {}

    def encode(self, texts: Sequence[str]) -> "Vectors":
        """Vectors of length 1, shape (texts, 384); texts that were asked before cost nothing."""
        import numpy as np

        with self._lock:
            new = sorted({text for text in texts if text not in self._known}, key=len)
            for at in range(0, len(new), _BATCH):
                part = new[at : at + _BATCH]
                self._known.update(zip(part, self._forward(part), strict=True))
            return np.stack([self._known[text] for text in texts]) if texts else np.zeros((0, 384), np.float32)

    def _forward(self, texts: list[str]) -> "Vectors":
        import torch

        inputs = self._tokenizer(texts, padding=True, truncation=True, max_length=_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            states = self._model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1)
            vectors: Vectors = torch.nn.functional.normalize(mean, dim=1).numpy()
        return vectors
