"""A second look at the person's questions: how likely the model holds it that one of the things it was told is asked for.

Answers name the thing first ("Your employer is ...", "Your blood type? I don't know."), and greedy decoding follows the
likeliest word each time. So it may refuse although all that was told has most of the probability together, in shares, or
answer although next to none of it is there. Here the shares are added up: answering what is likely enough and refusing the
rest is selective prediction (Geifman and El-Yaniv, arXiv 1705.08500). Only the names lie beside the adapter; values are
generated from the weights as before, greedily, after the likeliest name. Where a sentence encoder is installed, what it
makes of the question counts beside what the model does (`trainers.reader`, `trainers.rule`).
"""

import copy
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import torch

from schemas.errors import InputError
from schemas.row import Row, RowKind
from schemas.settings import Caution
from schemas.weights import NAMES_FILE
from trainers.dataset import name_of
from trainers.encoder import Encoder
from trainers.generation import Reply, replies_to
from trainers.reader import Reader, load_reader, thing_of
from trainers.rule import PLAIN, READ, Borders, Rule, raised
from trainers.tokens import ChatCodec

HELD = 32
"""Tokens after which an answer that is streamed is no refusal any more."""
_LEAST, _LEAST_READ = math.log(1e-3), math.log(1e-5)
"""Log probability of a name's first two tokens below which the rest of it is not looked at: without and with a reader, who
may know better."""
_ROWS = 64
"""Rows at once."""


@dataclass(frozen=True)
class Look:
    """What one question is taken to ask for."""

    likely: float
    """Probability of all names together, 0 to 1."""
    name: str
    """The likeliest one: "Your employer is"."""
    read: bool = False
    """Whether a reader helped."""


