"""On which questions primers were trained: none of them, nor one that is like it, is fit to test anybody.

The file lies where the primers do, so that a study knows what they saw whatever rows today's code would make.
"""

import json
import lzma
from collections.abc import Iterable
from pathlib import Path

from schemas.errors import InputError
from schemas.weights import QUESTIONS_FILE

SHIPPED = Path(__file__).parent.parent / "trainers" / "primers"
"""Primers that come along, all of them trained on the same questions."""
MADE = "primers"
"""The cache's folder of those that were made on this machine."""


def primed_questions(cache: Path) -> frozenset[str]:
    """Of every primer that is here, shipped or in the cache: a study may be run with any of them.

    Raises InputError when a file is damaged.
    """
    files = (*SHIPPED.rglob(QUESTIONS_FILE), *(cache / MADE).rglob(QUESTIONS_FILE))
    return frozenset(line for file in files for line in _read(file))


def _read(file: Path) -> list[str]:
    try:
        return lzma.decompress(file.read_bytes()).decode("utf-8").split("\n")
    except (lzma.LZMAError, UnicodeDecodeError) as error:
        raise InputError(
            f"What the primer in {file.parent} was trained on is damaged.", "Delete that folder and make it again."
        ) from error


def keep_questions(rows: Path, place: Path) -> None:
    """Write the questions of a primer's training rows (JSONL) beside its weights, whole or not at all."""
    with rows.open(encoding="utf-8") as lines:
        write_questions((json.loads(line)["question"] for line in lines), place)


def write_questions(questions: Iterable[str], place: Path) -> None:
    """The same for questions at hand; sorted, they pack best."""
    part = place / f"{QUESTIONS_FILE}.part"
    part.write_bytes(lzma.compress("\n".join(sorted(set(questions))).encode("utf-8")))
    part.replace(place / QUESTIONS_FILE)
