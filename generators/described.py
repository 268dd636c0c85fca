"""Everyday questions for attributes that no list of attributes has: what is asked for, around other words for the rest.

"bike lock code" is a head ("code") of something ("bike lock"). descriptions/heads.toml holds questions for heads ("Which
digits do I need for {d}?"), descriptions/nouns/*.toml other ways to say what nouns are ("what keeps two wheels from
thieves"). Together they ask without naming the thing, for things that nobody foresaw.
"""

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import tomli

from generators.lexicon import normalise
from schemas.fact import ValueKind

MOST = 60
"""Forms of a phrase, at most."""

_FOLDER = Path(__file__).parent / "descriptions"
_PLURALS = {"ies": ("y", "ie"), "ves": ("f", "fe"), "es": ("", "e"), "s": ("",)}
_NO_NOUNS = frozenset(
    "old new first second third next last previous former current main spare extra other usual normal best worst "
    "dream ideal real true own big small young only next favorite favourite least most".split()
)
"""Words that stand before a noun and are none."""
_FAVORITE = ("favorite ", "favourite ")
_ITSELF = ""
"""Stands for the rest in its own words."""
_COUNT = "number of "
_KINDS = {ValueKind.PERSON: "person", ValueKind.PLACE: "place", ValueKind.DATE: "date", ValueKind.NUMBER: "number"}


@dataclass(frozen=True)
class _Heads:
    """Forms by head noun, and for nouns that are all of the attribute by the kind of its value."""

    of: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=16384)
def forms(phrase: str, kind: ValueKind) -> tuple[str, ...]:
    """Training forms with grammar slots for an attribute's phrase ("bike lock code"), MOST at most and the same each time;
    none where neither its head nor any of its nouns is known."""
    words = _plain(phrase)
    if "{" in words or "}" in words:  # no slot of ours
        return ()
    rng = random.Random(f"described/{words}/{kind}")
    parts = [
        (rng.sample(asked, len(asked)), rng.sample(ways, len(ways)), rest)
        for asked, rest, named in _parts(words, kind)
        if (ways := [*_ways(rest), *([_ITSELF] if named else [])])
    ]
    chosen: dict[str, None] = {}
    for number in range(MOST if parts else 0):
        turn, which = divmod(number, len(parts))
        asked, ways, rest = parts[which]
        # Questions and descriptions go round side by side, so that the first few are unlike each other; when both begin
        # anew together, descriptions step on by one, so that no pair comes twice before all have been.
        step = turn // math.lcm(len(asked), len(ways))
        form, way = asked[turn % len(asked)], ways[(turn + step) % len(ways)]
        chosen[form.replace("{d}", _named(form, rest) if way is _ITSELF else way)] = None
    return tuple(chosen)


def nouns() -> tuple[str, ...]:
    """All nouns for which there are other words."""
    return tuple(_nouns())


def heads() -> tuple[tuple[str, ...], ...]:
    """All heads, those together that are asked for in the same words: ("code", "pin", "password")."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for head, asked in _heads().of.items():
        alike.setdefault(asked, []).append(head)
    return tuple(map(tuple, alike.values()))


def owner_of_head(words: str) -> str:
    """What a known head is of: "bike lock" of "bike lock code"; empty where nothing is left, or no head is known."""
    split = _plain(words).split(" ")
    for length in (3, 2, 1):
        head, rest = " ".join(split[-length:]), " ".join(split[:-length])
        if rest and not _NO_NOUNS.issuperset(split[:-length]) and any(one in _heads().of for one in _numbers(head)):
            return rest
    return ""


def _parts(words: str, kind: ValueKind) -> list[tuple[tuple[str, ...], str, bool]]:
    """What can be asked: the questions, what they are asked of, and whether they may name it."""
    heads = _heads()
    for prefix in _FAVORITE:
        if words.startswith(prefix):
            return [(heads.kinds["favorite"], words.removeprefix(prefix), False)]
    if words.startswith(_COUNT):
        return [(heads.kinds["number"], words.removeprefix(_COUNT), False)]
    split = words.split(" ")
    found = []
    for length in (3, 2, 1):
        head, rest = " ".join(split[-length:]), " ".join(split[:-length])
        asked = next((heads.of[one] for one in _numbers(head) if one in heads.of), None)
        # "Old boss" is no boss of an old.
        if asked and rest and not _NO_NOUNS.issuperset(split[:-length]):
            found.append((asked, rest, True))
            break
    whole = any(one in _nouns() for one in _numbers(words))
    if whole or not found:
        found.append((heads.kinds[_KINDS.get(kind, "text")], words, False))
    return found


def _ways(rest: str) -> tuple[str, ...]:
    """Other words for it: of the whole where they are known, else of the longest part that ends or begins it. The part
    for which there are none stays, so that the old garage is not asked for in the words of the new one."""
    split = rest.split(" ")
    for at in range(len(split)):
        if found := _other_words(split[at:]):
            left = " ".join(split[:at])
            return tuple(f"{way}, the {left} one" for way in found) if left else found
    for at in range(len(split) - 1, 0, -1):
        if found := _other_words(split[:at]):
            return tuple(f"the {' '.join(split[at:])} of {way}" for way in found)
    return ()


def _other_words(words: list[str]) -> tuple[str, ...]:
    return next((_nouns()[one] for one in _numbers(" ".join(words)) if one in _nouns()), ())


def _named(form: str, rest: str) -> str:
    """ "my bike lock", with the word for whose it is that fits into the form."""
    before = form.split("{d}", 1)[0]
    if not any(slot in form for slot in ("{I}", "{me}", "{my}")):
        return f"my {rest}"
    return f"{{his}} {rest}" if any(slot in before for slot in ("{I}", "{me}", "{my}")) else f"{{my}} {rest}"


def _plain(phrase: str) -> str:
    """ "Name of my boat" -> "boat name"."""
    words = _bare(phrase)
    head, of, rest = words.partition(" of ")
    rest = rest.removeprefix("the ").removeprefix("my ")
    turned = of and rest and head in _heads().of and not words.startswith(_COUNT)
    return f"{rest} {head}" if turned else words


def _bare(phrase: str) -> str:
    """As the lexicon spells names, the apostrophe of a plural gone, too."""
    return re.sub(r"['’](?= |$)", "", normalise(phrase))


def _numbers(words: str) -> tuple[str, ...]:
    """The words as they are and, where they look plural, what their singular may be."""
    found = [words]
    for plural, singulars in _PLURALS.items():
        if words.endswith(plural) and len(words) > len(plural) + 1:
            found += [words[: -len(plural)] + singular for singular in singulars]
    return tuple(found)


@cache
def _heads() -> _Heads:
    data = tomli.loads((_FOLDER / "heads.toml").read_text("utf-8"))
    of: dict[str, tuple[str, ...]] = {}
    for body in data["head"]:
        for head in body["heads"]:
            # "User name" is spelled "name" there: whatever stands first, stays.
            of.setdefault(_bare(head), tuple(body["forms"]))
    return _Heads(of, {body["kind"]: tuple(body["forms"]) for body in data["kind"]})


@cache
def _nouns() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((_FOLDER / "nouns").glob("*.toml")):
        for noun, ways in tomli.loads(path.read_text("utf-8")).items():
            found[_bare(noun)] = tuple(ways)
    return found
