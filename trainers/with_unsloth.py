"""A base model and its adapter as Unsloth makes them: its kernels sit in `forward`, so that our loop gets them too.

Only imported when Unsloth is, and after it.
"""

from pathlib import Path
from typing import Any

import torch

from schemas.settings import Recipe
from trainers.lora import first_block, in_precision, targets_of


def load(folder: Path, four_bit: bool, max_length: int, seed: int) -> Any:
    """The frozen base model, in 4 bits (NF4) or bf16, in evaluation mode on the GPU. No remote code, no network."""
    from transformers import AutoConfig
    from unsloth import FastLanguageModel

    # A limit beyond the model's own would make Unsloth stretch its positions.
    limit = AutoConfig.from_pretrained(folder, local_files_only=True).get_text_config().max_position_embeddings
    model, _ = FastLanguageModel.from_pretrained(
        model_name=str(folder.resolve()),
        use_exact_model_name=True,
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        max_seq_length=min(limit, max(max_length, 512)),
        dtype=torch.bfloat16,
        load_in_4bit=four_bit,
        use_gradient_checkpointing=False,
        offload_embedding=False,
        random_state=seed,
    )
    return model.eval().requires_grad_(False)


def attach(model: Any, recipe: Recipe, seed: int) -> Any:
    """The model with a fresh adapter in bf16, in training mode."""
    from unsloth import FastLanguageModel

    first, count = first_block(model, recipe), len(model.get_decoder().layers)
    tuned = FastLanguageModel.get_peft_model(
        model,
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=0.0,
        bias="none",
        target_modules=targets_of(model, recipe),
        layers_to_transform=list(range(first, count)) if first else None,
        use_gradient_checkpointing=False,
        random_state=seed,
    )
    in_precision(tuned, torch.bfloat16)
    FastLanguageModel.for_training(tuned, use_gradient_checkpointing=False)
    return tuned


def checkpoint_activations(model: Any) -> None:
    """Recompute each block in the backward pass instead of keeping what it computed."""
    from unsloth import FastLanguageModel

    FastLanguageModel.for_training(model, use_gradient_checkpointing=True)
