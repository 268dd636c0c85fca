"""Work on the frozen part of the model that is done once: the lower blocks' output for every row, and for rehearsal
rows what the untouched model makes of them in the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from trainers.tokens import Example

_BATCH = 32


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

    transformers' decoders go through `layers` and then `norm`, so taking some blocks out of the list for a while runs
    just the others, with no code for a particular architecture.
    """

    def __init__(self, model: Any, first: int) -> None:
        self.model, self.first = model, first
        self._decoder = model.get_decoder()
        self._blocks = self._decoder.layers
        self._norm = self._decoder.norm
        self.head = model.get_output_embeddings()

    @torch.inference_mode()
    def prepare(self, examples: list[Example], pad: int) -> list[Prepared]:
        """Run the untouched model over all rows. Call before an adapter has changed anything."""
        order = sorted(range(len(examples)), key=lambda index: (examples[index].rehearsal, len(examples[index].ids)))
        done: dict[int, Prepared] = {}
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            ids = torch.full((len(chosen), max(len(examples[index].ids) for index in chosen)), pad, dtype=torch.long)
            for row, index in enumerate(chosen):
                ids[row, : len(examples[index].ids)] = torch.tensor(examples[index].ids)
            with self._only(self._blocks[: self.first], torch.nn.Identity()):
                low = self._decoder(input_ids=ids.to(self.model.device), use_cache=False).last_hidden_state
            final = None
            if any(examples[index].rehearsal for index in chosen):
                with self.trained_blocks():
                    final = self.hidden(low).view_as(low)
            for row, index in enumerate(chosen):
                length = len(examples[index].ids)
                kept = final[row, :length].clone() if final is not None and examples[index].rehearsal else None
                done[index] = Prepared(examples[index], low[row, :length].clone(), kept)
        return [done[index] for index in range(len(examples))]

    def trained_blocks(self) -> Any:
        """A context in which the decoder is its upper blocks alone, fed with `states`."""
        return self._only(self._blocks[self.first :], self._norm)

    def hidden(self, states: torch.Tensor) -> torch.Tensor:
        """Last hidden states (rows x length, hidden) from states (rows, length, hidden), inside `trained_blocks`."""
        out: torch.Tensor = self._decoder(inputs_embeds=states, use_cache=False).last_hidden_state
        return out.reshape(-1, out.shape[-1])

    @contextmanager
    def _only(self, blocks: Any, norm: Any) -> Iterator[None]:
        self._decoder.layers, self._decoder.norm = blocks, norm
        try:
            yield
        finally:
            self._decoder.layers, self._decoder.norm = self._blocks, self._norm
