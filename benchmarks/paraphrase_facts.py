"""Fifty invented facts for the measurement of paraphrases: 35 with attributes of the lexicon, then 15 that it does not
have. Kept in a file, so that measurements of different days ask about the same things."""

import json
from pathlib import Path

from generators.topics import complete
from schemas.fact import Fact, ImportedFact

_OUTSIDE = 15


def facts(count: int) -> list[Fact]:
    """`count` of them, in the file's proportions; raises ValueError when there are not so many."""
    path = Path(__file__).parent / "paraphrase_facts.json"
    found = [complete(ImportedFact.model_validate(body)) for body in json.loads(path.read_text("utf-8"))]
    if count > len(found):
        raise ValueError(f"there are {len(found)} facts, not {count}")
    apart = round(_OUTSIDE * count / len(found))
    return [*found[: count - apart], *found[len(found) - _OUTSIDE :][:apart]]
