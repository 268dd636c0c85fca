"""Work on the frozen part of the model that is done once: the lower blocks' output for every row, and for rehearsal
rows what the untouched model makes of them in the end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from schemas.errors import AndraeusError
from trainers.causal import causal_only
from trainers.tokens import Example

_BATCH = {"cpu": 32, "cuda": 128}
"""Rows that go through the model together, without gradients."""
_TOLERANCE = 0.05
"""How far, relative to their size, the last hidden states may be off when the blocks run in two parts (bf16 rounds to
1 in 256, and kernels may differ between batch shapes)."""


@dataclass(frozen=True)
class Prepared:
    """A row as the trained blocks see it."""

    example: Example
    states: torch.Tensor
    """What enters the first trained block (tokens, hidden)."""
    final: torch.Tensor | None
    """For rehearsal rows, the base model's last hidden states (tokens, hidden)."""

    def __len__(self) -> int:
        return len(self.example.ids)


class SplitModel:
    """A causal language model whose blocks below `first` never change.

    Decoders of transformers, and Unsloth's, go through `layers` and then `norm`, so leaving some blocks out of the list
    for a while runs just the others, with no code for a particular architecture. `prepare` proves it on the model.
    """

    def __init__(self, model: Any, first: int) -> None:
        self.model, self.first = model, first
        self._decoder = model.get_decoder()
        self._blocks = self._decoder.layers
        self.head = model.get_output_embeddings()
        self._proved = False
        self.recomputes = False
        """Whether blocks are recomputed in the backward pass: some ways of doing it pass over an input without gradient."""

    # Not inference mode: what libraries cache in it, positions say, could not be used in training afterwards.
    @torch.no_grad()
    def prepare(
        self, examples: list[Example], pad: int, tell: Callable[[int], None] = lambda _done: None
    ) -> list[Prepared]:
        """Run the untouched model over all rows. Call before an adapter has changed anything.

        `tell` hears how many rows are done, and ends it by raising. Raises AndraeusError when the model's blocks cannot
        be run apart.
        """
        size = _BATCH[self.model.device.type]
        order = sorted(range(len(examples)), key=lambda index: (examples[index].rehearsal, len(examples[index].ids)))
        done: dict[int, Prepared] = {}
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            ids = torch.full((len(chosen), max(len(examples[index].ids) for index in chosen)), pad, dtype=torch.long)
            for row, index in enumerate(chosen):
                ids[row, : len(examples[index].ids)] = torch.tensor(examples[index].ids)
            rehearsed = any(examples[index].rehearsal for index in chosen)
            low, final = self._lower(ids.to(self.model.device), whole=rehearsed or not self._proved)
            if final is not None and not self._proved:
                self._prove(low, final, [len(examples[index].ids) for index in chosen])
            for row, index in enumerate(chosen):
                length = len(examples[index].ids)
                kept = final[row, :length].clone() if final is not None and examples[index].rehearsal else None
                done[index] = Prepared(examples[index], low[row, :length].clone(), kept)
            tell(len(done))
        return [done[index] for index in range(len(examples))]

    def _lower(self, ids: torch.Tensor, whole: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
        """What comes out of the lower blocks, and if `whole`, what comes out of all (rows, length, hidden)."""
        seen: list[torch.Tensor] = []

        def keep(_module: Any, _inputs: Any, output: Any) -> None:
            seen.append(output[0] if isinstance(output, tuple) else output)

        below = self._blocks[self.first - 1] if self.first else self.model.get_input_embeddings()
        hook = below.register_forward_hook(keep)
        try:
            if whole:
                final = self._decoder(input_ids=ids, use_cache=False).last_hidden_state
            elif self.first:
                final = None
                with self._only(self._blocks[: self.first]):
                    self._decoder(input_ids=ids, use_cache=False)
            else:
                final = None
                below(ids)
        finally:
            hook.remove()
        return seen[0], final

    def _prove(self, low: torch.Tensor, final: torch.Tensor, lengths: list[int]) -> None:
        """That the upper blocks, fed with the lower ones' output, give what the whole model gives."""
        with self.trained_blocks():
            apart = self.hidden(low).view_as(low)
        real = torch.arange(low.shape[1], device=low.device) < torch.tensor(lengths, device=low.device)[:, None]
        wanted, found = final[real].float(), apart[real].float()
        off = ((found - wanted).norm() / wanted.norm().clamp_min(1e-9)).item()
        if not off < _TOLERANCE:
            raise AndraeusError(
                f"This model's blocks cannot be trained apart: the result is off by {off:.0%}.", "Take another model."
            )
        self._proved = True

    def trained_blocks(self) -> Any:
        """A context in which the decoder is its upper blocks alone, fed with `states`."""
        return self._only(self._blocks[self.first :])

    def hidden(self, states: torch.Tensor) -> torch.Tensor:
        """Last hidden states (rows x length, hidden) from states (rows, length, hidden), inside `trained_blocks`."""
        if self.recomputes and torch.is_grad_enabled():
            states = states.detach().requires_grad_()
        out: torch.Tensor = self._decoder(inputs_embeds=states, use_cache=False).last_hidden_state
        return out.reshape(-1, out.shape[-1])

    @contextmanager
    def _only(self, blocks: Any) -> Iterator[None]:
        self._decoder.layers = blocks
        try:
            with causal_only(self.model):
                yield
        finally:
            self._decoder.layers = self._blocks
