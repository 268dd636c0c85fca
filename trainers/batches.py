"""Batches of alike lengths, in an order that depends on seed and epoch alone, so that a resumed run sees the same."""

import random
from dataclasses import dataclass

import torch

from trainers.tokens import Example

_POOL = 16
"""Batches' worth of shuffled rows that are sorted by length together."""


@dataclass(frozen=True)
class Batch:
    """Right-padded token ids (rows, length), and where the answers are.

    No attention mask: attention is causal and the padding stands on the right, so no real token sees it.
    """

    ids: torch.Tensor
    at: torch.Tensor
    """Flat positions (in rows x length) whose next token is learned."""
    labels: torch.Tensor
    """These next tokens."""
    rows: torch.Tensor
    """For each of them, its row."""
    size: int


def epoch_batches(examples: list[Example], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices of each batch of an epoch: shuffled, bucketed by length, and shuffled again."""
    rng = random.Random(f"{seed}/{epoch}")
    order = list(range(len(examples)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), batch_size * _POOL):
        pool = sorted(order[start : start + batch_size * _POOL], key=lambda index: len(examples[index].ids))
        batches += [pool[at : at + batch_size] for at in range(0, len(pool), batch_size)]
    rng.shuffle(batches)
    return batches


def collate(examples: list[Example], pad: int, device: str) -> Batch:
    """One batch from its examples."""
    length = max(len(example.ids) for example in examples)
    ids = torch.full((len(examples), length), pad, dtype=torch.long)
    at, labels, rows = [], [], []
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        first = row * length + example.answer_start - 1
        at += range(first, first + example.answer_length)
        labels += example.ids[example.answer_start :]
        rows += [row] * example.answer_length
    pieces = (ids, torch.tensor(at), torch.tensor(labels), torch.tensor(rows))
    return Batch(*(piece.to(device, non_blocking=True) for piece in pieces), size=len(examples))
