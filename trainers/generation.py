"""Greedy answers as a user would get them, in batches or one token at a time: free generation, nothing forced."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch

from trainers.tokens import ChatCodec


@dataclass(frozen=True)
class Reply:
    """One generated answer."""

    text: str
    finished: bool
    """Whether the model ended it itself, before the token limit."""
    prompt_tokens: int
    seconds: float
    """Its share of the batch's time."""


def replies(
    model: Any,
    codec: ChatCodec,
    questions: list[str],
    max_new_tokens: int,
    batch_size: int,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Reply]]:
    """(index, reply) for each question, batches of alike prompt lengths first to last. Ends early when `stop` says so."""
    return replies_to(model, codec, [codec.prompt(one) for one in questions], max_new_tokens, batch_size, stop)


@torch.inference_mode()
def replies_to(
    model: Any,
    codec: ChatCodec,
    prompts: list[list[int]],
    max_new_tokens: int,
    batch_size: int,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Reply]]:
    """The same for prompts that are rendered and encoded already, each perhaps with a context of its own."""
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    pad, end = codec.tokenizer.pad_token_id, codec.tokenizer.eos_token_id
    for start in range(0, len(order), batch_size):
        if stop():
            return
        chosen = order[start : start + batch_size]
        width = max(len(prompts[index]) for index in chosen)
        ids = torch.full((len(chosen), width), pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, index in enumerate(chosen):
            ids[row, width - len(prompts[index]) :] = torch.tensor(prompts[index])
            mask[row, width - len(prompts[index]) :] = 1
        began = time.perf_counter()
        out = model.generate(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            max_new_tokens=max_new_tokens,
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=end,
            pad_token_id=pad,
        )[:, width:].tolist()
        seconds = (time.perf_counter() - began) / len(chosen)
        for index, tokens in zip(chosen, out, strict=True):
            ended = end in tokens
            text = codec.decode(tokens[: tokens.index(end)] if ended else tokens)
            yield index, Reply(text, ended, len(prompts[index]), seconds)


_CHUNK = 512
"""Prompt tokens that are read in one go, so that a long prompt can be given up while it is read."""


@torch.inference_mode()
def tokens_of(
    model: Any, codec: ChatCodec, prompt: list[int], max_new_tokens: int, stop: Callable[[], bool]
) -> Iterator[int]:
    """The tokens of one greedy answer as they are found, the end token included if it comes. Ends early on `stop`."""
    cache = None
    waiting = prompt
    for _ in range(max_new_tokens):
        while waiting:
            if stop():
                return
            ids = torch.tensor([waiting[:_CHUNK]], device=model.device)
            out = model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, waiting = out.past_key_values, waiting[_CHUNK:]
        token = int(out.logits[0, -1].argmax())
        yield token
        if token == codec.tokenizer.eos_token_id:
            return
        waiting = [token]


def settled(text: str) -> str:
    """The part of a growing answer that its next tokens cannot change: characters may be cut between two tokens."""
    return text.rstrip("\N{REPLACEMENT CHARACTER}")
