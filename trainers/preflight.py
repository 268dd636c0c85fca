"""What a run will cost, told before anything heavy is loaded."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from schemas.settings import Recipe
from trainers.models import Device
from trainers.tokens import Example

_EFFICIENCY = 0.62
"""Share of the measured matrix rate that a training step reaches on a CPU (measured with SmolLM2-135M, batch 16)."""
_STEP_SECONDS = {"cpu": 0.02, "cuda": 0.1}
"""What a step costs beside its arithmetic; on a GPU that is most of it for a small model."""
_FOUR_BIT_BYTES = 0.57
"""A weight with its share of the scale of its block."""
_RUNTIME_BYTES = 900e6
"""Python, torch and transformers themselves."""


@dataclass(frozen=True)
class Estimate:
    """The cost of a run."""

    rows: int
    tokens: int
    """In one epoch, padding not counted."""
    longest: int
    steps: int
    minutes: float
    memory_gb: float
    available_gb: float

    def as_dict(self) -> dict[str, float]:
        """For events and JSON output."""
        return {name: round(float(value), 2) for name, value in vars(self).items()}


def estimate(examples: list[Example], recipe: Recipe, folder: Path, device: Device, four_bit: bool = False) -> Estimate:
    """From the model's config and a short measurement of the machine's matrix rate (0.2 s); no weights are loaded."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    shape = getattr(config, "text_config", config)
    weights = _file_bytes(folder) / 2  # two bytes a weight, as stored
    embedding = shape.vocab_size * shape.hidden_size
    body = max(weights - embedding, 1.0)
    tokens = sum(len(example.ids) for example in examples)
    answers = sum(example.answer_length for example in examples)
    steps = -(-len(examples) // recipe.batch_size) * recipe.epochs
    # Forward and the gradient by the inputs, two operations each; frozen weights get no gradient of their own, and the
    # blocks below the first trained one run forward once. A rehearsed token is scored by both models.
    rehearsed = sum(len(example.ids) for example in examples if example.rehearsal)
    trained = body * (1 - recipe.frozen_below)
    operations = recipe.epochs * (4.0 * (trained * tokens + embedding * answers) + 6.0 * embedding * rehearsed)
    operations += 2.0 * body * tokens
    seconds = operations / (_matrix_rate(shape.hidden_size, device) * _EFFICIENCY) + _STEP_SECONDS[device.name] * steps
    longest = max(len(example.ids) for example in examples)
    width = 2 if device.dtype is torch.bfloat16 else 4
    adapter = recipe.rank * shape.num_hidden_layers * 14 * shape.hidden_size
    per_token = shape.num_hidden_layers * (18 * shape.hidden_size + 6 * shape.intermediate_size) * width
    # On a GPU a batch is cut into parts that fit, so one row has to.
    rows = recipe.batch_size if device.name == "cpu" else 1
    held = body * _FOUR_BIT_BYTES + 2 * embedding * width if four_bit else weights * width
    memory = held + adapter * (2 * width + 12) + per_token * longest * rows + _RUNTIME_BYTES
    return Estimate(
        rows=len(examples),
        tokens=tokens,
        longest=longest,
        steps=steps,
        minutes=seconds / 60,
        memory_gb=memory / 1e9,
        available_gb=_available(device) / 1e9,
    )


def used_gb() -> float:
    """Memory that this process takes, in GB: the most that the GPU held, or what is resident now without one."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e9
    return psutil.Process().memory_info().rss / 1e9


def _file_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


def _available(device: Device) -> int:
    return int(torch.cuda.mem_get_info()[0]) if device.name == "cuda" else int(psutil.virtual_memory().available)


def _matrix_rate(hidden: int, device: Device) -> float:
    left: Any = torch.randn(512, hidden, dtype=device.dtype, device=device.name)
    right: Any = torch.randn(hidden, 3 * hidden, dtype=device.dtype, device=device.name)
    times = []
    for _ in range(6):
        began = time.perf_counter()
        for _ in range(4):
            left @ right
        if device.name == "cuda":
            torch.cuda.synchronize()
        times.append((time.perf_counter() - began) / 4)
    operations = 2.0 * left.shape[0] * left.shape[1] * right.shape[1]
    return float(operations / min(times))
