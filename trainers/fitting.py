"""How many rows go through the model at once: found by trying the longest ones, before training."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from schemas.errors import AndraeusError

_ENOUGH = 4
"""Rows at once from which activations are kept; below it, recomputing them is the lesser evil."""


@dataclass(frozen=True)
class Fit:
    """What fits into the GPU's memory."""

    rows: int
    """At once; the gradients of several such parts add up to a batch's."""
    recompute: bool
    """Whether activations are computed again in the backward pass (gradient checkpointing)."""


def fit(batch: int, trial: Callable[[int], None], recompute: Callable[[], None]) -> Fit:
    """The most rows, halving from `batch`, for which `trial` does not run out of memory.

    `trial` runs so many of the longest rows forward and backward; `recompute` switches gradient checkpointing on, which
    happens only when not even four rows fit. Raises AndraeusError when one row does not fit then.
    """
    for recomputing, least in ((False, min(_ENOUGH, batch)), (True, 1)):
        if recomputing:
            recompute()
        rows = batch
        while not _fits(rows, trial):
            if rows == least:
                break
            rows = max(rows // 2, least)
        else:
            return Fit(rows, recomputing)
    raise AndraeusError("Not even one row at a time fits into the GPU's memory.", "Take a smaller model.")


def _fits(rows: int, trial: Callable[[int], None]) -> bool:
    try:
        trial(rows)
    except torch.OutOfMemoryError:
        fits = False
    except RuntimeError as error:
        # What libraries ask of the driver themselves fails in their own words: CUBLAS_STATUS_ALLOC_FAILED.
        if "ALLOC_FAILED" not in str(error):
            raise
        fits = False
    else:
        return True
    # Outside the handler: the exception's traceback holds the tensors that did not fit.
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return fits
