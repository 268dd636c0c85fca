"""LoRA in as few passes over memory as it takes.

PEFT adds scale * B(A(x)) to W(x) as separate tensors: each is written, scaled, added and differentiated on its own. On
a CPU these passes cost as much as the small products. Here both products go straight into the output that is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch


def _dense(base: Any) -> torch.Tensor:
    """The frozen weight (out, in) of a linear layer, unpacked when it is stored in 4 bits."""
    packed = getattr(base.weight, "quant_state", None)
    if packed is None:
        return base.weight  # type: ignore[no-any-return]
    from bitsandbytes.functional import dequantize_4bit

    return dequantize_4bit(base.weight.data, packed)  # type: ignore[no-any-return]


class _LoraLinear(torch.autograd.Function):
    """y = x W^T + b + scale * (x A^T) B^T for x (tokens, in), frozen W (out, in), A (rank, in), B (out, rank).

    A packed W is unpacked again in the backward pass: keeping it would take four times the model's memory.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        base: Any,
        a: torch.Tensor,
        b: torch.Tensor,
        scale: float,
    ) -> torch.Tensor:
        low = x @ a.t()
        out = torch.nn.functional.linear(x, _dense(base), base.bias)
        out.addmm_(low, b.t(), alpha=scale)
        ctx.save_for_backward(x, a, b, low)
        ctx.base, ctx.scale = base, scale
        return out

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        (grad,) = grads
        x, a, b, low = ctx.saved_tensors
        grad_low = (grad @ b).mul_(ctx.scale)
        grad_b = (grad.t() @ low).mul_(ctx.scale)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = grad @ _dense(ctx.base)
            grad_x.addmm_(grad_low, a)
        return grad_x, None, grad_low.t() @ x, grad_b, None


def _forward(module: Any, x: torch.Tensor) -> torch.Tensor:
    base = module.base_layer
    flat = x.reshape(-1, x.shape[-1])
    a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
    out: torch.Tensor = _LoraLinear.apply(flat, base, a, b, module.scaling["default"])  # type: ignore[no-untyped-call]
    return out.view(*x.shape[:-1], -1)


@contextmanager
def fused(model: Any) -> Iterator[None]:
    """Train PEFT's LoRA layers, 16-bit and NF4, through the fused product; afterwards they are as PEFT made them."""
    from peft.tuners import lora

    # Linear4bit is only there where bitsandbytes is.
    plain = {lora.Linear, getattr(lora, "Linear4bit", lora.Linear)}
    layers = [module for module in model.modules() if type(module) in plain]
    for layer in layers:
        layer.forward = MethodType(_forward, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.forward
