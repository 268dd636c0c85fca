"""What a fact file or pasted text is read into, whatever its format: entries that may become facts."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One thing that may become a fact, with where it stood."""

    place: str
    """ "line 3", "entry 2"."""
    body: Any
    problem: str = ""


def tidy(text: str) -> str:
    """Line breaks and tabs as spaces, ends trimmed; everything else stays as it was written."""
    return re.sub(r"[\t\r\n]+", " ", text).strip()
