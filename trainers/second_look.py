"""A second look at the person's questions: how likely the model holds it that one of the things it was told is asked for.

Answers name the thing first ("Your employer is ...", "Your blood type? I don't know."), and greedy decoding follows the
likeliest word each time. So it may refuse although all that was told has most of the probability together, in shares, or
answer although next to none of it is there. Here the shares are added up: answering what is likely enough and refusing the
rest is selective prediction (Geifman and El-Yaniv, arXiv 1705.08500). Only the names lie beside the adapter; values are
generated from the weights as before, greedily, after the likeliest name.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError
from schemas.row import Row, RowKind
from schemas.weights import NAMES_FILE
from trainers.generation import Reply, replies_to
from trainers.tokens import ChatCodec

LIKELY = 0.2
"""Probability of all names together from which on the person's question is answered. Chosen by people on whom nothing is
tested, in one step of 0.05 (docs/results, "A second look")."""
HELD = 32
"""Tokens after which an answer that is streamed is no refusal any more."""
_LEAST = math.log(1e-3)
"""Log probability of a name's first two tokens below which the rest of it is not looked at."""
_ROWS = 64
"""Rows at once."""


@dataclass(frozen=True)
class Look:
    """What one question is taken to ask for."""

    likely: float
    """Probability of all names together, 0 to 1."""
    name: str
    """The likeliest one: "Your employer is"."""


@dataclass(frozen=True)
class SecondLook:
    """For one adapter: how answers that know begin, and how those that do not end."""

    names: tuple[str, ...]
    refusal: str

    def concerns(self, answer: str) -> bool:
        """Whether an answer names a thing, known or not: other ones ("Yes, ...") stay as they are."""
        return answer.split(" ", 1)[0] in {name.split(" ", 1)[0] for name in self.names}

    def wants(self, answer: str, look: Look) -> str | None:
        """How an answer is to begin instead; the refusal alone ends it. None when it stays."""
        refused = answer == self.refusal or answer.endswith(f"? {self.refusal}")
        if refused == (look.likely < LIKELY):
            return None
        return look.name if refused else self.refusal

    @torch.inference_mode()
    def look(self, model: Any, codec: ChatCodec, prompts: Sequence[list[int]]) -> list[Look]:
        """One look a prompt; all names that have a chance are weighed, token by token."""
        names = [codec.plain(name) for name in self.names]
        firsts = sorted({name[0] for name in names})
        starts = [(at, first) for at in range(len(prompts)) for first in firsts]
        begun = _scores(model, codec, [(prompts[at], [first]) for at, first in starts], beyond=True)
        open_pairs: list[tuple[int, int]] = []
        for (at, first), (score, after) in zip(starts, begun, strict=True):
            open_pairs += [
                (at, number)
                for number, name in enumerate(names)
                if name[0] == first and (len(name) == 1 or score + after[name[1]] > _LEAST)
            ]
        scored = _scores(model, codec, [(prompts[at], names[number]) for at, number in open_pairs])
        sums, best = [0.0] * len(prompts), [(-math.inf, 0)] * len(prompts)
        for (at, number), (score, _) in zip(open_pairs, scored, strict=True):
            sums[at] += math.exp(score)
            best[at] = max(best[at], (score, number))
        return [Look(min(total, 1.0), self.names[number]) for total, (_, number) in zip(sums, best, strict=True)]

    def replies(
        self,
        model: Any,
        codec: ChatCodec,
        prompts: list[list[int]],
        max_new_tokens: int,
        batch_size: int,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[int, Reply, bool]]:
        """(index, reply, whether it was changed) for each prompt, as `replies_to`, batch by batch."""
        found = replies_to(model, codec, prompts, max_new_tokens, batch_size, stop)
        while batch := list(islice(found, batch_size)):
            began = time.perf_counter()
            asked = [(at, reply) for at, reply in batch if reply.finished and self.concerns(reply.text)]
            looks = self.look(model, codec, [prompts[at] for at, _ in asked])
            starts = {at: self.wants(reply.text, look) for (at, reply), look in zip(asked, looks, strict=True)}
            again = [at for at, start in starts.items() if start and start != self.refusal]
            longer = [[*prompts[at], *codec.plain(str(starts[at]))] for at in again]
            said = {again[n]: reply for n, reply in replies_to(model, codec, longer, max_new_tokens, batch_size, stop)}
            more = (time.perf_counter() - began) / len(batch)
            for at, reply in batch:
                start, timed = starts.get(at), replace(reply, seconds=reply.seconds + more)
                if at in said:
                    yield at, replace(timed, text=f"{start} {said[at].text}", finished=said[at].finished), True
                elif start is None or start == self.refusal:
                    yield at, replace(timed, text=start or reply.text), start is not None
                # else it was stopped in between: no answer is better than half of one

    def save(self, adapter: Path) -> None:
        """Write it beside the adapter's weights, whole or not at all."""
        part = adapter / f"{NAMES_FILE}.part"
        part.write_text(json.dumps({"names": self.names, "refusal": self.refusal}, ensure_ascii=False), "utf-8")
        part.rename(adapter / NAMES_FILE)


