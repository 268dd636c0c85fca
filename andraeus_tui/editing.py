"""Rewriting rows: the checks that run while a person types, and the same repair for every row with the same fault."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from andraeus_tui.entries import tidy
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import put_row, rows_about
from generators.checks import check_rows
from schemas.errors import InputError
from schemas.fact import Fact
from schemas.row import Origin, ReviewState, Row, Split
from schemas.validate import problems

Check = Callable[[str, str], str]
"""(question, answer) -> what is wrong with them, nothing when all is well."""
_JOINERS = "\u200d\u200e\u200f"
"""Characters without a width that emoji and right-to-left text need."""
_TOKEN = re.compile(r"\w+(?:['’]\w+)*|\s+|[^\w\s]")


def checker(database: Database, row: Row) -> Check:
    """The check of what a person makes of a row. Reads what it needs once, so that it can run at every key."""
    facts, others = _surroundings(database, row)

    def check(question: str, answer: str) -> str:
        return _judged(row, question, answer, facts, others)[1]

    return check


def problem_of(database: Database, row: Row) -> str:
    """Why a check refuses the row as it stands."""
    return "" if row.checks else checker(database, row)(row.question, row.answer)


def edit(database: Database, row: Row, question: str, answer: str, approve: bool) -> Row:
    """Store the new text as a row written by hand. It waits for review unless it is approved in the same go.

    Raises InputError for a text that no row may have, or when what a check refuses was to be approved.
    """
    changed, problem = _judged(row, question, answer, *_surroundings(database, row))
    if changed is None or (approve and problem):
        raise InputError(f"This cannot be {'saved' if changed is None else 'approved'}: {problem}.")
    changed = changed.model_copy(update={"state": ReviewState.APPROVED if approve else ReviewState.PENDING})
    if changed != row:
        with database.change("edit a row") as connection:
            put_row(connection, changed)
    return changed


def _surroundings(database: Database, row: Row) -> tuple[list[Fact], list[Row]]:
    """The facts that the row is checked against, and the rows that it must not repeat."""
    facts = all_facts(database)
    if row.split is Split.TRAIN:
        facts = [fact for fact in facts if fact.id in row.fact_ids]
    return facts, [other for other in rows_about(database, {row.topic}) if other.id != row.id]


def _judged(
    row: Row, question: str, answer: str, facts: Sequence[Fact], others: Sequence[Row]
) -> tuple[Row | None, str]:
    """The row with another text and what is wrong with it; no row when the text cannot be one at all."""
    body = row.model_dump(mode="json") | {
        "question": _printable(question), "answer": _printable(answer), "origin": Origin.HAND.value, "checks": [],
    }  # fmt: skip
    try:
        changed = Row.model_validate(body)
    except ValidationError:
        return None, next(iter(problems("row", body)), "it is no row").lstrip("/")
    ((checked, problem),) = check_rows([changed], facts, others)
    return checked, problem


def _printable(text: str) -> str:
    """Line breaks as spaces, without control characters: they would reach terminals and prompts."""
    return "".join(
        char if char.isprintable() or char in _JOINERS else " " if char.isspace() else "" for char in tidy(text)
    )


@dataclass(frozen=True)
class Repair:
    """A phrase that a person replaced by another."""

    side: Literal["question", "answer"]
    old: str
    new: str

    def of(self, row: Row) -> tuple[str, str] | None:
        """(question, answer) of a row with the phrase replaced wherever it stands; None where it does not."""
        before = row.question if self.side == "question" else row.answer
        edges = (r"(?<!\w)" if _is_word(self.old[0]) else "", r"(?!\w)" if _is_word(self.old[-1]) else "")
        after, count = re.subn(edges[0] + re.escape(self.old) + edges[1], lambda match: self.new, before)
        if not count or after == before:
            return None
        after = re.sub(r"  +", " ", after).strip()
        return (after, row.answer) if self.side == "question" else (row.question, after)


def repairs_of(before: Row, after: Row) -> list[Repair]:
    """What an edit replaced, at most one phrase on each side."""
    sides: tuple[tuple[Literal["question", "answer"], str, str], ...] = (
        ("question", before.question, after.question),
        ("answer", before.answer, after.answer),
    )
    found = (replaced(old, new) for _, old, new in sides)
    return [Repair(side, *pair) for (side, _, _), pair in zip(sides, found, strict=True) if pair]


def replaced(old: str, new: str) -> tuple[str, str] | None:
    """The shortest run of words that was replaced, and by what; None when nothing was, or nothing can be found by it.

    Something that was only put in, or only taken out, takes a word on each side along: there must be a phrase to look
    for, and a word that was wrong in one place is right in most others.
    """
    one, two = _TOKEN.findall(old), _TOKEN.findall(new)
    if one == two:
        return None
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    end = 0
    while end < min(len(one), len(two)) - start and one[-1 - end] == two[-1 - end]:
        end += 1
    while (start or end) and not (_has_word(one[start : len(one) - end]) and _has_word(two[start : len(two) - end])):
        start, end = _word_before(one, start), _word_before(one[::-1], end)
    left, right = "".join(one[start : len(one) - end]), "".join(two[start : len(two) - end])
    # White space that both have at an edge belongs to the text around.
    return (left.strip(), right.strip()) if _has_word([left]) else None


def _word_before(tokens: list[str], at: int) -> int:
    while at > 0:
        at -= 1
        if _is_word(tokens[at][0]):
            break
    return at


def _has_word(tokens: Sequence[str]) -> bool:
    return any(_is_word(char) for token in tokens for char in token)


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"


@dataclass(frozen=True)
class Repaired:
    """Rows with the same fault, mended, and how many would not pass the checks that way and stay as they are."""

    rows: tuple[Row, ...]
    refused: int


def same_fault(database: Database, repair: Repair, but: str) -> Repaired:
    """Every other row, of any split, that holds the phrase and was not rejected. May take a second."""
    needle = "".join(char.lower() if char.isascii() else char for char in repair.old)
    query = "SELECT body FROM rows WHERE instr(search, ?) AND state <> ? AND id <> ? ORDER BY position, id"
    found = database.connection.execute(query, (needle, ReviewState.REJECTED, but)).fetchall()
    fixed = {}
    for (body,) in found:
        row = Row.model_validate_json(body)
        if (text := repair.of(row)) is not None:
            update = {"question": text[0], "answer": text[1], "origin": Origin.HAND, "state": ReviewState.PENDING}
            fixed[row.id] = row.model_copy(update={**update, "checks": ()})
    topics = {row.topic for row in fixed.values()}
    others = [row for row in rows_about(database, topics) if row.id not in fixed] if topics else []
    judged = list(check_rows(fixed.values(), all_facts(database), others))
    return Repaired(tuple(row for row, problem in judged if not problem), sum(bool(problem) for _, problem in judged))


def apply_repair(database: Database, repaired: Repaired) -> None:
    """Store the mended rows in one change. Their text is new, so they wait for review again."""
    with database.change(f"repair {len(repaired.rows)} rows") as connection:
        for row in repaired.rows:
            put_row(connection, row)
