"""General prompts whose answers the base model gives itself, so that training on facts does not wash its abilities out."""

import tomllib
from functools import cache
from pathlib import Path

from generators.make import Asked, make_row, rng_for
from schemas.row import Row, RowKind, Split, Wording

_A_FACT, _FEWEST = 20, 80
"""Prompts for each fact, and how many there are for a few facts: too many drown the facts, too few keep nothing."""


@cache
def prompts() -> tuple[str, ...]:
    """All prompts that the project ships."""
    with (Path(__file__).parent / "replay.toml").open("rb") as file:
        return tuple(tomllib.load(file)["prompts"])


def replay_rows(most: int, facts: int, seed: int) -> list[Row]:
    """Prompts in proportion to the number of facts, `most` at most, with empty answers that the trainer fills."""
    count = min(most, max(_FEWEST, _A_FACT * facts), len(prompts()))
    chosen = rng_for(seed, "replay").sample(prompts(), count)
    return [
        make_row(RowKind.REPLAY, Asked(prompt, "replay", Wording.GENERIC), "", "general", Split.TRAIN)
        for prompt in chosen
    ]
