"""Text as the scorer compares it: folded, in whole words, with numbers and dates recognised in any usual spelling."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBER_WORDS = {word: value for value, word in enumerate(_ONES)} | {
    word: value for value, word in zip(range(20, 100, 10), _TENS, strict=True)
}
_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH_NUMBER = {name[:length]: at for at, name in enumerate(_MONTHS, start=1) for length in (3, len(name))} | {
    "sept": 9
}
_MONTH = "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True))
_DATE_FORMS = (
    (re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\.?(?:,?\s+(\d{{4}}))?\b"), "dmy"),
    (re.compile(rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(\d{{4}}))?\b"), "mdy"),
    (re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b"), "iso"),
    (re.compile(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b"), "numeric"),
    (re.compile(rf"\b({_MONTH})\.?\s+(\d{{4}})\b"), "my"),
)
Day = tuple[int | None, int | None, int | None]
"""(year, month, day), None where not said."""


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Case, accents, quotes and white space folded."""
    text = text.casefold()
    if not text.isascii():  # Most is, and there is much of it.
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
        text = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    return " ".join(text.split())


def holds(text: str, value: str) -> bool:
    """Whether the value stands in the text as whole words."""
    wanted = fold(value).strip(" .!?")
    return bool(wanted) and bool(re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", fold(text)))


def numbers(text: str) -> list[float]:
    """Every number in the text, written in digits or (up to 99) in words."""
    folded = fold(text)
    found = [float(digits.replace(",", "")) for digits in re.findall(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?", folded)]
    words = re.findall(r"[a-z]+", folded.replace("-", " "))
    at = 0
    while at < len(words):
        if words[at] in _NUMBER_WORDS:
            value = _NUMBER_WORDS[words[at]]
            following = _NUMBER_WORDS.get(words[at + 1], 99) if at + 1 < len(words) else 99
            if value >= 20 and 0 < following < 10:
                value, at = value + following, at + 1
            found.append(float(value))
        at += 1
    return found


def days(text: str) -> list[Day]:
    """Every date in the text. "3/4/1990" may mean either order and gives both."""
    folded = fold(text)
    found: list[Day] = []
    for pattern, form in _DATE_FORMS:
        for match in pattern.finditer(folded):
            found += _read(form, match.groups())
        folded = pattern.sub(" ; ", folded)
    found += [(int(year), None, None) for year in re.findall(r"\b(?:1[89]|20)\d\d\b", folded)]
    return found


def _read(form: str, parts: tuple[str | None, ...]) -> list[Day]:
    first, second, third = (*parts, None)[:3]
    assert first and second
    year = int(third) if third and form != "iso" else None
    if form == "dmy":
        return _valid((year, _MONTH_NUMBER[second], int(first)))
    if form == "mdy":
        return _valid((year, _MONTH_NUMBER[first], int(second)))
    if form == "iso":
        return _valid((int(first), int(second), int(third or 1)))
    if form == "my":
        return [(int(second), _MONTH_NUMBER[first], None)]
    return [*_valid((year, int(second), int(first))), *_valid((year, int(first), int(second)))]


def _valid(day: Day) -> list[Day]:
    try:
        date(day[0] or 2000, day[1] or 1, day[2] or 1)
    except ValueError:
        return []
    return [day]


def same_day(said: Day, wanted: Day) -> bool:
    """Whether what was said is the wanted day: every part that is wanted must be said, and none may differ."""
    return all(there == want for there, want in zip(said, wanted, strict=True) if want is not None) and not any(
        there is not None and want is not None and there != want for there, want in zip(said, wanted, strict=True)
    )
