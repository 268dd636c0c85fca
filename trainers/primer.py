"""Primers: adapters with which a person's training may begin. They can read questions and know nothing about anybody.

One belongs to one base model and one shape of adapter. Those of the embedded model come along; `andraeus-tui prime` makes
others, in the cache.
"""

import hashlib
from pathlib import Path

import torch

from schemas.primed import MADE, SHIPPED
from schemas.settings import Recipe
from schemas.weights import ADAPTER_FILES


def primer_for(base: Path, recipe: Recipe, cache: Path) -> Path | None:
    """The folder of the primer for a base model (its folder) and a recipe's adapter; None when there is none."""
    places = (keep_as(base, recipe, cache), SHIPPED / name_of(base, recipe))
    return next((place for place in places if all((place / file).is_file() for file in ADAPTER_FILES)), None)


def keep_as(base: Path, recipe: Recipe, cache: Path) -> Path:
    """Where a primer is kept that was made on this machine; it goes before one that came along."""
    return cache / MADE / name_of(base, recipe)


def name_of(base: Path, recipe: Recipe) -> str:
    """ "3f9c21d07b52-mlp-r16-a32-f33": the base model's mark, and what decides which matrices an adapter has."""
    return f"{_mark(base)}-{recipe.targets}-r{recipe.rank}-a{recipe.alpha}-f{round(100 * recipe.frozen_below)}"


def _mark(base: Path) -> str:
    """Of a model's weights: shapes of all tensors, and all numbers of the vectors. Every fine-tuning moves those, and
    they are quickly read from the largest model."""
    from safetensors import safe_open

    found, places = hashlib.sha256(), dict[str, Path]()
    for path in base.glob("*.safetensors"):
        with safe_open(path, framework="pt") as file:
            places |= dict.fromkeys(file.keys(), path)
    for name, path in sorted(places.items()):
        with safe_open(path, framework="pt") as file:
            part = file.get_slice(name)
            found.update(f"{name} {part.get_dtype()} {part.get_shape()}\n".encode())
            if len(part.get_shape()) == 1:
                found.update(file.get_tensor(name).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()[:12]
