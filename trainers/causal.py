"""Attention that is causal and nothing else, for training on a GPU.

transformers looks at every forward pass whether positions start anew within a row, which makes the host wait for the GPU
and cannot be recorded in a CUDA graph. Our rows are one sequence each, padded on the right: no mask is needed at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_NAME = "andraeus_causal"


@contextmanager
def causal_only(model: Any) -> Iterator[None]:
    """Inside, the model's attention takes no mask. Changes nothing where attention is not torch's (CPU, Unsloth)."""
    config = model.config.get_text_config()
    usual = config._attn_implementation
    if usual != "sdpa" or getattr(model, "_unsloth_fast_path", False):
        yield
        return
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    # Known as attention and not as a maker of masks, which is how transformers is told that none is wanted.
    AttentionInterface.register(_NAME, sdpa_attention_forward)
    config._attn_implementation = _NAME
    try:
        yield
    finally:
        config._attn_implementation = usual
