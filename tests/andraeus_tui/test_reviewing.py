"""The review queue, without a screen: every decision is stored, filters find what they say."""

import pytest

from andraeus_tui import editing
from andraeus_tui.reviewing import (
    Pace,
    Queue,
    alike_ids,
    card_of,
    decide_all,
    is_review,
    next_redo,
    next_undo,
    progress_of,
)
from andraeus_tui.store.database import Database
from andraeus_tui.store.queue import Filter
from andraeus_tui.store.rows import all_rows
from schemas.row import ReviewState, RowKind, Split
from tests.andraeus_tui.reviewable import FACTS, employer_rows, ids_of


def test_the_queue_stays_in_place_and_goes_to_the_next_that_waits(database: Database) -> None:
    queue = Queue(database, Filter(state=ReviewState.PENDING))
    count = len(queue)
    assert count == len(all_rows(database, Split.TRAIN))
    assert queue.decide(3, ReviewState.APPROVED)
    assert not queue.decide(3, ReviewState.APPROVED)
    assert len(queue) == count
    assert queue.next_waiting(3) == 4
    assert queue.decide(0, ReviewState.REJECTED)
    assert queue.next_waiting(count) == 1
    assert [row.state for row in queue.rows(0, 4) if row] == ["rejected", "pending", "pending", "approved"]
    queue.refresh()
    assert len(queue) == count - 2
    progress = progress_of(database, Split.TRAIN)
    assert (progress.decided, progress.text) == (2, f"2 of {count} decided")


def test_undo_leads_to_the_row(database: Database) -> None:
    queue = Queue(database)
    queue.decide(5, ReviewState.APPROVED)
    queue.decide(2, ReviewState.REJECTED)
    assert queue.undo() == ("reject a row", 2)
    assert queue.undo() == ("approve a row", 5)
    assert next_redo(database) == "approve a row"
    assert queue.redo() == ("approve a row", 5)
    assert next_undo(database) == "approve a row"
    assert queue.undo()[1] == 5
    assert not is_review(next_undo(database) or "")
    assert queue.next_waiting(0) == 0


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (Filter(kind=RowKind.YES_NO), lambda row: row.kind is RowKind.YES_NO),
        (Filter(text="ACME"), lambda row: "acme" in f"{row.question}{row.answer}".casefold()),
        (Filter(text="öl und"), lambda row: "öl und" in f"{row.question}{row.answer}".casefold()),
        (Filter(text="  my   pet"), lambda row: "my pet" in f"{row.question} {row.answer}".casefold()),
        (Filter(text="%"), lambda row: "%" in f"{row.question}{row.answer}"),
        (Filter(fact_id=FACTS[0].id), lambda row: FACTS[0].id in row.fact_ids),
        (Filter(failing=True), lambda row: False),
        (Filter(state=ReviewState.APPROVED), lambda row: False),
    ],
    ids=["kind", "case", "umlaut", "spaces", "percent", "fact", "failing", "state"],
)
@pytest.mark.parametrize("split", list(Split))
def test_filters(database: Database, wanted: Filter, passes: object, split: Split) -> None:
    from dataclasses import replace

    assert callable(passes)
    found = ids_of(database, replace(wanted, split=split))
    assert found == [row.id for row in all_rows(database, split) if passes(row)]


def test_all_that_pass_are_only_those_that_wait_and_pass_the_checks(database: Database) -> None:
    queue = Queue(database)
    queue.decide(0, ReviewState.REJECTED)
    row = queue.row(1)
    assert row
    failing = editing.edit(database, row, row.question, "nothing of it", approve=False)
    queue.refresh()
    ids = queue.undecided(ReviewState.APPROVED)
    assert len(ids) == len(queue) - 2
    assert failing.id not in ids
    assert failing.id in queue.undecided(ReviewState.REJECTED)
    assert decide_all(database, ids, ReviewState.APPROVED) == len(ids)
    queue.refresh(Filter(state=ReviewState.APPROVED))
    assert queue.undecided(ReviewState.APPROVED) == []
    assert len(queue.undecided(ReviewState.REJECTED)) == len(ids)


def test_card_and_rows_that_look_alike(database: Database) -> None:
    one, two = employer_rows(database)[:2]
    assert card_of(database, one).facts == (FACTS[1],)
    changed = editing.edit(database, two, f"{one.question} Now?", two.answer, approve=False)
    card = card_of(database, one)
    assert (changed.question, ReviewState.PENDING, Split.TRAIN) in card.alike
    assert {one.id, two.id} <= alike_ids(database, Split.TRAIN)


def test_pace() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    assert pace.rows_a_minute is None
    for _ in range(4):
        pace.note()
        now += 5.0
    assert now == 20.0
    assert pace.rows_a_minute == 12
    now = 10_000.0
    assert pace.rows_a_minute is None


def test_what_others_decide_meanwhile_is_seen_when_the_rows_are_shown_anew(database: Database) -> None:
    queue, other = Queue(database), Database(database.path)
    try:
        Queue(other).decide(0, ReviewState.REJECTED)
        queue.decide(1, ReviewState.APPROVED)
        queue.refresh()
        assert queue.next_waiting(0) == 2
        Queue(other).decide(2, ReviewState.REJECTED)
        assert queue.undo()[0] == "reject a row", "the latest change is taken back, whoever made it"
        assert queue.next_waiting(0) == 2
        Queue(other).decide(3, ReviewState.APPROVED)
        queue.refresh(Filter(state=ReviewState.APPROVED))
        assert len(queue) == 2
    finally:
        other.close()


def test_a_row_that_is_edited_is_found_by_its_new_words(database: Database) -> None:
    queue = Queue(database, Filter(text="zzz"))
    assert len(queue) == 0
    row = employer_rows(database)[0]
    editing.edit(database, row, "Zzz, where is my ÖFFICE?", row.answer, approve=False)
    queue.refresh(Filter(text="my öffice"))
    assert len(queue) == 1
    assert queue.undo() == ("edit a row", 0)
    queue.refresh()
    assert len(queue) == 0
