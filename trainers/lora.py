"""The adapter: LoRA on every linear layer, trained in the model's precision with fp32 master weights."""

import shutil
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError
from schemas.settings import Recipe


def attach(model: Any, recipe: Recipe, seed: int) -> Any:
    """The model with a fresh adapter. Its weights have the model's precision: half-width products are twice as fast."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    blocks = model.get_decoder().layers
    names = {name for name, module in blocks[0].named_modules() if isinstance(module, torch.nn.Linear)}
    wanted = {name for name in names if recipe.targets == "all-linear" or name.startswith("mlp.")}
    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        target_modules=sorted(name.rsplit(".", 1)[-1] for name in wanted),
        layers_to_transform=list(range(first_block(model, recipe), len(blocks))),
        layers_pattern="layers",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config, autocast_adapter_dtype=False)


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
    return loaded.eval()


def _check_weights(path: Path) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118 (safe_open is no mapping)
            if not torch.isfinite(file.get_tensor(name)).all():
                raise ValueError(f"{name} holds numbers that are not finite")


def save_adapter(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write the adapter with its tokenizer and chat template; the folder appears whole or not at all."""
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(part, safe_serialization=True)
    tokenizer.save_pretrained(part)
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)


class MasterAdamW:
    """AdamW over fp32 copies of all adapter weights, in one flat tensor: one fused update instead of 420 small ones.

    The model's weights and gradients become views into flat tensors too. `step` writes the rounded master back.
    """

    def __init__(self, model: Any, recipe: Recipe) -> None:
        weights = [weight for weight in model.parameters() if weight.requires_grad]
        sizes = [weight.numel() for weight in weights]
        self.flat = torch.cat([weight.detach().reshape(-1) for weight in weights])
        self._grad = torch.zeros_like(self.flat)
        for weight, value, grad in zip(
            weights, torch.split(self.flat, sizes), torch.split(self._grad, sizes), strict=True
        ):
            weight.data = value.view_as(weight)
            weight.grad = grad.view_as(weight)
        self.master = torch.nn.Parameter(self.flat.float().clone())
        self.master.grad = torch.zeros_like(self.master)
        self._max_norm = recipe.max_grad_norm
        self._adamw = torch.optim.AdamW([self.master], lr=0.0, weight_decay=recipe.weight_decay, fused=True)

    def step(self, learning_rate: float) -> None:
        """One clipped update, then gradients are zero again."""
        assert self.master.grad is not None
        self.master.grad.copy_(self._grad)
        torch.nn.utils.clip_grad_norm_([self.master], self._max_norm)
        self._adamw.param_groups[0]["lr"] = learning_rate
        self._adamw.step()
        self.write_back()
        self._grad.zero_()

    def write_back(self) -> None:
        """Give the model the master weights, rounded to its precision."""
        with torch.no_grad():
            self.flat.copy_(self.master)

    def state(self) -> dict[str, torch.Tensor]:
        """Everything a resumed run needs, as tensors."""
        inner = self._adamw.state.get(self.master, {})
        return {"master": self.master.detach(), **{f"adamw.{name}": value for name, value in inner.items()}}

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from `state`. Raises RuntimeError when it is of another shape."""
        with torch.no_grad():
            self.master.copy_(state["master"])
        inner = {name.removeprefix("adamw."): value for name, value in state.items() if name.startswith("adamw.")}
        if inner:
            self._adamw.state[self.master] = {name: value.clone() for name, value in inner.items()}
        self.write_back()
