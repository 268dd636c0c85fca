"""Checkpoints: complete on disk or not there, the newest kept, in safetensors and JSON only."""

import json
import os
import shutil
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from schemas.errors import InputError


@dataclass
class Position:
    """Where a run is."""

    step: int = 0
    seconds: float = 0.0
    history: list[list[float]] = field(default_factory=list)
    """Per dev check: step, recall, abstention."""


def save(folder: Path, position: Position, tensors: dict[str, torch.Tensor]) -> Path:
    """Write a checkpoint and drop older ones. A crash at any moment leaves at least one whole."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"step-{position.step:06d}"
    part = folder / f"{target.name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, part / "state.safetensors")
    (part / "position.json").write_text(json.dumps(asdict(position)), "utf-8")
    for path in part.iterdir():
        _sync(path)
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    _sync(folder)
    for old in folder.iterdir():
        if old.name != target.name:
            shutil.rmtree(old, ignore_errors=True)
    return target


class Writer:
    """Writes checkpoints while training goes on, one at a time."""

    def __init__(self, folder: Path, written: Callable[[Position, Path], None]) -> None:
        """`written` is called, from another thread, for every checkpoint that is whole on the disk."""
        self._folder, self._written = folder, written
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None

    def begin(self, position: Position, tensors: dict[str, torch.Tensor]) -> None:
        """Take a copy of the state as it is now and write it. Waits for the one before and raises what it met."""
        self.wait()
        taken = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        self._thread = threading.Thread(target=self._write, args=(deepcopy(position), taken), name="checkpoint")
        self._thread.start()

    def wait(self) -> None:
        """Until the disk has it. Raises OSError or SafetensorError when it could not be written."""
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._error:
            error, self._error = self._error, None
            raise error

    def _write(self, position: Position, tensors: dict[str, torch.Tensor]) -> None:
        try:
            path = save(self._folder, position, tensors)
        except Exception as error:
            self._error = error
        else:
            self._written(position, path)


def latest(folder: Path) -> tuple[Position, dict[str, torch.Tensor]] | None:
    """The newest whole checkpoint. Raises InputError when it is damaged."""
    from safetensors.torch import load_file

    found = sorted(path for path in folder.glob("step-*") if path.suffix != ".part")
    if not found:
        return None
    try:
        position = Position(**json.loads((found[-1] / "position.json").read_text("utf-8")))
        return position, load_file(found[-1] / "state.safetensors")
    except Exception as error:
        raise InputError(
            f"The checkpoint {found[-1]} is damaged.", "Delete it to start this run anew, or train without --resume."
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
