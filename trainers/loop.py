"""The training loop: epochs, checkpoints, dev checks and early stop, the same for every trainer."""

import math
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import torch

from schemas.errors import AndraeusError, Cancelled
from schemas.events import CheckpointSaved, Log, Metric, Stage
from schemas.settings import Recipe
from schemas.wire import Wire
from trainers import checkpoints
from trainers.batches import Feed, epoch_batches
from trainers.checkpoints import Position
from trainers.frozen import SplitModel
from trainers.objective import DevScore, dev_score
from trainers.optimizer import MasterAdamW
from trainers.preflight import used_gb
from trainers.ranks import Ranks
from trainers.readout import Readout, Seen
from trainers.steps import Plan

_ENOUGH = 0.97
"""Share of dev questions, known and unknown, from which nothing more is to be learned."""
_ASK = 8
"""Steps after which several processes ask each other whether to stop."""
_LOOK = 16
"""Steps between looks at the memory, which take longer than a small model's step."""


class Steps(Protocol):
    """What turns batches into updates."""

    def plan(self, batches: Sequence[Sequence[int]], first_turn: int) -> list[Plan]:
        """Indices of an epoch's batches, made ahead."""
        ...

    def run(self, plan: Plan, learning_rate: float) -> torch.Tensor:
        """One update; the loss on the device."""
        ...


class Loop:
    """The state of one training loop, so that it can be saved, resumed and stopped."""

    def __init__(
        self,
        folder: Path,
        model: SplitModel,
        optimizer: MasterAdamW,
        recipe: Recipe,
        seed: int,
        wire: Wire,
        ranks: Ranks | None = None,
    ) -> None:
        self.checkpoints = folder / "checkpoints"
        self.model, self.optimizer = model, optimizer
        self.recipe, self.seed, self.wire = recipe, seed, wire
        self.ranks = ranks or Ranks()
        self.position = Position()
        self._writer = checkpoints.Writer(self.checkpoints, self._saved)
        self.trained = 0
        self.seconds_here = 0.0
        self._readout = Readout(model.model.device)
        self._memory = 0.0

    def resume(self) -> None:
        """Continue from the newest checkpoint, or start anew when there is none."""
        found = checkpoints.latest(self.checkpoints)
        if not found:
            self.wire.emit(Log(message="No checkpoint was saved yet: training starts from the beginning."))
            return
        self.position, tensors = found
        self.optimizer.load_state(tensors)
        self.wire.emit(Log(message=f"Resuming after step {self.position.step}."))

    def run(self, steps: Steps, feed: Feed, known: Feed | None, unknown: Feed | None) -> None:
        """All epochs, with checkpoints, dev checks and early stop. Raises Cancelled after saving."""
        self._epochs(steps, feed, known, unknown)
        self._writer.wait()

    def _epochs(self, steps: Steps, feed: Feed, known: Feed | None, unknown: Feed | None) -> None:
        per_epoch = -(-len(feed) // self.recipe.batch_size)
        total = per_epoch * self.recipe.epochs
        often = "once" if self.recipe.epochs == 1 else f"at most {self.recipe.epochs} times"
        self.wire.emit(Stage(name="train", text=f"Training {len(feed)} rows, {often}"))
        for epoch in range(self.position.step // per_epoch, self.recipe.epochs):
            began = time.perf_counter()
            batches = epoch_batches(feed.lengths, self.recipe.batch_size, self.seed, epoch)
            batches = batches[self.position.step - epoch * per_epoch :]
            plans = steps.plan(batches, self.position.step)
            for rows, plan in zip(batches, plans, strict=True):
                loss = steps.run(plan, learning_rate(self.recipe, self.position.step, total))
                self.position.step += 1
                self._readout.put(self.position.step, len(rows), loss)
                end_of_epoch = self.position.step % per_epoch == 0
                score = dev_score(self.model, known, unknown) if end_of_epoch and (known or unknown) else None
                stop = self._stop(end_of_epoch)
                save = self.position.step % self.recipe.checkpoint_every == 0 or stop
                seen = list(self._readout.ready(wait=end_of_epoch or save))
                self._count(time.perf_counter() - began)
                for one in seen:
                    self._tell(one, total, per_epoch, score if one.step == self.position.step else None)
                if score and self.ranks.agree(self._judge(score) and self.ranks.leads):
                    self.wire.emit(Log(message="Stopping early: the dev questions are answered."))
                    return
                if save:
                    self._checkpoint()
                if stop:
                    self._writer.wait()
                    raise Cancelled(
                        f"Stopped after step {self.position.step}; the same command goes on from there (--train-only: with --resume)."
                    )
                began = time.perf_counter()

    def _stop(self, end_of_epoch: bool) -> bool:
        """Whether to save and leave now. Several processes have to leave at the same step, and asking takes a while."""
        if self.ranks.count == 1:
            return self.wire.stop_requested
        return (end_of_epoch or self.position.step % _ASK == 0) and self.ranks.agree(self.wire.stop_requested)

    def _count(self, seconds: float) -> None:
        self.seconds_here += seconds
        self.position.seconds += seconds

    def _judge(self, score: DevScore) -> bool:
        """Whether to stop now: when twice in a row the dev questions were answered, known and unknown alike.

        Recall and abstention swing against each other until the learning rate has come down, so a high point on the way
        is no reason to keep that adapter: the last one is kept.
        """
        history = self.position.history
        history.append([self.position.step, score.recall, score.abstention])
        settled = [recall >= _ENOUGH and abstention >= _ENOUGH for _, recall, abstention in history[-2:]]
        return self.recipe.early_stop and len(settled) == 2 and all(settled)

    def _tell(self, seen: Seen, total: int, per_epoch: int, score: DevScore | None) -> None:
        if not math.isfinite(seen.loss):
            raise AndraeusError("Training diverged: the loss is not a number.", "Lower recipe.learning_rate.")
        self.trained += seen.rows
        rate = self.trained / max(self.seconds_here, 1e-9)
        left = (total - seen.step) * self.recipe.batch_size / rate
        if seen.step % _LOOK == 1 or score or not self._memory:
            self._memory = round(used_gb(), 2)
        values = {
            "loss": round(seen.loss, 4),
            "learning_rate": learning_rate(self.recipe, seen.step - 1, total),
            "examples_per_second": round(rate, 2),
            "seconds_left": round(left, 1),
            "memory_gb": self._memory,
        }
        if score:
            values |= {"dev_recall": round(score.recall, 4), "dev_abstention": round(score.abstention, 4)}
        epoch = round(seen.step / per_epoch, 3)
        self.wire.emit(Metric(step=seen.step, total_steps=total, epoch=epoch, values=values))

    def _checkpoint(self) -> None:
        if not self.ranks.leads:
            return
        self._writer.begin(self.position, self.optimizer.state())

    def _saved(self, position: Position, path: Path) -> None:
        self.wire.emit(CheckpointSaved(step=position.step, path=path.name))

    def forget_checkpoints(self) -> None:
        """The adapter is saved: checkpoints have served."""
        shutil.rmtree(self.checkpoints, ignore_errors=True)


def learning_rate(recipe: Recipe, step: int, total: int) -> float:
    """The rate of a step (counted from 0): linear warm-up, then constant or cosine down to the floor."""
    warm = max(1, round(recipe.warmup * total))
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.learning_rate
    share = (step - warm) / max(1, total - warm)
    return recipe.learning_rate * (recipe.floor + (1 - recipe.floor) * 0.5 * (1 + math.cos(math.pi * share)))
