"""How large a model is, read from its files: the front end and every worker may ask, and nothing heavy is needed."""

import json
import struct
from math import prod
from pathlib import Path

from schemas.errors import InputError


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
