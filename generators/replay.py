"""General prompts whose answers the base model gives itself, so that training on facts does not wash its abilities out."""

import tomllib
from functools import cache
from pathlib import Path

from generators.make import Asked, make_row, rng_for
from schemas.row import Row, RowKind, Split, Wording


@cache
def prompts() -> tuple[str, ...]:
    """All prompts that the project ships."""
    with (Path(__file__).parent / "replay.toml").open("rb") as file:
        return tuple(tomllib.load(file)["prompts"])


def replay_rows(count: int, seed: int) -> list[Row]:
    """`count` prompts (at most as many as there are), with empty answers that the trainer fills."""
    chosen = rng_for(seed, "replay").sample(prompts(), min(count, len(prompts())))
    return [
        make_row(RowKind.REPLAY, Asked(prompt, "replay", Wording.GENERIC), "", "general", Split.TRAIN)
        for prompt in chosen
    ]
