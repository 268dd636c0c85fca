"""AdamW over fp32 copies of all adapter weights, in one flat tensor: one fused update instead of 420 small ones."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from schemas.settings import Recipe


class MasterAdamW:
    """The model's weights and gradients become views into flat tensors too; `step` writes the rounded master back."""

    def __init__(self, model: Any, recipe: Recipe, capturable: bool = False) -> None:
        """`capturable`: `step` may be recorded in a CUDA graph, with the learning rate as a tensor on the GPU."""
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        sizes = [weight.numel() for weight in self.weights]
        self.flat = torch.cat([weight.detach().reshape(-1) for weight in self.weights])
        self._grad = torch.zeros_like(self.flat)
        for weight, value, grad in zip(
            self.weights, torch.split(self.flat, sizes), torch.split(self._grad, sizes), strict=True
        ):
            weight.data = value.view_as(weight)
            weight.grad = grad.view_as(weight)
        self.master = torch.nn.Parameter(self.flat.float().clone())
        self.master.grad = torch.zeros_like(self.master)
        self._max_norm = recipe.max_grad_norm
        self._capturable = capturable
        rate: Any = torch.zeros((), device=self.flat.device) if capturable else 0.0
        self._adamw = torch.optim.AdamW(
            [self.master], lr=rate, weight_decay=recipe.weight_decay, fused=True, capturable=capturable
        )
        # AdamW makes its moments at the first step: after the trial that says which batches fit the memory.
        self._adamw.state[self.master] = {
            "step": torch.zeros((), device=self.flat.device),
            "exp_avg": torch.zeros_like(self.master),
            "exp_avg_sq": torch.zeros_like(self.master),
        }

    def set_rate(self, learning_rate: float) -> None:
        """The learning rate of the next steps."""
        group = self._adamw.param_groups[0]
        if self._capturable:
            group["lr"].fill_(learning_rate)
        else:
            group["lr"] = learning_rate

    def step(self, reduce: Callable[[torch.Tensor], None] | None = None) -> None:
        """One clipped update from the gradients that are there, which are zero afterwards.

        `reduce` replaces the flat gradient by that of all processes.
        """
        assert self.master.grad is not None
        self.master.grad.copy_(self._grad)
        self._grad.zero_()
        if reduce:
            reduce(self.master.grad)
        self._update()

    def step_with(self, gradients: Sequence[torch.Tensor]) -> None:
        """The same from `gradients`, one for each of `weights`, which leaves the weights' own alone."""
        assert self.master.grad is not None
        self.master.grad.copy_(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        self._update()

    def _update(self) -> None:
        torch.nn.utils.clip_grad_norm_([self.master], self._max_norm)
        self._adamw.step()
        self.write_back()

    def drop_gradients(self) -> None:
        """Forget what was accumulated."""
        self._grad.zero_()

    def write_back(self) -> None:
        """Give the model the master weights, rounded to its precision."""
        with torch.no_grad():
            self.flat.copy_(self.master)

    def state(self) -> dict[str, torch.Tensor]:
        """Everything a resumed run needs, as tensors."""
        inner = self._adamw.state[self.master]
        return {"master": self.master.detach(), **{f"adamw.{name}": value for name, value in inner.items()}}

    def load_state(self, state: dict[str, torch.Tensor]) -> None:
        """Continue from `state`, in place where there are tensors. Raises RuntimeError when it is of another shape."""
        with torch.no_grad():
            self.master.copy_(state["master"])
            for name, value in self._adamw.state[self.master].items():
                value.copy_(state[f"adamw.{name}"])
        self.write_back()
