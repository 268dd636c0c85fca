"""The adapter: LoRA in the model's precision, trained with fp32 master weights."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from schemas.errors import InputError
from schemas.settings import Recipe
from schemas.weights import ADAPTER_FILES, sha256_of


class Beside(Protocol):
    """Something that is kept beside an adapter's weights, for this program alone."""

    def save(self, adapter: Path) -> None:
        """Write it into the adapter's folder."""


def attach(model: Any, recipe: Recipe, seed: int) -> Any:
    """The model with a fresh adapter. Its weights have the model's precision: half-width products are twice as fast."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=targets_of(model, recipe),
        layers_to_transform=list(range(first_block(model, recipe), len(model.get_decoder().layers))),
        layers_pattern="layers",
        task_type="CAUSAL_LM",
    )
    precision = model.get_input_embeddings().weight.dtype
    # PEFT makes the weights on the CPU and moves them: a hundred million random numbers, which a GPU has at once.
    with torch.device(model.device):
        tuned = get_peft_model(model, config, autocast_adapter_dtype=False)
    return in_precision(tuned, precision)


def targets_of(model: Any, recipe: Recipe) -> list[str]:
    """Names of the linear layers of a block that get an adapter."""
    block = model.get_decoder().layers[0]
    names = {name for name, module in block.named_modules() if isinstance(module, torch.nn.Linear)}
    wanted = {name for name in names if recipe.targets == "all-linear" or name.startswith("mlp.")}
    return sorted(name.rsplit(".", 1)[-1] for name in wanted)


def in_precision(model: Any, dtype: torch.dtype) -> Any:
    """The model with all adapter weights in `dtype`: on a 4-bit base they are made in fp32 otherwise."""
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data = weight.data.to(dtype)
    return model


def first_block(model: Any, recipe: Recipe) -> int:
    """Index of the lowest block that gets an adapter."""
    return min(int(recipe.frozen_below * len(model.get_decoder().layers)), len(model.get_decoder().layers) - 1)


def load_adapter(model: Any, folder: Path) -> Any:
    """The model with a saved adapter. Raises InputError when the adapter is missing, damaged or of another model."""
    from peft import PeftModel

    weights = folder / "adapter_model.safetensors"
    if not weights.is_file() or not (folder / "adapter_config.json").is_file():
        raise InputError(
            f"There is no trained adapter in {folder}.", "Train first: andraeus-tui --train-only --project DIR"
        )
    try:
        _check_weights(weights)
        loaded = PeftModel.from_pretrained(model, folder, autocast_adapter_dtype=False, low_cpu_mem_usage=False)
    except Exception as error:
        if "no space" in str(error).casefold():
            raise
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(
            f"The adapter in {folder} is damaged or of another model ({reason}).", "Train again."
        ) from error
    zero = [name for name, value in loaded.named_parameters() if "lora_B" in name and not value.any()]
    if zero:
        raise InputError(f"The adapter in {folder} is of another model: it has no weights for {len(zero)} layers.")
    return in_precision(loaded, model.get_input_embeddings().weight.dtype).eval()


def load_weights(model: Any, folder: Path, sha256: str) -> None:
    """Give a fresh adapter the weights of a saved one. Raises InputError when they are gone, changed or do not fit."""
    from peft import set_peft_model_state_dict
    from safetensors.torch import load_file

    path = folder / ADAPTER_FILES[1]
    try:
        _check_weights(path)
        weights = load_file(path)
        if sha256_of(folder) != sha256:
            raise ValueError("it was changed after the run was frozen")
        expected = sum("lora_" in name for name, _ in model.named_parameters())
        if len(weights) != expected:
            raise ValueError(f"it has {len(weights)} matrices, and this recipe makes {expected}")
        left = set_peft_model_state_dict(model, weights).unexpected_keys
        if left:
            raise ValueError(f"it is of other layers: {left[0]}")
    except Exception as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(
            f"The adapter in {folder}, from which this run starts, cannot be used ({reason}).", "Train from scratch."
        ) from error


def _check_weights(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
            if not torch.isfinite(file.get_tensor(name)).all():
                raise ValueError(f"{name} holds numbers that are not finite")


def save_adapter(model: Any, tokenizer: Any, beside: Sequence[Beside], folder: Path) -> None:
    """Write the adapter with its tokenizer, chat template and what helps it; the folder appears whole or not at all."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part, safe_serialization=True)
    tokenizer.save_pretrained(part)
    for one in beside:
        one.save(part)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
