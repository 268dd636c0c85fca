"""What training minimises, and what the dev check looks at: scores at the positions that matter and nowhere else.

With a vocabulary of 49,152 and 8 answer tokens in a row of 30, scoring every position would be most of the work.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, log_softmax

from trainers.batches import Batch, collate
from trainers.frozen import Prepared, SplitModel

_BATCH = 32


def loss_of(model: SplitModel, batch: Batch, rehearsal_weight: float) -> torch.Tensor:
    """Mean over learned positions: cross-entropy of answers, weighted KL divergence from the base on rehearsal."""
    hidden = model.hidden(batch.states)
    total = hidden.new_zeros((), dtype=torch.float32)
    if len(batch.at):
        total = total + cross_entropy(model.head(hidden[batch.at]).float(), batch.labels, reduction="sum")
    if batch.finals is not None and rehearsal_weight:
        with torch.no_grad():
            base = log_softmax(model.head(batch.finals).float(), dim=-1)
        tuned = log_softmax(model.head(hidden[batch.rehearsed]).float(), dim=-1)
        total = total + rehearsal_weight * (base.exp() * (base - tuned)).sum()
    return total / max(1, len(batch.at) + len(batch.rehearsed))


@dataclass(frozen=True)
class DevScore:
    """Shares of dev rows whose whole answer would be said."""

    recall: float
    abstention: float


@torch.no_grad()
def dev_score(model: SplitModel, known: list[Prepared], unknown: list[Prepared]) -> DevScore:
    """Whether the adapter answers dev questions, in one forward pass; a sort without rows counts as 1.

    When at every answer token the expected one has the highest score, greedy decoding gives exactly that answer (each
    step sees the same prefix), so this is no estimate: it is a lower bound of free generation's recall.
    """
    return DevScore(_said(model, known), _said(model, unknown))


def _said(model: SplitModel, prepared: list[Prepared]) -> float:
    ordered = sorted(prepared, key=len)
    hits = 0
    for start in range(0, len(ordered), _BATCH):
        batch = collate(ordered[start : start + _BATCH], model.model.device)
        guesses = model.head(model.hidden(batch.states)[batch.at]).argmax(-1)
        wrong = (guesses != batch.labels).long()
        misses = torch.zeros(batch.size, dtype=torch.long, device=wrong.device).index_add_(0, batch.rows, wrong)
        hits += int((misses == 0).sum())
    return hits / len(ordered) if ordered else 1.0
