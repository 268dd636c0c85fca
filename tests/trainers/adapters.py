"""Random adapters of the tiny model."""

from pathlib import Path
from typing import Any

from schemas.settings import PRESETS, Preset


def randomize(tuned: Any, strength: float) -> None:
    """A fresh adapter changes nothing; after this it does."""
    import torch

    with torch.no_grad():
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, strength)


def random_adapter(model: Path, folder: Path, strength: float) -> Path:
    """An adapter on the disk; its folder."""
    from trainers.lora import attach, save_adapter
    from trainers.models import Device, load_model, load_tokenizer

    recipe = PRESETS[Preset.DEFAULT].model_copy(update={"rank": 4, "alpha": 8, "frozen_below": 0.0})
    tuned = attach(load_model(model, Device.best()), recipe, seed=0)
    randomize(tuned, strength)
    save_adapter(tuned, load_tokenizer(model), [], folder)
    return folder
