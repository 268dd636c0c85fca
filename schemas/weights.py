"""Files of weights, for the front end and every worker: how large a model is, and an adapter taken along."""

import hashlib
import json
import shutil
import struct
from math import prod
from pathlib import Path

from schemas.errors import InputError

ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")


def parameters_of(folder: Path) -> int:
    """Weights of a model, counted in the headers of its safetensors files (format: huggingface/safetensors README).

    0 when there are none; raises InputError when a file is damaged.
    """
    return sum(_count(path) for path in folder.glob("*.safetensors"))


def _count(path: Path) -> int:
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(size, path.stat().st_size)))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except (OSError, ValueError, struct.error, KeyError, TypeError) as error:
        raise InputError(f"The weights in {path.parent} cannot be read: {path.name} is damaged.") from error


def take_adapter(source: Path, target: Path) -> str:
    """Copy a saved adapter into the folder `target`, which appears whole or not at all; sha256 of its weights.

    Raises InputError when a file is missing.
    """
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    try:
        for name in ADAPTER_FILES:
            shutil.copyfile(source / name, part / name)
    except FileNotFoundError as error:
        shutil.rmtree(part)
        raise InputError(f"There is no whole adapter in {source}.", "Train from scratch.") from error
    shutil.rmtree(target, ignore_errors=True)
    part.rename(target)
    return sha256_of(target)


def sha256_of(adapter: Path) -> str:
    """Checksum of an adapter's weights."""
    with (adapter / ADAPTER_FILES[1]).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
