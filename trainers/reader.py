"""Helps the second look to read: which of the things in a training does a question ask for, by a sentence encoder?

The encoder saw a billion pairs of sentences that mean the same, which a language model of some hundred million weights
did not. Each is right where the other is wrong, so their probabilities are multiplied (a product of experts: Hinton,
Neural Computation 14, 2002). How near a question is to those that training asked for each thing, told or not, is a kernel
density over their vectors (Parzen, 1962). It holds no value: what is answered comes from the adapter's weights.
"""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from schemas.errors import InputError
from schemas.events import Log
from schemas.row import Row, RowKind
from schemas.weights import ENCODER_INSTALL, READER_FILE, encoder_folder
from schemas.wire import Wire
from trainers.dataset import name_of
from trainers.encoder import WIDTH, Encoder
from trainers.shipped_vectors import vectors_of

_SHARPNESS = 30.0
"""What a cosine is multiplied by. Chosen by people on whom nothing is tested (docs/results, round 20)."""
_LEAST = 1e-12
"""Density of a thing that nothing in training is near to."""
_MOST = 40_000
"""Questions that are kept, drawn evenly: some 30 MB beside an adapter."""


class Reader:
    """For one adapter: vectors (questions, 384) of what its training asked, and the number (questions,) of the thing each
    asks for among `things`."""

    def __init__(self, things: Sequence[str], vectors: torch.Tensor, which: torch.Tensor, encoder: Encoder) -> None:
        self.things, self.vectors, self.which = tuple(things), vectors, which
        self._encoder = encoder

    def logs(self, questions: Sequence[str], told: Sequence[str]) -> torch.Tensor:
        """Log probabilities (questions, told + 1) that each asks for each of the `told` things, and for any other one."""
        near = (_SHARPNESS * (self._encoder.encode(questions) @ self.vectors.float().T - 1)).exp()
        density = torch.zeros(len(questions), len(self.things)).index_add_(1, self.which, near)
        shares = (density + _LEAST).log().log_softmax(1)
        number = {thing: at for at, thing in enumerate(told)}
        columns = torch.tensor([number.get(thing, len(told)) for thing in self.things], dtype=torch.long)
        found = torch.zeros(len(questions), len(told) + 1).index_add_(1, columns, shares.exp())
        return found.clamp_min(_LEAST).log()

    def continuing(self, before: "Reader") -> "Reader":
        """This one, where each thing of which `before` has more questions has those."""
        now, then = _counts(self), _counts(before)
        older = {thing for thing, count in then.items() if count > now.get(thing, 0)}
        kept, taken = _of(self, set(now) - older), _of(before, older)
        things = [*dict.fromkeys([*self.things, *before.things])]
        number = {thing: at for at, thing in enumerate(things)}
        which = [number[one.things[int(at)]] for one, mask in ((self, kept), (before, taken)) for at in one.which[mask]]
        vectors = torch.cat([self.vectors[kept], before.vectors[taken]])
        return Reader(things, vectors, torch.tensor(which, dtype=torch.long), self._encoder)

    def save(self, adapter: Path) -> None:
        """Write it beside the adapter's weights, whole or not at all."""
        from safetensors.torch import save_file

        part = adapter / f"{READER_FILE}.part"
        body = {"vectors": self.vectors.contiguous(), "which": self.which.to(torch.int32)}
        save_file(body, part, {"things": json.dumps(self.things, ensure_ascii=False)})
        part.rename(adapter / READER_FILE)


def learn_reader(
    rows: Sequence[Row],
    refusal: str,
    encoder: Encoder,
    tell: Callable[[int, int], None] = lambda done, total: None,
    more: Sequence[Row] = (),
    before: Reader | None = None,
) -> Reader:
    """The reader of a training's rows, and of `more` that ask for the same things or for what was not told; `before` is
    that of the adapter that is continued. `tell` hears how many questions are read, of how many."""
    told = {_thing(row, refusal) for row in rows if row.kind is RowKind.QUESTION}
    # What somebody calls by another name in an answer of his own is no thing that was not told.
    same = [row for row in more if (row.kind is RowKind.QUESTION) == (_thing(row, refusal) in told)]
    asked = [*dict.fromkeys((row.question, thing) for row in (*rows, *same) if (thing := _thing(row, refusal)))]
    if before:
        # An update changes what is answered; how a thing is asked for, the reader of before has read.
        now, then = Counter(thing for _, thing in asked), _counts(before)
        asked = [(question, thing) for question, thing in asked if now[thing] > then.get(thing, 0)]
    asked = [asked[at * len(asked) // _MOST] for at in range(_MOST)] if len(asked) > _MOST else asked
    number = {thing: at for at, thing in enumerate(dict.fromkeys(thing for _, thing in asked))}
    vectors = vectors_of([question for question, _ in asked], encoder, tell).half()
    which = torch.tensor([number[thing] for _, thing in asked], dtype=torch.long)
    reader = Reader([*number], vectors, which, encoder)
    return reader.continuing(before) if before else reader


def encoder_for(device: str, wire: Wire) -> Encoder | None:
    """The encoder; None, which is told, when its package is not installed."""
    folder = encoder_folder()
    if not folder:
        message = "The sentence encoder is not installed, so questions are read by the language model alone"
        wire.emit(Log(level="warning", message=f"{message} ({ENCODER_INSTALL})."))
        return None
    return Encoder(folder, device)


def load_reader(adapter: Path, encoder: Callable[[], Encoder | None]) -> Reader | None:
    """That of a saved adapter; None when it has none, or when there is no `encoder`, who is called where it has one.

    Raises InputError when it is damaged.
    """
    from safetensors import safe_open

    path = adapter / READER_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            vectors, which = file.get_tensor("vectors"), file.get_tensor("which").long()
            things = json.loads(file.metadata()["things"])
        if vectors.shape != (len(which), WIDTH) or not torch.isfinite(vectors).all():
            raise ValueError("its numbers are not those of questions")
        if which.min() < 0 or which.max() >= len(things):
            raise ValueError("a question asks for nothing")
    except Exception as error:
        reason = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
        raise InputError(f"The reader in {adapter} is damaged ({reason}).", "Train again.") from error
    reads = encoder()
    return Reader(things, vectors, which, reads) if reads else None


def _thing(row: Row, refusal: str) -> str:
    """ "Your employer" of "Your employer is Acme." and of "Your employer? I don't know."; empty where the question asks for
    more than one thing or none, or may hold a value."""
    if row.kind is RowKind.ABSTENTION:
        return row.answer.removesuffix(f"? {refusal}") if row.answer.endswith(f"? {refusal}") else ""
    name = name_of(row.answer, row.values[0]) if row.kind is RowKind.QUESTION and row.values else None
    return thing_of(name) if name else ""


def thing_of(name: str) -> str:
    """ "Your employer" of "Your employer is"."""
    return name.rsplit(" ", 1)[0]


def _counts(reader: Reader) -> dict[str, int]:
    counts = torch.bincount(reader.which, minlength=len(reader.things)).tolist()
    return dict(zip(reader.things, counts, strict=True))


def _of(reader: Reader, things: set[str]) -> torch.Tensor:
    """(questions,): whether each asks for one of these things."""
    return torch.tensor([thing in things for thing in reader.things], dtype=torch.bool)[reader.which]
