"""Whether a question is one for the adapter: a linear layer on what the untrained lower blocks make of its words.

Where it says no, the base model answers, so general ability stays what it was. Editors of facts call this a scope
classifier (SERAC, arXiv 2206.06520). It is learned from the rows that are there: what was asked about the person, known or
not, against the general prompts; a question is left to the base only when that is rather sure.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError
from schemas.weights import GATE_FILE
from trainers.frozen import Prepared
from trainers.tokens import ChatCodec

FEWEST = 64
"""General prompts without which there is too little to learn what is not about the person."""
_MOST = 4000
"""Rows about the person that are looked at, drawn evenly."""
_SURE = 2.0
"""Log odds against the adapter from which the base answers. Of questions to people by whom settings are chosen, none of 1,320
about the person was left to the base so, and 0.96 of the general ones (docs/results, "The gate")."""
_DECAY = 0.01
_BATCH = 64


class Gate:
    """For one adapter: weights (hidden) and bias on the mean state of a question's tokens where block `block` begins."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, block: int) -> None:
        self.weight, self.bias, self.block = weight, bias, block

    @torch.no_grad()
    def opens(self, model: Any, codec: ChatCodec, questions: Sequence[str]) -> list[bool]:
        """For each question, whether the adapter of the PEFT model is to answer it."""
        order = sorted(range(len(questions)), key=lambda index: len(questions[index]))
        found = [True] * len(questions)
        with model.disable_adapter():
            for start in range(0, len(order), _BATCH):
                some = order[start : start + _BATCH]
                means = _means(model, codec, [questions[index] for index in some], self.block)
                for index, score in zip(some, (means @ self.weight + self.bias).tolist(), strict=True):
                    found[index] = score > 0
        return found

    def save(self, adapter: Path) -> None:
        """Write it beside the adapter's weights, whole or not at all."""
        from safetensors.torch import save_file

        part = adapter / f"{GATE_FILE}.part"
        save_file({"weight": self.weight, "bias": self.bias}, part, {"block": str(self.block)})
        part.rename(adapter / GATE_FILE)


def learn(prepared: Sequence[Prepared], questions: Sequence[str], codec: ChatCodec, block: int) -> Gate | None:
    """The gate from all rows with their questions; None when there are too few general ones.

    Logistic regression with both sides weighing the same, so that the number of rows does not matter.
    """
    general = [at for at, row in enumerate(prepared) if row.example.rehearsal]
    own = [at for at, row in enumerate(prepared) if not row.example.rehearsal]
    if len(general) < FEWEST or not own:
        return None
    own = [own[at * len(own) // _MOST] for at in range(_MOST)] if len(own) > _MOST else own

    def state(at: int) -> torch.Tensor:
        start, end = codec.span(questions[at])
        return prepared[at].states[start : max(end, start + 1)].float().mean(0)

    inputs = torch.stack([state(at) for at in (*own, *general)]).cpu()
    mean, spread = inputs.mean(0), inputs.std(0) + 1e-6
    inputs = (inputs - mean) / spread
    wanted = torch.cat([torch.ones(len(own)), torch.zeros(len(general))])
    shares = torch.where(wanted > 0, 0.5 / len(own), 0.5 / len(general))
    weight, bias = torch.zeros(inputs.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=80)

    def loss() -> torch.Tensor:
        solver.zero_grad()
        missed = torch.nn.functional.binary_cross_entropy_with_logits(inputs @ weight + bias, wanted, reduction="none")
        total: torch.Tensor = (missed * shares).sum() + _DECAY * weight.pow(2).sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    solver.step(loss)  # type: ignore[no-untyped-call]
    plain = weight.detach() / spread
    return Gate(plain, bias.detach() - mean @ plain + _SURE, block)


def no_gate(prompts: int) -> str:
    """What somebody is told whose training has too few general prompts for one."""
    return (
        f"No gate: {prompts} general prompts are too few to learn what is not about you, so the adapter answers every question "
        f"and spoils some of what the base model knows. With generation.replay = {FEWEST} or more there is one."
    )


def load_gate(adapter: Path) -> Gate | None:
    """The gate of a saved adapter, None when it has none. Raises InputError when it is damaged."""
    from safetensors import safe_open

    path = adapter / GATE_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            weight, bias = file.get_tensor("weight"), file.get_tensor("bias")
            block = int(file.metadata()["block"])
        if weight.ndim != 1 or not (torch.isfinite(weight).all() and torch.isfinite(bias).all()):
            raise ValueError("its numbers are not finite")
        return Gate(weight, bias, block)
    except Exception as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(f"The gate in {adapter} is damaged ({reason}).", "Train again.") from error


class _EnoughError(Exception):
    """The state that was wanted is there: the blocks above need not run."""


def _means(model: Any, codec: ChatCodec, questions: Sequence[str], block: int) -> torch.Tensor:
    """Mean states (questions, hidden) over each question's own tokens, where `block` begins."""
    decoder = model.get_base_model().get_decoder()
    below = decoder.layers[block - 1] if block else model.get_base_model().get_input_embeddings()
    prompts = [codec.prompt(question) for question in questions]
    ids = torch.zeros(len(prompts), max(map(len, prompts)), dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, : len(prompt)] = torch.tensor(prompt)
    seen: list[torch.Tensor] = []

    def keep(_module: Any, _inputs: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)
        raise _EnoughError

    hook = below.register_forward_hook(keep)
    try:
        # What follows a row's own tokens is padding that, in a causal model, they do not see.
        decoder(input_ids=ids.to(model.device), use_cache=False)
    except _EnoughError:
        pass
    finally:
        hook.remove()
    spans = [codec.span(question) for question in questions]
    means = [
        state[start : max(end, start + 1)].float().mean(0) for state, (start, end) in zip(seen[0], spans, strict=True)
    ]
    return torch.stack(means).cpu()
