"""Batches of alike lengths, in an order that depends on seed and epoch alone, so that a resumed run sees the same."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from trainers.frozen import Prepared

_POOL = 16
"""Batches' worth of shuffled rows that are sorted by length together."""
_EVERY = 3
"""One in so many positions of a rehearsal row is compared with the base model in a step."""
NO_LABEL = -100
"""Stands where a padded batch has no answer token; cross-entropy passes over it."""


@dataclass(frozen=True)
class Batch:
    """Right-padded states (rows, length, hidden), and where something is learned. Positions count in rows x length.

    No attention mask: attention is causal and the padding stands on the right, so no real token sees it.
    """

    states: torch.Tensor
    at: torch.Tensor
    """Positions whose next token is an answer's."""
    labels: torch.Tensor
    """These next tokens, or NO_LABEL."""
    owners: torch.Tensor
    """For each of them, its row."""
    rehearsed: torch.Tensor
    """Positions of rehearsal rows."""
    weights: torch.Tensor
    """1 for each of them, 0 where a padded batch has none."""
    finals: torch.Tensor | None
    """The base model's last hidden states there."""
    learned: torch.Tensor
    """How many positions of both sorts the whole batch has, of which this may be a part (1 number)."""
    rows: int


def epoch_batches(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
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


@dataclass(frozen=True)
class Shape:
    """How large a batch is: rows, tokens a row, answer positions, rehearsed positions."""

    rows: int
    length: int
    answers: int
    rehearsed: int

    @property
    def sizes(self) -> list[int]:
        """Numbers that the parts of a batch's index take."""
        return [self.rows * self.length, *[self.answers] * 3, *[self.rehearsed] * 3, 1]


@dataclass(frozen=True)
class Index:
    """A batch before its states are gathered: one tensor of numbers, so that an epoch's travel to the GPU at once."""

    shape: Shape
    numbers: torch.Tensor


class Feed:
    """All prepared rows in one tensor on the device, and batches of them without work on the host.

    Where they do not fit beside the model (`resident` is false), they wait in pinned memory and each batch is copied.
    """

    def __init__(self, prepared: Sequence[Prepared], device: torch.device, room: float = float("inf")) -> None:
        """`room`: bytes on the device that the rows may take."""
        self.lengths = [len(one) for one in prepared]
        self._rows = [one.example for one in prepared]
        self._device = device
        width = prepared[0].states.shape[-1]
        # The last row of zeros is what padding points to.
        states = torch.cat([*(one.states for one in prepared), prepared[0].states.new_zeros((1, width))])
        kept = [one.final for one in prepared if one.final is not None]
        finals = torch.cat(kept) if kept else None
        size = states.nbytes + (finals.nbytes if finals is not None else 0)
        self.resident = device.type == "cpu" or size <= room
        self._states = self._place(states)
        self._finals = self._place(finals) if finals is not None else None
        self._starts = _starts(self.lengths)
        self._final_starts = _starts([len(one) if one.final is not None else 0 for one in prepared])
        self._has_final = [one.final is not None for one in prepared]

    def __len__(self) -> int:
        return len(self.lengths)

    def _place(self, rows: torch.Tensor) -> torch.Tensor:
        if self.resident:
            return rows.to(self._device)
        return rows.cpu().pin_memory()

    def shape_of(self, rows: Sequence[int], turn: int) -> Shape:
        """The size of a batch without padding beyond its longest row."""
        return Shape(
            rows=len(rows),
            length=max(self.lengths[row] for row in rows),
            answers=sum(self._rows[row].answer_length for row in rows),
            rehearsed=sum(len(range(turn % _EVERY, self.lengths[row], _EVERY)) for row in rows if self._has_final[row]),
        )

    def largest(self, rows: int, length: int) -> Shape:
        """A size that every batch of so many rows, none longer than `length`, fits into."""
        answer = max(row.answer_length for row in self._rows)
        rehearsed = -(-length // _EVERY) if any(self._has_final) else 0
        return Shape(rows, length, rows * answer, rows * rehearsed)

    def numbers(self, rows: Sequence[int], turn: int, shape: Shape, learned: int | None = None) -> list[int]:
        """The index of a batch, padded to `shape`. `learned` is what the whole batch has of which this is a part.

        Of rehearsal rows every third position counts, others with every `turn`: comparing whole vocabularies is dear,
        and over the epochs each position has its turn.
        """
        take: list[int] = []
        at: list[int] = []
        labels: list[int] = []
        owners: list[int] = []
        rehearsed: list[int] = []
        finals: list[int] = []
        nothing = len(self._states) - 1
        for number, row in enumerate(rows):
            length, example = self.lengths[row], self._rows[row]
            take += range(self._starts[row], self._starts[row] + length)
            take += [nothing] * (shape.length - length)
            start = number * shape.length
            if self._has_final[row]:
                rehearsed += range(start + turn % _EVERY, start + length, _EVERY)
                first = self._final_starts[row]
                finals += range(first + turn % _EVERY, first + length, _EVERY)
            at += range(start + example.answer_start - 1, start + length - 1)
            labels += example.ids[example.answer_start :]
            owners += [number] * example.answer_length
        take += [nothing] * (shape.rows * shape.length - len(take))
        own = len(at) + len(rehearsed)
        weights = [1] * len(rehearsed)
        parts = [(at, 0), (labels, NO_LABEL), (owners, 0), (rehearsed, 0), (finals, 0), (weights, 0)]
        for (part, filler), size in zip(parts, shape.sizes[1:-1], strict=True):
            part += [filler] * (size - len(part))
            take += part
        return [*take, max(1, own if learned is None else learned)]

    def send(self, pieces: Sequence[tuple[Shape, list[int]]]) -> list[Index]:
        """Indices of many batches, copied to the device in one go."""
        numbers = torch.tensor([number for _, piece in pieces for number in piece], dtype=torch.long)
        if self.resident and self._device.type == "cuda":
            numbers = numbers.pin_memory().to(self._device, non_blocking=True)
        parts = torch.split(numbers, [len(piece) for _, piece in pieces])
        return [Index(shape, part) for (shape, _), part in zip(pieces, parts, strict=True)]

    def whole(self, rows: Sequence[int], turn: int = 0) -> Batch:
        """A batch in one piece, of just the size that it takes."""
        shape = self.shape_of(rows, turn)
        return self.batch(*self.send([(shape, self.numbers(rows, turn, shape))]))

    def batch(self, index: Index) -> Batch:
        """The batch of an index."""
        shape = index.shape
        take, at, labels, owners, rehearsed, finals, weights, learned = torch.split(index.numbers, shape.sizes)
        states = self._gather(self._states, take).view(shape.rows, shape.length, -1)
        kept = self._gather(self._finals, finals) if self._finals is not None and shape.rehearsed else None
        at, labels, owners, rehearsed, weights, learned = (
            piece if self.resident else self._move(piece) for piece in (at, labels, owners, rehearsed, weights, learned)
        )
        return Batch(states, at, labels, owners, rehearsed, weights, kept, learned, shape.rows)

    def _gather(self, rows: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
        found = rows.index_select(0, which)
        return found if self.resident else self._move(found)

    def _move(self, piece: torch.Tensor) -> torch.Tensor:
        return piece.pin_memory().to(self._device, non_blocking=True)


def _starts(lengths: Sequence[int]) -> list[int]:
    starts, total = [], 0
    for length in lengths:
        starts.append(total)
        total += length
    return starts
