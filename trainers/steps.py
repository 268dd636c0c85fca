"""One training step, forward to update: eager on any device, or recorded once as a CUDA graph and replayed.

A model of a hundred million parameters is done with a batch long before Python has launched its 3,000 kernels; a graph
launches them all at once.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from schemas.settings import Recipe
from trainers.batches import Feed, Index, Shape
from trainers.frozen import SplitModel
from trainers.objective import loss_of
from trainers.optimizer import MasterAdamW
from trainers.ranks import Ranks

_LENGTHS = 16
"""Rows of a recorded step are padded to a multiple of so many tokens, or twice as many, until there are few lengths."""
_FEW = 8
"""Graphs, at most: recording one takes as long as several steps."""
Plan = list[Index]
"""A batch in one part, or in several whose gradients add up."""


class EagerSteps:
    """Runs a batch in parts of at most `micro` rows."""

    def __init__(
        self,
        model: SplitModel,
        optimizer: MasterAdamW,
        recipe: Recipe,
        feed: Feed,
        micro: int | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        self._model, self._optimizer, self._recipe, self._feed = model, optimizer, recipe, feed
        self._micro, self._ranks = micro or recipe.batch_size, ranks or Ranks()

    def plan(self, batches: Sequence[Sequence[int]], first_turn: int) -> list[Plan]:
        """Indices of the batches, the first of which is step `first_turn`."""
        pieces: list[tuple[Shape, list[int]]] = []
        counts = []
        for turn, rows in enumerate(batches, start=first_turn):
            whole = self._feed.shape_of(rows, turn)
            learned = max(1, whole.answers + whole.rehearsed)
            own = self._ranks.share(rows)
            parts = [own[at : at + self._micro] for at in range(0, len(own), self._micro)]
            counts.append(len(parts))
            for part in parts:
                shape = self._feed.shape_of(part, turn)
                pieces.append((shape, self._feed.numbers(part, turn, shape, learned)))
        indices = iter(self._feed.send(pieces))
        return [[next(indices) for _ in range(count)] for count in counts]

    def run(self, plan: Plan, learning_rate: float) -> torch.Tensor:
        """One update; the batch's loss, still on the device."""
        total = torch.zeros((), device=self._model.model.device)
        for index in plan:
            loss = loss_of(self._model, self._feed.batch(index), self._recipe.rehearsal_weight)
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        self._optimizer.set_rate(learning_rate)
        self._optimizer.step(self._ranks.sum_up)
        self._ranks.sum_up(total)
        return total


class GraphedSteps:
    """Records forward, backward, clipping and update once for each shape of batch, and replays them."""

    def __init__(self, model: SplitModel, optimizer: MasterAdamW, recipe: Recipe, feed: Feed) -> None:
        """The optimizer is `capturable`, the feed resident on the GPU."""
        self._model, self._optimizer, self._recipe, self._feed = model, optimizer, recipe, feed
        self._multiple = _LENGTHS
        while len({self._padded(length) for length in feed.lengths}) > _FEW:
            self._multiple *= 2
        self._graphs: dict[Shape, _Recorded] = {}

    def _padded(self, length: int) -> int:
        return -(-length // self._multiple) * self._multiple

    def plan(self, batches: Sequence[Sequence[int]], first_turn: int) -> list[Plan]:
        """Indices of the batches, the first of which is step `first_turn`, padded to a few shapes."""
        pieces = []
        for turn, rows in enumerate(batches, start=first_turn):
            longest = max(self._feed.lengths[row] for row in rows)
            shape = self._feed.largest(self._recipe.batch_size, self._padded(longest))
            pieces.append((shape, self._feed.numbers(rows, turn, shape)))
        return [[index] for index in self._feed.send(pieces)]

    def record(self) -> int:
        """Record a graph for every shape that a batch can have; how many. Changes no weight."""
        rows = {self._padded(length): row for row, length in enumerate(self._feed.lengths)}
        pool = torch.cuda.graph_pool_handle()
        # The largest first: the others find their memory in its pool.
        for length in sorted(rows, reverse=True):
            ((index,),) = self.plan([[rows[length]]], 0)
            self._graphs[index.shape] = _Recorded(index, self.once, self._optimizer, pool)
        return len(self._graphs)

    def once(self, index: Index) -> torch.Tensor:
        """What is recorded: one update from the batch of an index; its loss."""
        loss = loss_of(self._model, self._feed.batch(index), self._recipe.rehearsal_weight)
        self._optimizer.step_with(torch.autograd.grad(loss, self._optimizer.weights))
        return loss.detach()

    def run(self, plan: Plan, learning_rate: float) -> torch.Tensor:
        """One update; the batch's loss, which the next step overwrites."""
        self._optimizer.set_rate(learning_rate)
        return self._graphs[plan[0].shape].replay(plan[0])


class _Recorded:
    """A step as a graph that reads its batch's index from a fixed place."""

    def __init__(
        self,
        index: Index,
        step: Callable[[Index], torch.Tensor],
        optimizer: MasterAdamW,
        pool: Any,
    ) -> None:
        self._place = Index(index.shape, index.numbers.clone())
        before = {name: tensor.clone() for name, tensor in optimizer.state().items()}
        # What libraries set up at a first call must not be recorded; the steps are taken back.
        side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            step(self._place)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(self._graph, pool=pool):
                self._loss = step(self._place)
        finally:
            torch.cuda.synchronize()
            optimizer.load_state(before)

    def replay(self, index: Index) -> torch.Tensor:
        self._place.numbers.copy_(index.numbers)
        self._graph.replay()
        return self._loss