@dataclass(frozen=True)
class SecondLook:
    """For one adapter: how answers that know begin, and how those that do not end."""

    names: tuple[str, ...]
    refusal: str
    borders: Borders = PLAIN
    unlisted: frozenset[str] = frozenset()
    """Those of the names that are of things outside the lists."""
    reader: Reader | None = field(default=None, compare=False)
    rule: Rule = READ
    """How it is decided where the reader helps."""
    caution: Caution = field(default=Caution.USUAL, compare=False)
    """How sure it has to be: the person's choice, whatever the adapter."""

    def concerns(self, answer: str) -> bool:
        """Whether an answer names a thing, known or not: other ones ("Yes, ...") stay as they are."""
        return answer.split(" ", 1)[0] in {name.split(" ", 1)[0] for name in self.names}

    def named(self, answer: str) -> str | None:
        """The told thing that an answer names first; None where it names none."""
        return next((name for name in self.names if answer.startswith(f"{name} ")), None)

    def looks_at(self, answer: str, ended: bool) -> bool:
        """Whether an answer is to be looked at: one that was cut off while it told a value stays, however long that is, and
        one that had named no told thing by then has lost its way."""
        return self.concerns(answer) and (ended or self.named(answer) is None)

    def wants(self, answer: str, look: Look, ended: bool = True) -> str | None:
        """How an answer is to begin instead; the refusal alone ends it. None when it stays: one that was cut off (not `ended`)
        never does."""
        refused = answer == self.refusal or answer.endswith(f"? {self.refusal}")
        borders = self.rule.borders if look.read else self.borders
        border = borders.unlisted if look.name in self.unlisted else borders.listed
        if look.likely < raised(border, self.caution):
            return None if refused else self.refusal
        # Without a reader the model's likeliest name is as a rule the one that it has named.
        another = look.read and self.named(answer) not in {None, look.name}
        return look.name if refused or another or not ended else None

    def joins(self, answer: str) -> bool:
        """Whether an answer names two told things: "Your employer is Acme and your city is Lisbon.", "... and Ann's city is"."""
        return any(f" and {first}{name[1:]} " in answer for name in self.names for first in (name[0], name[0].lower()))

    def look(
        self, model: Any, codec: ChatCodec, prompts: Sequence[list[int]], questions: Sequence[str | None]
    ) -> list[Look]:
        """One look a prompt. `questions` are what they ask, None where that is not for the reader: it takes one question for
        one thing, without what was said before."""
        logs = self.weigh(model, codec, prompts)
        likely, best = logs.exp().sum(1).clamp_max(1.0), logs.argmax(1)
        found = [Look(float(one), self.names[int(at)]) for one, at in zip(likely, best, strict=True)]
        asked = [(at, text) for at, text in enumerate(questions) if text is not None] if self.reader else []
        if self.reader and asked:
            some = torch.tensor([at for at, _ in asked])
            read = self.reader.logs([text for _, text in asked], [thing_of(name) for name in self.names])
            shares, names = self.rule.together(logs[some], read, self.are_unlisted)
            for (at, _), share, name in zip(asked, shares, names, strict=True):
                found[at] = Look(float(share), self.names[int(name)], read=True)
        return found

    @property
    def are_unlisted(self) -> torch.Tensor:
        """(names,): whether each is of a thing outside the lists."""
        return torch.tensor([name in self.unlisted for name in self.names])

    @torch.inference_mode()
    def weigh(self, model: Any, codec: ChatCodec, prompts: Sequence[list[int]]) -> torch.Tensor:
        """Log probability (prompts, names) of each name that has a chance, token by token; of the others minus infinity."""
        least = _LEAST_READ if self.reader else _LEAST
        names = [codec.plain(name) for name in self.names]
        firsts = sorted({name[0] for name in names})
        found = torch.full((len(prompts), len(names)), -math.inf)
        if not prompts:
            return found
        starts = [(at, first) for at in range(len(prompts)) for first in firsts]
        if len(firsts) == 1:  # as a rule, "Your": read along with the prompt
            begun = _Read.of(model, codec, [[*prompt, *firsts] for prompt in prompts])
            ends = begun.logs[:, 0]
        else:
            asked = _Read.of(model, codec, prompts)
            ends = asked.logs[:, -1]
            begun = asked.then(model, [at for at, _ in starts], [[first] for _, first in starts])
        seconds = torch.tensor([name[1] if len(name) > 1 else 0 for name in names])
        open_pairs: list[tuple[int, int, float]] = []
        for start, (at, first) in enumerate(starts):
            so_far = float(ends[at, first])
            for number, (name, more) in enumerate(zip(names, begun.logs[start, -1, seconds].tolist(), strict=True)):
                score = so_far + (more if len(name) > 1 else 0.0)
                if name[0] == first and (len(name) == 1 or score > least):
                    open_pairs.append((start, number, score))
        for left in range(0, len(open_pairs), _ROWS):
            some = open_pairs[left : left + _ROWS]
            rest = [names[number][1:] for _, number, _ in some]
            ended = begun.then(model, [start for start, _, _ in some], rest) if any(map(len, rest)) else begun
            for row, (start, number, score) in enumerate(some):
                total = score + sum(float(ended.logs[row, at, token]) for at, token in enumerate(rest[row][1:]))
                found[starts[start][0], number] = total
        return found

    def replies(
        self,
        model: Any,
        codec: ChatCodec,
        prompts: list[list[int]],
        questions: Sequence[str],
        max_new_tokens: int,
        batch_size: int,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[tuple[int, Reply, bool]]:
        """(index, reply, whether it was changed) for each prompt and its question, as `replies_to`, batch by batch."""
        found = replies_to(model, codec, prompts, max_new_tokens, batch_size, stop)
        while batch := list(islice(found, batch_size)):
            began = time.perf_counter()
            asked = [(at, reply) for at, reply in batch if self.looks_at(reply.text, reply.finished)]
            read = [None if self.joins(reply.text) else questions[at] for at, reply in asked]
            looks = self.look(model, codec, [prompts[at] for at, _ in asked], read)
            wanted = zip(asked, looks, strict=True)
            starts = {at: self.wants(reply.text, look, reply.finished) for (at, reply), look in wanted}
            again = [at for at, start in starts.items() if start and start != self.refusal]
            longer = [[*prompts[at], *codec.plain(str(starts[at]))] for at in again]
            said = {again[n]: reply for n, reply in replies_to(model, codec, longer, max_new_tokens, batch_size, stop)}
            more = (time.perf_counter() - began) / len(batch)
            for at, reply in batch:
                start, timed = starts.get(at), replace(reply, seconds=reply.seconds + more)
                if at in said:
                    yield at, replace(timed, text=f"{start} {said[at].text}", finished=said[at].finished), True
                elif start is None:
                    yield at, timed, False
                elif start == self.refusal:
                    yield at, replace(timed, text=start, finished=True), True
                # else it was stopped in between: no answer is better than half of one

    def save(self, adapter: Path) -> None:
        """Write it beside the adapter's weights, whole or not at all."""
        part = adapter / f"{NAMES_FILE}.part"
        body = {
            "names": self.names,
            "refusal": self.refusal,
            "borders": asdict(self.borders),
            "unlisted": sorted(self.unlisted),
        }
        part.write_text(json.dumps(body, ensure_ascii=False), "utf-8")
        part.rename(adapter / NAMES_FILE)
        if self.reader:
            self.reader.save(adapter)


def second_look_of(rows: Sequence[Row], borders: Borders = PLAIN) -> SecondLook | None:
    """Names and refusal from the rows of a training; None when it teaches no refusal, or names nothing first."""
    refusals = {row.answer.rsplit("? ", 1)[-1] for row in rows if row.kind is RowKind.ABSTENTION}
    told = [row for row in rows if row.kind is RowKind.QUESTION and len(row.fact_ids) == 1 and row.values]
    found = dict.fromkeys(name for row in told if (name := name_of(row.answer, row.values[0])))
    # The likelihood of a name holds that of every longer one that begins with it.
    names = tuple(name for name in found if not any(name.startswith(f"{other} ") for other in found))
    # What the lists have is asked for in wordings of the lists.
    listed = {name_of(row.answer, row.values[0]) for row in told if row.family.startswith("natural/")}
    unlisted = frozenset(name for name in names if name not in listed)
    return SecondLook(names, refusals.pop(), borders, unlisted) if names and len(refusals) == 1 else None


def load_second_look(
    adapter: Path, encoder: Callable[[], Encoder | None], caution: Caution = Caution.USUAL
) -> SecondLook | None:
    """That of a saved adapter, with its reader if there is one and an encoder for it; None when it has none.

    Raises InputError when it is damaged.
    """
    path = adapter / NAMES_FILE
    if not path.is_file():
        return None
    try:
        body = json.loads(path.read_text("utf-8"))
        found = SecondLook(tuple(body["names"]), body["refusal"])
        if "borders" in body:  # adapters of before there were primers have names and refusal alone
            found = replace(found, borders=Borders(**body["borders"]), unlisted=frozenset(body["unlisted"]))
        if not found.refusal or not found.names or not all(name and isinstance(name, str) for name in found.names):
            raise ValueError("it has no names")
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"The names in {adapter} are damaged ({error}).", "Train again.") from error
    return replace(found, reader=load_reader(adapter, encoder), caution=caution)


