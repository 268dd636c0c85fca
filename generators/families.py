"""Generic question families: wordings around "my {attribute}" that fit any attribute. Data in families.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.row import Split


@dataclass(frozen=True)
class Family:
    """One wording. Belongs to one split."""

    id: str
    split: Split
    text: str


@cache
def families() -> Mapping[Split, tuple[Family, ...]]:
    """The families of each split, the most common wordings first."""
    with (Path(__file__).parent / "families.toml").open("rb") as file:
        data = tomllib.load(file)["family"]
    found = [Family(body["id"], Split(body["split"]), body["text"]) for body in data]
    return {split: tuple(family for family in found if family.split is split) for split in Split}
