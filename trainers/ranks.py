"""Several processes that train one adapter, a GPU each: every one takes its share of each batch, and the gradients are
summed once a step. The worker itself is the first and the only one that speaks."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

import torch

from schemas.events import Failed, Log
from schemas.run import TrainJob
from schemas.wire import Wire
from trainers.waking import RANK

_COUNT, _PORT = "ANDRAEUS_RANKS", "ANDRAEUS_PORT"


class Ranks:
    """This process among all; alone unless `join` was called."""

    def __init__(self, index: int = 0, count: int = 1) -> None:
        self.index, self.count = index, count
        self._accelerator: Any = None
        self._done = False

    @property
    def leads(self) -> bool:
        """Whether this process speaks and writes."""
        return self.index == 0

    def join(self) -> None:
        """Meet the others. After the libraries are opened: accelerate imports them."""
        if self.count == 1:
            return
        from accelerate import Accelerator

        self._accelerator = Accelerator(cpu=not torch.cuda.is_available())

    def share(self, rows: Sequence[int]) -> Sequence[int]:
        """What this process takes of a batch; alike lengths stand side by side, so shares cost the same."""
        return rows[self.index :: self.count]

    def sum_up(self, values: torch.Tensor) -> None:
        """Replace the values by the sums over all processes."""
        if self._accelerator:
            values.copy_(self._accelerator.reduce(values, reduction="sum"))

    def agree(self, wish: bool) -> bool:
        """Whether any process wishes it: all get the same answer at the same step."""
        if not self._accelerator:
            return wish
        wishes = torch.tensor(float(wish), device=self._accelerator.device)
        return bool(self._accelerator.reduce(wishes, reduction="sum").item())

    def wait(self) -> None:
        """Until all are here."""
        if self._accelerator:
            self._accelerator.wait_for_everyone()

    def part(self) -> None:
        """The work is done: the others may leave, and that is no fault."""
        self._done = True

    def watch(self, processes: list["subprocess.Popen[str]"], wire: Wire) -> None:
        """End this process when another one fails: it would wait for it for ever."""

        def look(process: "subprocess.Popen[str]") -> None:
            code = process.wait()
            if code and not self._done and not wire.stop_requested:
                wire.emit(
                    Failed(kind="error", message="One of the training processes failed.", hint="See the worker's log.")
                )
                os._exit(1)

        for process in processes:
            threading.Thread(target=look, args=(process,), name="rank", daemon=True).start()


def gather(job: TrainJob, records: bool, wire: Wire) -> Ranks:
    """This process's place; the first one starts the others, in its own process group, with the same job.

    Where steps can be recorded one GPU trains, unless the job says how many: two without took 1.4 times as long.
    """
    if RANK in os.environ:
        ranks = Ranks(int(os.environ[RANK]), int(os.environ[_COUNT]))
    else:
        there = max(1, torch.cuda.device_count())
        alone = records and job.graphs is not False
        ranks = Ranks(0, job.processes or (1 if alone else there))
        if alone and there > 1 and not job.processes:
            wire.emit(Log(message=f"One of {there} GPUs trains: with recorded steps it is quicker than all without."))
    if ranks.count == 1 or job.dry_run:
        return Ranks()
    if ranks.leads:
        os.environ[_PORT] = str(_free_port())
        wire.emit(Log(message=f"{ranks.count} processes train together, each on its share of every batch."))
        ranks.watch([_start(job, rank, ranks.count) for rank in range(1, ranks.count)], wire)
    for name, value in _meeting(ranks.index, ranks.count).items():
        os.environ[name] = value
    if torch.cuda.is_available():
        torch.cuda.set_device(ranks.index)
    return ranks


def _meeting(index: int, count: int) -> dict[str, str]:
    """What accelerate and torch.distributed read."""
    return {
        "RANK": str(index),
        "LOCAL_RANK": str(index),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": os.environ[_PORT],
    }


def _start(job: TrainJob, index: int, count: int) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "trainers", "rank"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=os.environ | {RANK: str(index), _COUNT: str(count)},
        text=True,
    )
    assert process.stdin
    # The pipe stays open: when this process is gone, the other sees its end and leaves.
    process.stdin.write(job.model_dump_json() + "\n")
    process.stdin.flush()
    return process


def _free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])