def second_look_of(rows: Sequence[Row]) -> SecondLook | None:
    """Names and refusal from the rows of a training; None when it teaches no refusal, or names nothing first."""
    refusals = {row.answer.rsplit("? ", 1)[-1] for row in rows if row.kind is RowKind.ABSTENTION}
    told = [row for row in rows if row.kind is RowKind.QUESTION and len(row.fact_ids) == 1 and row.values]
    found = dict.fromkeys(name for row in told if (name := _name_of(row.answer, row.values[0])))
    # The likelihood of a name holds that of every longer one that begins with it.
    names = tuple(name for name in found if not any(name.startswith(f"{other} ") for other in found))
    return SecondLook(names, refusals.pop()) if names and len(refusals) == 1 else None


def _name_of(answer: str, value: str) -> str | None:
    """ "Your employer is" of "Your employer is Acme."; None where an answer, perhaps edited, does not begin so."""
    for verb in (" is ", " are "):
        at = answer.find(f"{verb}{value}")
        if at > 0:
            return answer[:at] + verb.rstrip()
    return None


def load_second_look(adapter: Path) -> SecondLook | None:
    """That of a saved adapter, None when it has none. Raises InputError when it is damaged."""
    path = adapter / NAMES_FILE
    if not path.is_file():
        return None
    try:
        body = json.loads(path.read_text("utf-8"))
        found = SecondLook(tuple(body["names"]), body["refusal"])
        if not found.refusal or not found.names or not all(name and isinstance(name, str) for name in found.names):
            raise ValueError("it has no names")
        return found
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"The names in {adapter} are damaged ({error}).", "Train again.") from error


def _scores(
    model: Any, codec: ChatCodec, pairs: Sequence[tuple[list[int], list[int]]], beyond: bool = False
) -> Iterator[tuple[float, torch.Tensor]]:
    """For each (prompt, what follows): log probability of what follows, and with `beyond` those of the token after it."""
    for start in range(0, len(pairs), _ROWS):
        some = pairs[start : start + _ROWS]
        width, kept = max(len(a) + len(b) for a, b in some), max(len(b) for _, b in some) + 1
        ids = torch.full((len(some), width), codec.tokenizer.pad_token_id, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, (prompt, after) in enumerate(some):
            ids[row, width - len(prompt) - len(after) :] = torch.tensor([*prompt, *after])
            mask[row, width - len(prompt) - len(after) :] = 1
        places = (mask.cumsum(-1) - 1).clamp_min(0)
        scores = model(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            position_ids=places.to(model.device),
            logits_to_keep=kept,
            use_cache=False,
        ).logits
        for row, (_, after) in enumerate(some):
            logs = scores[row, kept - len(after) - 1 :].float().log_softmax(-1)
            total = logs[torch.arange(len(after)), torch.tensor(after)].sum()
            yield float(total), logs[-1].cpu() if beyond else logs.new_empty(0)
