"""Rewriting rows: what the checks say, and the same repair for other rows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andraeus_tui import editing
from andraeus_tui.reviewing import Queue
from andraeus_tui.store.database import Database
from andraeus_tui.store.queue import Filter
from andraeus_tui.store.rows import all_rows, replace_generated
from generators.build import build
from schemas.errors import InputError
from schemas.row import Origin, ReviewState, Split
from tests.andraeus_tui.reviewable import FACTS, SETTINGS, employer_rows, ids_of


def test_an_edit_is_by_hand_and_waits(database: Database) -> None:
    row = employer_rows(database)[0]
    changed = editing.edit(database, row, " Who   pays me\nevery month?\x07", row.answer, approve=False)
    assert changed.question == "Who   pays me every month?"
    assert (changed.id, changed.origin, changed.state) == (row.id, Origin.HAND, ReviewState.PENDING)
    assert changed in all_rows(database)
    # making rows again neither overwrites it nor brings the old text back
    kept = (changed,)
    replace_generated(database, build(FACTS, SETTINGS, kept).rows, ReviewState.PENDING, "generate")
    assert changed in all_rows(database)
    assert row.question not in {other.question for other in employer_rows(database)}


@pytest.mark.parametrize(
    ("question", "answer", "problem"),
    [
        ("Do I work at Acme?", "Your employer is Acme.", "leak"),
        ("Where do I work now?", "Somewhere.", "answer"),
        ("Where do I work now?", " ", "answer"),
        ("Where does Bob work?", "Your employer is Acme.", "about"),
        ("   ", "Your employer is Acme.", "question"),
        ("x" * 601, "Your employer is Acme.", "question"),
        ("Where is it, my job?", "Your employer is Acme." + "x" * 2400, "answer"),
    ],
)
def test_what_a_check_refuses_is_told_and_not_approved(
    database: Database, question: str, answer: str, problem: str
) -> None:
    row = next(row for row in employer_rows(database) if row.wording == "natural")
    said = editing.checker(database, row)(question, answer)
    assert said.startswith(problem)
    with pytest.raises(InputError):
        editing.edit(database, row, question, answer, approve=True)
    if not question.strip() or len(question) > 600 or len(answer) > 2400:
        with pytest.raises(InputError):
            editing.edit(database, row, question, answer, approve=False)
        return
    stored = editing.edit(database, row, question, answer, approve=False)
    assert stored.checks == ()
    assert editing.problem_of(database, stored) == said
    assert ids_of(database, Filter(failing=True)) == [row.id]


def test_a_repetition_is_refused(database: Database) -> None:
    one, two = employer_rows(database)[:2]
    assert editing.checker(database, two)(one.question, two.answer).startswith("duplicate")


def test_test_questions_may_hold_no_fact(database: Database) -> None:
    row = next(
        row for row in all_rows(database, Split.TEST) if row.topic == "user/employer" and row.wording == "natural"
    )
    assert editing.checker(database, row)("Does Max like my work?", row.answer).startswith("leak")


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("Where I work?", "Where do I work?", ("Where I", "Where do I")),
        ("What is my pets name?", "What is my pet's name?", ("pets", "pet's")),
        ("Tell me, sir", "Tell me", ("me, sir", "me")),
        ("same", "same", None),
        ("???", "!!!", None),
        ("a b c", "x y", ("a b c", "x y")),
    ],
)
def test_what_was_replaced(old: str, new: str, found: tuple[str, str] | None) -> None:
    assert editing.replaced(old, new) == found


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["my", "your", "name", "is", ",", "?", "it's"]), min_size=1, max_size=8),
       st.lists(st.sampled_from(["my", "your", "name", "is", ",", "?", "it's"]), min_size=1, max_size=8))  # fmt: skip
def test_the_phrase_stands_in_the_old_text_and_its_successor_in_the_new(one: list[str], two: list[str]) -> None:
    old, new = " ".join(one), " ".join(two)
    if (pair := editing.replaced(old, new)) is not None:
        assert pair[0]
        assert pair[0] in old
        assert pair[1] in new


def test_repair_skips_what_would_fail_and_what_was_rejected(database: Database) -> None:
    rows = employer_rows(database)
    queue = Queue(database)
    index = queue.index_of(rows[-1].id)
    assert index is not None
    queue.decide(index, ReviewState.REJECTED)
    changed = editing.edit(
        database, rows[0], rows[0].question, rows[0].answer.replace("employer", "boss"), approve=True
    )
    (repair,) = editing.repairs_of(rows[0], changed)
    assert (repair.side, repair.old, repair.new) == ("answer", "employer", "boss")
    found = editing.same_fault(database, repair, rows[0].id)
    ids = {row.id for row in found.rows}
    assert ids
    assert not ids & {rows[0].id, rows[-1].id}
    editing.apply_repair(database, found)
    assert {
        row.id for row in all_rows(database) if row.state is ReviewState.PENDING and row.origin is Origin.HAND
    } == ids
    assert database.undo() == f"repair {len(ids)} rows"
    # a repair that takes the value out of every answer mends nothing
    worse = editing.same_fault(database, editing.Repair("answer", "Acme", "the firm"), rows[0].id)
    assert not [row for row in worse.rows if "Acme" in row.values]
    assert worse.refused
