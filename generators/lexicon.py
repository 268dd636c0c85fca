"""Attributes and the everyday questions that ask for them without naming them.

lexicon/*.toml hold the train and dev forms of common attributes, lexicon/voices/*.toml more train forms in other people's
words, lexicon/heldout/*.toml the test forms, which were written apart from both. lexicon/uncommon/*.toml name many more attributes with a few train forms each,
lexicon/uncommon/voices/*.toml hold more of these for some, and lexicon/uncommon/heldout/*.toml a dev and a test form for about
a thousand, both written apart. things.toml makes thousands of nouns and what can be asked of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import tomli

from schemas.fact import ValueKind
from schemas.row import Split

_FOLDER = Path(__file__).parent / "lexicon"


@dataclass(frozen=True)
class Entry:
    """One attribute."""

    id: str
    phrase: str
    """What stands after "my": "pet's name"."""
    kind: ValueKind
    names: tuple[str, ...]
    """Other attribute names that mean the same."""
    values: tuple[str, ...]
    """Plausible values, for "Is my dog called Rex?" and for replaced names."""
    plural: bool
    forms: Mapping[Split, tuple[str, ...]]
    """Natural question forms, with grammar slots; a form belongs to one split only. One without slots is for the user
    alone: it cannot be turned to ask of somebody else."""


@cache
def entries() -> Mapping[str, Entry]:
    """The common entries by id, in the order of the files."""
    heldout, voices = _tables("heldout"), _tables("voices")
    found = {}
    for key, body in _tables().items():
        forms = {
            Split.TRAIN: (*body["train"], *voices[key]),
            Split.DEV: tuple(body["dev"]),
            Split.TEST: tuple(heldout[key]),
        }
        found[key] = Entry(
            id=key,
            phrase=body["phrase"],
            kind=ValueKind(body["kind"]),
            names=tuple(body["names"]),
            values=tuple(body["values"]),
            plural=body.get("plural", False),
            forms=forms,
        )
    return found


def _tables(folder: str = "") -> dict[str, Any]:
    """What the files of a folder hold, in the order of their names."""
    found: dict[str, Any] = {}
    for path in sorted((_FOLDER / folder).glob("*.toml")):
        found |= tomli.loads(path.read_text("utf-8"))
    return found


@cache
def uncommon() -> Mapping[str, Entry]:
    """The uncommon entries by id: a few forms for training, of most one for dev and one for test."""
    heldout, voices = _tables("uncommon/heldout"), _tables("uncommon/voices")
    found = {}
    for path in sorted((_FOLDER / "uncommon").glob("*.toml")):
        for kind, body in tomli.loads(path.read_text("utf-8")).items():
            for phrase, forms in body.items():
                # Its id is that of a thing that the lexicon does not have: listing it here renames no topic.
                apart = heldout.get(phrase, {})
                split_forms = {split: (apart[split],) if apart else () for split in (Split.DEV, Split.TEST)}
                train = (*forms, *voices.get(phrase, ()))
                found[normalise(phrase)] = _entry(phrase, ValueKind(kind), {Split.TRAIN: train, **split_forms})
    return found


@cache
def things() -> Mapping[str, Entry]:
    """Entries by id that are a noun and a part: "kettle's price", "job interview venue". All forms are for training."""
    found = {}
    for table in tomli.loads((_FOLDER.parent / "things.toml").read_text("utf-8")).values():
        for noun in table["nouns"]:
            for kind, parts in table.items():
                for part, forms in parts.items() if kind != "nouns" else ():
                    phrase = part.replace("{x}", noun)
                    worded = tuple(form.replace("{x}", noun) for form in forms)
                    entry = _entry(phrase, ValueKind(kind), {Split.TRAIN: worded, Split.DEV: (), Split.TEST: ()})
                    if entry.id not in _common_index() and entry.id not in uncommon():
                        found[entry.id] = entry
    return found


def _entry(phrase: str, kind: ValueKind, forms: Mapping[Split, tuple[str, ...]]) -> Entry:
    plural = looks_plural(phrase)
    return Entry(normalise(phrase), phrase, kind, names=(), values=(), plural=plural, forms=forms)


@lru_cache(maxsize=65536)
def normalise(attribute: str) -> str:
    """One spelling for "Pet_Name", "petName", "my pet's name" and "user pet name": "pet name"."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", attribute)
    text = re.sub(r"[_\-\s]+", " ", text).strip().casefold()
    text = re.sub(r"['’]s\b", "", text)
    return re.sub(r"^(?:the )?(?:user|my) (?=\S)", "", text)


def looks_plural(phrase: str) -> bool:
    """Whether English says "my X are": "hobbies", "cups of tea" but not "address", "chess class" or "number of cats"."""
    head = re.split(r" (?:of|for|to|in|on|at|with|from|per|until) ", phrase.casefold(), maxsplit=1)[0]
    last = head.split(" ")[-1]
    if last in {"children", "people", "teeth", "feet"}:
        return True
    singular = (
        "ss",
        "us",
        "is",
        "news",
        "series",
        "species",
        "physics",
        "mathematics",
        "politics",
        "gymnastics",
        "lens",
    )
    return last.endswith("s") and not last.endswith(singular) and not re.search(r"['’]s$", last) and len(last) > 3


@cache
def _common_index() -> Mapping[str, str]:
    index: dict[str, str] = {}
    for entry in entries().values():
        for name in (entry.id, entry.phrase):
            index.setdefault(normalise(name), entry.id)
    for entry in entries().values():
        for name in entry.names:
            index.setdefault(normalise(name), entry.id)
    return index


def find(attribute: str) -> Entry | None:
    """The entry that an attribute's name means, if the lexicon has one."""
    name = normalise(attribute)
    common = _common_index().get(name)
    return entries()[common] if common else uncommon().get(name) or things().get(name)