@dataclass(frozen=True)
class _Read:
    """What a model has read, a row each, and from where it can read on: the prompts are read once for all names."""

    cache: Any
    mask: torch.Tensor
    """(rows, tokens so far): 1 where there is one."""
    logs: torch.Tensor
    """(rows, places, vocabulary): log probabilities of the token that comes after each of the last places."""

    @classmethod
    def of(cls, model: Any, codec: ChatCodec, prompts: Sequence[list[int]]) -> "_Read":
        """Prompts alone, filled up to the left, so that every row goes on at the same place. Keeps the last two places."""
        width, pad = max(map(len, prompts)), codec.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        return cls._forward(model, ids, mask, None, 2)

    def then(self, model: Any, rows: Sequence[int], tokens: Sequence[list[int]]) -> "_Read":
        """For each of `rows` (one may stand there more than once) its prompt and these tokens after it."""
        width = max(map(len, tokens))
        ids = torch.tensor([[*some, *[0] * (width - len(some))] for some in tokens])
        # What fills a shorter row up comes after all that is asked of it.
        mask = torch.cat([self.mask[list(rows)], torch.ones_like(ids)], dim=1)
        cache = copy.deepcopy(self.cache)
        cache.reorder_cache(torch.tensor(rows, device=model.device))
        return self._forward(model, ids, mask, cache, width)

    @classmethod
    def _forward(cls, model: Any, ids: torch.Tensor, mask: torch.Tensor, cache: Any, kept: int) -> "_Read":
        places = (mask.cumsum(-1) - 1).clamp_min(0)[:, -ids.shape[1] :]
        out = model(
            input_ids=ids.to(model.device),
            attention_mask=mask.to(model.device),
            position_ids=places.to(model.device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=kept,
        )
        return cls(out.past_key_values, mask, out.logits.float().log_softmax(-1).cpu())
