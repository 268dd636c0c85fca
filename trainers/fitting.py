"""How many rows go through the model at once: found by trying the longest ones, before training."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from schemas.errors import AndraeusError

_SPARE = 512e6
"""Bytes that have to be free beside a trial: kernels that are loaded later and holes between what is allocated take room,
too (docs/results, gpu/train_6.json: 0.05 GB were missing in the first batch after a trial that had just fitted)."""


@dataclass(frozen=True)
class Fit:
    """What fits into the GPU's memory."""

    rows: int
    """At once; the gradients of several such parts add up to a batch's."""
    recompute: bool
    """Whether activations are computed again in the backward pass (gradient checkpointing)."""


def fit(batch: int, trial: Callable[[int], None], recompute: Callable[[], None], free: Callable[[], float]) -> Fit:
    """The most rows, halving from `batch`, for which `trial` does not run out of memory.

    `trial` runs so many of the longest rows forward and backward; `free` tells the bytes that nobody uses. Activations
    are kept for a batch whole or in halves. Before it is cut smaller they are computed again, which `recompute` switches
    on: an epoch in 8 parts took 28.8 s and one of whole batches, recomputing, 7.1 (gpu/train_6.json). Raises
    AndraeusError when one row does not fit then.
    """
    for recomputing, least in ((False, -(-batch // 2)), (True, 1)):
        if recomputing:
            recompute()
        rows = batch
        while not _fits(rows, trial, free):
            if rows == least:
                break
            rows = max(rows // 2, least)
        else:
            return Fit(rows, recomputing)
    raise AndraeusError("Not even one row at a time fits into the GPU's memory.", "Take a smaller model.")


def _fits(rows: int, trial: Callable[[int], None], free: Callable[[], float]) -> bool:
    # Here, not where a trial fails: the exception's traceback holds the tensors that did not fit.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    try:
        trial(rows)
    except torch.OutOfMemoryError:
        return False
    except RuntimeError as error:
        # What libraries ask of the driver themselves fails in their own words: CUBLAS_STATUS_ALLOC_FAILED.
        if "ALLOC_FAILED" not in str(error):
            raise
        return False
    return free() >= _SPARE
