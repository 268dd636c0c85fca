"""How long each stage of a run took."""

import time

import psutil


class Clock:
    """Counts from the start of this process, so that its own imports are in it."""

    def __init__(self) -> None:
        self._last = psutil.Process().create_time()
        self.stages: dict[str, float] = {}
        """Seconds of each stage that is over."""

    def mark(self, stage: str) -> None:
        """The stage that was running is over."""
        now = time.time()
        self.stages[stage] = round(now - self._last, 2)
        self._last = now
