"""Whether the adapter answers dev questions, in one forward pass.

When at every answer token the expected one has the highest score, greedy decoding gives exactly that answer (each
step sees the same prefix), so this is no estimate: it is a lower bound of free generation's recall.
"""

from dataclasses import dataclass
from typing import Any

import torch

from trainers.batches import collate
from trainers.tokens import Example

_BATCH = 32


@dataclass(frozen=True)
class DevScore:
    """Shares of dev rows whose whole answer would be said."""

    recall: float
    abstention: float

    @property
    def mean(self) -> float:
        """One number to compare checks by."""
        return (self.recall + self.abstention) / 2


@torch.inference_mode()
def dev_score(model: Any, known: list[Example], unknown: list[Example], pad: int) -> DevScore:
    """Score both sorts of dev rows; a sort without rows counts as 1."""
    return DevScore(_said(model, known, pad), _said(model, unknown, pad))


def _said(model: Any, examples: list[Example], pad: int) -> float:
    ordered = sorted(examples, key=lambda example: len(example.ids))
    hits = 0
    for start in range(0, len(ordered), _BATCH):
        batch = collate(ordered[start : start + _BATCH], pad, model.device)
        wrong = (answer_scores(model, batch.ids, batch.at).argmax(-1) != batch.labels).long()
        misses = torch.zeros(batch.size, dtype=torch.long, device=wrong.device).index_add_(0, batch.rows, wrong)
        hits += int((misses == 0).sum())
    return hits / len(ordered) if ordered else 1.0


def answer_scores(model: Any, ids: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    """Scores over the vocabulary (answer tokens, vocabulary), float32, at the flat positions `at` alone.

    With a vocabulary of 49,152 and 8 answer tokens in a row of 30, scoring every position would be most of the work.
    """
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    hidden = base.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state
    picked = hidden.reshape(-1, hidden.shape[-1])[at]
    scores: torch.Tensor = base.get_output_embeddings()(picked).float()
    return scores
