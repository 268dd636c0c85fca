"""Whether a question gives away its answer: a part of it, its letters, its numbers, or the range that it lies in."""

import re

from rapidfuzz import fuzz

from generators.topics import Topic
from schemas.fact import Fact, ValueKind

_SHORTEST_PART = 3
"""Letters of a word of the value that may not stand in the question."""
_SHORTEST_STEM = 4
"""Letters that a word of the question and one of the value may not both begin with, when one is the whole other."""
_MISSPELT = 82.0
"""Likeness (0 to 100) from which a word of the question is one of the value, misspelt."""

_COMMON = frozenset(
    "the and for with from that this her his its our your their was were are have has had not but who what when where "
    "which why how all any can did does you she him they them one two out off per via day days year years time times kilo "
    "kilos kilograms pounds centimeters centimetres inches feet meters metres euros dollars hours minutes seconds size".split()
)
_LETTERS = re.compile(
    r"\b(?:start|begin|end)(?:s|ing|ning)? (?:with|in) (?:the letters?\b|(?:an? )?['\"]?[a-z]['\"]?(?=[\s?.,!]|$))|\binitials\b|"
    r"\brhym\w+\b|\b(?:first|last) letter\b|\b\d+ letters\b|\bsounds like\b",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\b(?:older|younger|more|less|fewer|bigger|smaller|greater|taller|before|after|over|under|above|below|between|around|"
    r"about|nearly|almost) (?:than )?\d|\b(?:teens|twenties|thirties|forties|fifties|sixties|seventies|eighties|nineties)\b",
    re.IGNORECASE,
)
_TIMES = re.compile(
    r"\b(?:january|february|march|april|may(?= \d|\?)|june|july|august|september|october|november|december|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter|century|decade|easter|christmas|halloween)\b",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|"
    r"eighty|ninety|hundred|thousand|million|dozen)\b",
    re.IGNORECASE,
)


def narrows_down(text: str, fact: Fact, topic: Topic) -> str:
    """Why the question gives something of the value away; "" when it does not. What the attribute's name says is free:
    "my favorite tea" may be asked though the value is "green tea"."""
    free = _words(" ".join((topic.phrase, topic.owner.noun, *(noun.text for noun in topic.nouns))))
    values = {word for spelling in _spellings(fact) for word in _words(spelling)} - free
    for word in _words(text) - free:
        for value in values:
            if why := _shared(word, value):
                return why
    if _initials(text, fact):
        return "it holds the value's initials"
    if _LETTERS.search(text):
        return "it tells letters of the value"
    return _ranges(text, fact, topic)


def _spellings(fact: Fact) -> tuple[str, ...]:
    return (*fact.items, fact.text, *fact.aliases)


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold().replace("'s", " ")))


def _shared(word: str, value: str) -> str:
    if word.isdigit() or value.isdigit():
        return "a number of the value stands in it" if word == value else ""
    if min(len(word), len(value)) < _SHORTEST_PART or value in _COMMON or word in _COMMON:
        return ""
    if word == value:
        return "a part of the value stands in it"
    if min(len(word), len(value)) >= _SHORTEST_STEM and (word.startswith(value) or value.startswith(word)):
        return "a part of the value stands in it"
    near = min(len(word), len(value)) >= 5 and word[0] == value[0] and fuzz.ratio(word, value) >= _MISSPELT
    return "the value stands in it, misspelt" if near else ""


def _initials(text: str, fact: Fact) -> bool:
    for spelling in _spellings(fact):
        letters = "".join(word[0] for word in spelling.split() if word[0].isupper())
        found = re.findall(r"\b(?:[A-Z]\.?){2,5}(?!\w)", text)
        if len(letters) > 1 and any(one.replace(".", "") == letters for one in found):
            return True
    return False


def _ranges(text: str, fact: Fact, topic: Topic) -> str:
    if fact.kind not in {ValueKind.NUMBER, ValueKind.DATE}:
        return ""
    rest = text.casefold()
    for noun in topic.nouns:
        rest = rest.replace(noun.text.casefold(), " ")
    if re.search(r"\d", rest) or _RANGE.search(rest):
        return "it tells a number or a range"
    if fact.kind is ValueKind.DATE and _TIMES.search(rest):
        return "it tells a time"
    if fact.kind is ValueKind.NUMBER and _NUMBERS.search(rest):
        return "it tells a number or a range"
    return ""
