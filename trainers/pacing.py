"""How training steps are run on this machine: in how large parts, recorded or not. Measured, chosen and told."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from schemas.events import Log
from schemas.settings import Recipe, Trainer
from schemas.wire import Wire
from trainers.backends import Choice
from trainers.batches import Feed
from trainers.fitting import Fit, fit
from trainers.frozen import SplitModel
from trainers.loop import Steps
from trainers.objective import loss_of
from trainers.optimizer import MasterAdamW
from trainers.ranks import Ranks
from trainers.steps import EagerSteps, GraphedSteps


@dataclass(frozen=True)
class Pace:
    """The steps, and what was chosen for them."""

    steps: Steps
    micro_batch: int
    recompute: bool
    graphs: int
    """Recorded; none when steps are eager."""
    peak_gb: float
    """Most memory that the GPU held in the trial; 0 on a CPU, where none is made."""

    def as_dict(self) -> dict[str, Any]:
        """For the finished event."""
        return {name: getattr(self, name) for name in ("micro_batch", "recompute", "graphs", "peak_gb")}


def wants_graphs(asked: bool | None, choice: Choice, feed: Feed, ranks: Ranks) -> bool:
    """Whether to record steps: on one GPU, which otherwise waits for launches, unless the job says otherwise.

    Unsloth's kernels are recorded only when asked for: that was never measured.
    """
    if not torch.cuda.is_available() or ranks.count > 1 or not feed.resident:
        return False
    return choice.trainer is not Trainer.UNSLOTH if asked is None else asked


def free_bytes(device: torch.device) -> float:
    """Memory of the GPU that nobody uses; without one there is no limit to look at."""
    return float(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else float("inf")


def steps_for(
    tuned: Any,
    split: SplitModel,
    optimizer: MasterAdamW,
    recipe: Recipe,
    feed: Feed,
    choice: Choice,
    graphs: bool,
    ranks: Ranks,
    wire: Wire,
) -> Pace:
    """Try the longest rows, choose, and say so. Call where training will happen: blocks chosen, products fused."""
    if split.model.device.type != "cuda":
        return Pace(EagerSteps(split, optimizer, recipe, feed, ranks=ranks), recipe.batch_size, False, 0, 0.0)
    torch.cuda.reset_peak_memory_stats()
    longest = sorted(range(len(feed)), key=lambda row: -feed.lengths[row])[: -(-recipe.batch_size // ranks.count)]
    chosen = fit(
        len(longest),
        _trial(split, optimizer, recipe, feed, longest),
        _recompute(choice, tuned, split),
        lambda: free_bytes(split.model.device),
    )
    peak = round(torch.cuda.max_memory_allocated() / 1e9, 2)
    wire.emit(Log(message=_told(chosen, len(longest), peak)))
    if graphs and chosen == Fit(len(longest), False):
        recorded = _recorded(split, optimizer, recipe, feed, wire)
        if recorded:
            return Pace(recorded[0], chosen.rows, False, recorded[1], peak)
    steps = EagerSteps(split, optimizer, recipe, feed, chosen.rows, ranks)
    return Pace(steps, chosen.rows, chosen.recompute, 0, peak)


def _trial(
    split: SplitModel, optimizer: MasterAdamW, recipe: Recipe, feed: Feed, longest: list[int]
) -> Callable[[int], None]:
    def trial(rows: int) -> None:
        try:
            # Of a batch in parts, all but the first find gradients there that take room.
            for _ in range(1 if rows == len(longest) else 2):
                loss_of(split, feed.whole(longest[:rows]), recipe.rehearsal_weight).backward()  # type: ignore[no-untyped-call]
            torch.cuda.synchronize()
        finally:
            optimizer.drop_gradients()

    return trial


def _recompute(choice: Choice, tuned: Any, split: SplitModel) -> Callable[[], None]:
    def switch_on() -> None:
        split.recomputes = True
        if choice.trainer is Trainer.UNSLOTH:
            from trainers import with_unsloth

            with_unsloth.checkpoint_activations(tuned)
        else:
            tuned.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})

    return switch_on


def _told(chosen: Fit, batch: int, peak: float) -> str:
    parts = -(-batch // chosen.rows)
    how = "whole batches" if parts == 1 else f"batches of {batch} in {parts} parts"
    kept = "recomputing activations" if chosen.recompute else "keeping activations"
    return f"Memory: {how}, {kept}; the longest rows took {peak:.1f} GB at most."


def _recorded(
    split: SplitModel, optimizer: MasterAdamW, recipe: Recipe, feed: Feed, wire: Wire
) -> tuple[GraphedSteps, int] | None:
    """The recorded steps and how many graphs they have; None, said in the log, when recording is not possible."""
    began = time.perf_counter()
    try:
        steps = GraphedSteps(split, optimizer, recipe, feed)
        count = steps.record()
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        wire.emit(
            Log(level="warning", message=f"Steps cannot be recorded as CUDA graphs, so they run eagerly: {reason}")
        )
        optimizer.drop_gradients()
        return None
    wire.emit(Log(message=f"Recorded {count} CUDA graphs in {time.perf_counter() - began:.1f} s."))
    return steps, count
