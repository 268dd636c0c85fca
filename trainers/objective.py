"""What training minimises, and what the dev check looks at: scores at the positions that matter and nowhere else.

With a vocabulary of 49,152 and 8 answer tokens in a row of 30, scoring every position would be most of the work.
"""

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy, log_softmax

from trainers.batches import NO_LABEL, Batch, Feed
from trainers.frozen import SplitModel

_BATCH = {"cpu": 32, "cuda": 128}
"""Dev rows that are looked at together."""


def loss_of(model: SplitModel, batch: Batch, rehearsal_weight: float) -> torch.Tensor:
    """Sum over this part's positions, divided by those of the whole batch: the parts' gradients add up to the whole's.

    Cross-entropy of answers, and weighted KL divergence from the base on rehearsal. Waits for nothing on the GPU.
    """
    hidden = model.hidden(batch.states)
    total = hidden.new_zeros((), dtype=torch.float32)
    if len(batch.at):
        scores = model.head(hidden.index_select(0, batch.at)).float()
        total = total + cross_entropy(scores, batch.labels, ignore_index=NO_LABEL, reduction="sum")
    if batch.finals is not None and rehearsal_weight:
        with torch.no_grad():
            base = log_softmax(model.head(batch.finals).float(), dim=-1)
        tuned = log_softmax(model.head(hidden.index_select(0, batch.rehearsed)).float(), dim=-1)
        apart = (base.exp() * (base - tuned)).sum(-1)
        total = total + rehearsal_weight * (apart * batch.weights).sum()
    return total / batch.learned.squeeze(0)


@dataclass(frozen=True)
class DevScore:
    """Shares of dev rows whose whole answer would be said."""

    recall: float
    abstention: float


@torch.no_grad()
def dev_score(model: SplitModel, known: Feed | None, unknown: Feed | None) -> DevScore:
    """Whether the adapter answers dev questions, in one forward pass; a sort without rows counts as 1.

    When at every answer token the expected one has the highest score, greedy decoding gives exactly that answer (each
    step sees the same prefix), so this is no estimate: it is a lower bound of free generation's recall.
    """
    return DevScore(_said(model, known), _said(model, unknown))


def _said(model: SplitModel, feed: Feed | None) -> float:
    if feed is None:
        return 1.0
    size = _BATCH[model.model.device.type]
    ordered = sorted(range(len(feed)), key=lambda row: feed.lengths[row])
    hits = torch.zeros((), dtype=torch.long, device=model.model.device)
    for start in range(0, len(ordered), size):
        batch = feed.whole(ordered[start : start + size])
        guesses = model.head(model.hidden(batch.states).index_select(0, batch.at)).argmax(-1)
        wrong = (guesses != batch.labels).long()
        misses = torch.zeros(batch.rows, dtype=torch.long, device=wrong.device).index_add_(0, batch.owners, wrong)
        hits += (misses == 0).sum()
    return int(hits) / len(ordered)
