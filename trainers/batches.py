"""Batches of alike lengths, in an order that depends on seed and epoch alone, so that a resumed run sees the same."""

import random
from dataclasses import dataclass

import torch

from trainers.frozen import Prepared

_POOL = 16
"""Batches' worth of shuffled rows that are sorted by length together."""
_EVERY = 3
"""One in so many positions of a rehearsal row is compared with the base model in a step."""


@dataclass(frozen=True)
class Batch:
    """Right-padded states (rows, length, hidden), and where something is learned. Positions count in rows x length.

    No attention mask: attention is causal and the padding stands on the right, so no real token sees it.
    """

    states: torch.Tensor
    at: torch.Tensor
    """Positions whose next token is an answer's."""
    labels: torch.Tensor
    """These next tokens."""
    rows: torch.Tensor
    """For each of them, its row."""
    rehearsed: torch.Tensor
    """Positions of rehearsal rows."""
    finals: torch.Tensor | None
    """The base model's last hidden states there."""
    size: int


def epoch_batches(lengths: list[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Indices of each batch of an epoch: shuffled, bucketed by length, and shuffled again."""
    rng = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    batches = []
    for start in range(0, len(order), batch_size * _POOL):
        pool = sorted(order[start : start + batch_size * _POOL], key=lambda index: lengths[index])
        batches += [pool[at : at + batch_size] for at in range(0, len(pool), batch_size)]
    rng.shuffle(batches)
    return batches


def collate(prepared: list[Prepared], device: str, turn: int = 0) -> Batch:
    """One batch from its rows. Of rehearsal rows every third position counts, others with every `turn`: comparing
    whole vocabularies is dear, and over the epochs each position has its turn."""
    length = max(len(one) for one in prepared)
    states = prepared[0].states.new_zeros((len(prepared), length, prepared[0].states.shape[-1]))
    at: list[int] = []
    labels: list[int] = []
    rows: list[int] = []
    rehearsed: list[int] = []
    finals = []
    for row, one in enumerate(prepared):
        example = one.example
        states[row, : len(one)] = one.states
        if one.final is not None:
            rehearsed += range(row * length + turn % _EVERY, row * length + len(one), _EVERY)
            finals.append(one.final[turn % _EVERY :: _EVERY])
        first = row * length + example.answer_start - 1
        at += range(first, first + example.answer_length)
        labels += example.ids[example.answer_start :]
        rows += [row] * example.answer_length
    index = [torch.tensor(piece, dtype=torch.long, device=device) for piece in (at, labels, rows, rehearsed)]
    return Batch(
        states=states.to(device),
        at=index[0],
        labels=index[1],
        rows=index[2],
        rehearsed=index[3],
        finals=torch.cat(finals).to(device) if finals else None,
        size=len(prepared),
    )
