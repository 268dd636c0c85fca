"""Rows in words and marks, as the Generate and the Review step show them."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from andraeus_tui.reviewing import Card
from andraeus_tui.ui.labels import legible
from generators.topics import topic_of_fact
from schemas.row import Origin, ReviewState, Row, RowKind, Split, Wording

STATES = {ReviewState.PENDING: "waiting", ReviewState.APPROVED: "approved", ReviewState.REJECTED: "rejected"}
MARKS = {
    ReviewState.PENDING: "\N{MIDDLE DOT}",
    ReviewState.APPROVED: "\N{CHECK MARK}",
    ReviewState.REJECTED: "\N{MULTIPLICATION X}",
}
SPLITS = {Split.TRAIN: "training", Split.DEV: "practice", Split.TEST: "test"}
KINDS = {
    RowKind.QUESTION: "question",
    RowKind.STATEMENT: "statement",
    RowKind.REVERSE: "reverse",
    RowKind.YES_NO: "yes or no",
    RowKind.COMPOSITION: "two facts",
    RowKind.ABSTENTION: "not told",
    RowKind.REPLAY: "general",
}
_ORIGINS = {Origin.TEMPLATE: "template", Origin.MODEL: "model", Origin.HAND: "written by you"}
_BY_THE_MODEL = "(The untrained model gives its own answer.)"


def answer_of(row: Row) -> str:
    """The answer; replay rows have none yet."""
    return row.answer or (_BY_THE_MODEL if row.kind is RowKind.REPLAY else "")


def made_cells(row: Row) -> tuple[str, ...]:
    """A row that was just made: for what, kind, question, answer."""
    return SPLITS[row.split], KINDS[row.kind], row.question, answer_of(row)


def review_cells(row: Row | None) -> tuple[str, ...]:
    """A row under review: its state, its kind, question and answer; a sign for a row that is gone."""
    if row is None:
        return "", "", "(This row is gone.)", ""
    mark = f"{MARKS[row.state]}{'' if row.checks else '!'}"
    return mark, KINDS[row.kind], row.question, answer_of(row)


def card_text(card: Card, problem: str) -> Text:
    """Everything about one row."""
    row = card.row
    text = Text(no_wrap=False)
    text.append(f"{legible(row.question)}\n", style="bold")
    text.append(f"{legible(answer_of(row))}\n\n")
    for fact in card.facts:
        text.append(legible(f"Fact: {topic_of_fact(fact).named}: {fact.text}\n"))
    wording = "everyday words" if row.wording is Wording.NATURAL else "names the thing"
    parts = [f"{MARKS[row.state]} {STATES[row.state]}", KINDS[row.kind], wording, SPLITS[row.split]]
    text.append(f"{', '.join(parts)}\n")
    origin = "your own question" if row.is_own else _ORIGINS[row.origin]
    text.append(f"From: {origin}, family {row.family}\n")
    if problem:
        text.append(f"! A check refuses it: {problem}\n", style="bold")
    else:
        text.append(f"Checks passed: {', '.join(row.checks)}\n")
    for question, state, split in card.alike:
        text.append(legible(f"Almost the same: {MARKS[state]} {question} ({SPLITS[split]})\n"))
    return text


def states_text(counts: Mapping[tuple[str, str], int]) -> str:
    """How many rows of each split wait, are approved, are rejected: one line a split."""
    lines = [f"{'rows for':<10}{'waiting':>9}{'approved':>10}{'rejected':>10}"]
    order = (ReviewState.PENDING, ReviewState.APPROVED, ReviewState.REJECTED)
    for split, name in SPLITS.items():
        numbers = [counts.get((split.value, state.value), 0) for state in order]
        lines.append(f"{name:<10}{numbers[0]:>9,}{numbers[1]:>10,}{numbers[2]:>10,}")
    return "\n".join(lines)
