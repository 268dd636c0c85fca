"""Who trains. Chosen before transformers is imported, because Unsloth patches it and has to come first."""

import importlib
import importlib.util
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

from schemas.errors import AndraeusError, InputError
from schemas.events import Log
from schemas.settings import Trainer
from schemas.weights import parameters_of
from schemas.wire import Wire
from trainers.models import FOUR_BIT_FROM

RECORDED_BYTES = 4
"""Bytes a parameter that a GPU should have for recorded steps: they took 3 with a 7B shape, Unsloth's 2."""
_UNSLOTH_KNOWS = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Model types that Unsloth has kernels of its own for."""
_INSTALL = "Install the GPU extra, in the folder that this program came in: pip install '.[gpu]'"


@dataclass(frozen=True)
class Choice:
    """A trainer that this machine has."""

    trainer: Trainer
    """`unsloth`, `nf4` or `peft`."""
    four_bit: bool
    why: str
    records: bool = False
    """Whether this GPU has the memory for recorded steps, which one alone takes more quickly than two without."""


def choose(asked: Trainer, folder: Path, gpu_bytes: int) -> Choice:
    """The trainer for a model's folder on a GPU with so much memory, 0 where there is none.

    Raises InputError when the one asked for cannot be had here.
    """
    choice = _choose(asked, folder, gpu_bytes)
    records = choice.trainer is not Trainer.UNSLOTH and 0 < RECORDED_BYTES * parameters_of(folder) <= gpu_bytes
    return replace(choice, records=records)


def _choose(asked: Trainer, folder: Path, gpu_bytes: int) -> Choice:
    if not gpu_bytes:
        if asked in {Trainer.UNSLOTH, Trainer.NF4}:
            raise InputError(
                f"The trainer {asked.value} needs an NVIDIA GPU, and there is none here.", "Take auto or peft."
            )
        return Choice(Trainer.PEFT, False, "there is no NVIDIA GPU" if asked is Trainer.AUTO else "asked for")
    have = {name: importlib.util.find_spec(name) is not None for name in ("unsloth", "bitsandbytes")}
    parameters = parameters_of(folder)
    large = parameters >= FOUR_BIT_FROM
    if asked is Trainer.AUTO:
        return _best(have, large, gpu_bytes >= RECORDED_BYTES * parameters, _type_of(folder))
    needed = {Trainer.UNSLOTH: "unsloth", Trainer.NF4: "bitsandbytes"}.get(asked)
    if needed and not have[needed]:
        raise InputError(f"The trainer {asked.value} needs {needed}, which is not installed.", _INSTALL)
    four_bit = asked is Trainer.NF4 or (asked is Trainer.UNSLOTH and large and have["bitsandbytes"])
    return Choice(asked, four_bit, "asked for" if four_bit or asked is Trainer.PEFT else "asked for; 4 bits do not pay")


def _best(have: dict[str, bool], large: bool, roomy: bool, model_type: str) -> Choice:
    """What was quickest on a GPU (docs/results/gpu): recorded steps beat Unsloth's kernels, but hold more memory."""
    if not large:
        # So small a model waits for kernel launches: recorded once and replayed, they cost less than Unsloth's import.
        return Choice(Trainer.PEFT, False, "below a billion parameters 4 bits do not pay")
    if have["unsloth"] and have["bitsandbytes"] and model_type in _UNSLOTH_KNOWS and not roomy:
        return Choice(Trainer.UNSLOTH, True, "it takes the least memory, and this GPU has little")
    if have["bitsandbytes"]:
        if roomy:
            why = "recorded steps are the quickest where they fit the memory"
        elif have["unsloth"]:
            why = f"Unsloth has no kernels for {model_type}"
        else:
            why = "Unsloth is not installed"
        return Choice(Trainer.NF4, True, why)
    return Choice(Trainer.PEFT, False, "bitsandbytes is not installed")


def _type_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "config.json").read_text("utf-8"))["model_type"])
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"The model in {folder} cannot be loaded: config.json is damaged.") from error


def open_libraries(choice: Choice, asked: Trainer, cache: Path, short: bool, wire: Wire) -> Choice:
    """Set the libraries' switches and import what has to come first. Returns what was really taken.

    `short`: so few steps that compiling each block would take longer than it saves. Raises AndraeusError when Unsloth
    was asked for and cannot be imported; when it was only the best choice, the next best is taken and said.
    """
    for name in ("TRITON_CACHE_DIR", "TORCHINDUCTOR_CACHE_DIR", "UNSLOTH_COMPILE_LOCATION"):
        folder = cache / "compiled" / name.split("_", maxsplit=1)[0].lower()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ.setdefault(name, str(folder.resolve()))
    if choice.trainer is not Trainer.UNSLOTH:
        return choice
    if short:
        os.environ.setdefault("UNSLOTH_BLOCK_COMPILE", "0")
    try:
        importlib.import_module("unsloth")
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        if asked is Trainer.UNSLOTH:
            raise AndraeusError(f"Unsloth cannot be imported: {reason}", "Take the trainer nf4 or peft.") from error
        wire.emit(Log(level="warning", message=f"Unsloth cannot be imported and is passed over: {reason}"))
        return Choice(Trainer.NF4, True, "Unsloth cannot be imported")
    return choice
