"""Sentence vectors of wordings that everybody's training reads: those of common attributes that were not told.

They are the same whatever a person told, so they are made once (`python -m benchmarks.shipped_vectors`) and shipped; what
asks for a person's own things is encoded where it is read.
"""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache

import torch

from schemas.primed import SHIPPED
from trainers.encoder import WIDTH, Encoder

FILE = SHIPPED / "wordings.safetensors"
_SAME = 0.999
"""Cosine from which on two vectors of a text are of the same encoder."""


def vectors_of(
    texts: Sequence[str], encoder: Encoder, tell: Callable[[int, int], None] = lambda done, total: None
) -> torch.Tensor:
    """(texts, 384) as `encoder` gives them. `tell` hears how many of those that are not shipped are done, of how many."""
    numbers, vectors = _shipped()
    places = torch.tensor([numbers.get(key_of(text), -1) for text in texts], dtype=torch.long)
    if not _agrees(texts, places, vectors, encoder):
        places.fill_(-1)
    found = torch.zeros(len(texts), WIDTH)
    shipped = places >= 0
    found[shipped] = vectors[places[shipped]].float()
    new = [text for text, one in zip(texts, shipped.tolist(), strict=True) if not one]
    found[~shipped] = encoder.encode(new, lambda done: tell(done, len(new)))
    return found


def key_of(text: str) -> int:
    """What a text is found by: 64 bits of its hash."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def _agrees(texts: Sequence[str], places: torch.Tensor, vectors: torch.Tensor, encoder: Encoder) -> bool:
    """Whether this is the encoder that the shipped ones were made by, to judge by one of them."""
    number = next((at for at, place in enumerate(places.tolist()) if place >= 0), None)
    return number is not None and float(encoder.encode([texts[number]])[0] @ vectors[places[number]].float()) > _SAME


@cache
def _shipped() -> tuple[dict[int, int], torch.Tensor]:
    """The number of each text by its key, and vectors (texts, 384)."""
    from safetensors.torch import load_file

    body = load_file(FILE)
    return {key: number for number, key in enumerate(body["keys"].tolist())}, body["vectors"]
