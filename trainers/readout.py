"""Losses on their way from the GPU to the host, without the GPU ever waiting for it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

_BEHIND = 64
"""Steps that the host may run ahead before it waits: enough to keep the GPU busy, few enough to stop soon."""


@dataclass(frozen=True)
class Seen:
    """One step's loss."""

    step: int
    rows: int
    loss: float


class Readout:
    """Takes each step's loss where it lies and hands them out, in order, as they arrive."""

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._slots = torch.zeros(_BEHIND + 1).pin_memory() if self._cuda else torch.zeros(0)
        self._waiting: deque[tuple[int, int, Any, Any]] = deque()

    def put(self, step: int, rows: int, loss: torch.Tensor) -> None:
        """Note a loss. On the GPU its copy is queued behind the step, and nobody waits."""
        if not self._cuda:
            self._waiting.append((step, rows, loss.item(), None))
            return
        slot = self._slots[step % len(self._slots)]
        slot.copy_(loss, non_blocking=True)
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        arrived.record()
        self._waiting.append((step, rows, slot, arrived))

    def ready(self, wait: bool = False) -> Iterator[Seen]:
        """Those that arrived; all of them, and the GPU is done with their steps, if `wait`."""
        while self._waiting:
            step, rows, loss, arrived = self._waiting[0]
            if arrived is not None:
                if wait or len(self._waiting) >= _BEHIND:
                    arrived.synchronize()
                elif not arrived.query():
                    return
            self._waiting.popleft()
            yield Seen(step, rows, float(loss))
