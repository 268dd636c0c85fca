"""The review queue and rewriting rows, without a screen: every decision is stored, and undo is exact."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from andraeus_tui import editing
from andraeus_tui.importing import sort_out
from andraeus_tui.readers import Entry
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
from andraeus_tui.store import migrations
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts, put_facts
from andraeus_tui.store.queue import Filter, matching
from andraeus_tui.store.rows import add_rows, all_rows, replace_generated
from generators.build import build
from schemas.errors import InputError
from schemas.fact import Fact
from schemas.row import Origin, ReviewState, Row, RowKind, Split
from schemas.settings import GenerationSettings

SETTINGS = GenerationSettings(variations=3, abstention=0.1, replay=2)


def facts_of(*pairs: tuple[str, str]) -> list[Fact]:
    return sort_out((Entry(name, {"attribute": name, "value": value}) for name, value in pairs), []).taken


FACTS = facts_of(("pet_name", "Max"), ("employer", "Acme"), ("Hersteller", "Öl und Söhne"))


def filled(path: Path) -> Database:
    database = Database(path)
    put_facts(database, FACTS, "import")
    replace_generated(database, build(FACTS, SETTINGS).rows, ReviewState.PENDING, "generate")
    return database


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "memory.db"
    filled(path).close()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Iterator[Database]:
    with copy_of(template, tmp_path) as opened:
        yield opened


@contextmanager
def copy_of(template: Path, folder: Path) -> Iterator[Database]:
    path = folder / "memory.db"
    shutil.copy(template, path)
    opened = Database(path)
    try:
        yield opened
    finally:
        opened.close()


def employer_rows(database: Database) -> list[Row]:
    return [
        row for row in all_rows(database, Split.TRAIN) if row.topic == "user/employer" and row.kind is RowKind.QUESTION
    ]


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
    found = [row_id for row_id, _ in matching(database, replace(wanted, split=split))]
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


# Rewriting


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
    assert [row_id for row_id, _ in matching(database, Filter(failing=True))] == [row.id]


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


# The store


def test_a_project_of_the_first_version_is_brought_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = migrations._steps()
    with monkeypatch.context() as context:
        context.setattr(migrations, "_steps", lambda: steps[:1])
        old = filled(tmp_path / "memory.db")
        rows = all_rows(old)
        old.close()
    database = Database(tmp_path / "memory.db")
    try:
        assert all_rows(database) == rows
        assert len(Queue(database, Filter(text="acme"))) > 0
        assert database.undo() == "generate"
        assert database.redo() == "generate"
        assert all_rows(database) == rows
        assert len(Queue(database, Filter(text="acme"))) > 0
    finally:
        database.close()


def test_parts_of_one_change_and_what_comes_between(database: Database) -> None:
    rows = all_rows(database)
    extra = [row.model_copy(update={"id": f"{number:016x}"}) for number, row in enumerate(rows[:4])]

    def add(row: Row, joins: int | None) -> int | None:
        with database.change("long", joins=joins) as connection:
            add_rows(connection, [row], ReviewState.PENDING)
        return database.last_change

    first = add(extra[0], None)
    assert add(extra[1], first) == first
    other = Database(database.path)
    Queue(other).decide(0, ReviewState.APPROVED)
    other.close()
    second = add(extra[2], first)
    assert second != first
    assert add(extra[3], second) == second
    assert [database.undo() for _ in range(3)] == ["long", "approve a row", "long"]
    assert all_rows(database) == rows


def test_kill_9_after_every_key_keeps_every_decision(database: Database) -> None:
    code = (
        "import sys, pathlib\n"
        "from andraeus_tui.reviewing import Queue\n"
        "from andraeus_tui.store.database import Database\n"
        "from schemas.row import ReviewState\n"
        "queue = Queue(Database(pathlib.Path(sys.argv[1])))\n"
        "for index in range(len(queue)):\n"
        "    queue.decide(index, ReviewState.REJECTED if index % 3 else ReviewState.APPROVED)\n"
        "    print(index, flush=True)\n"
    )
    ids = [row.id for row in all_rows(database, Split.TRAIN)]
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code, str(database.path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        told = [int(process.stdout.readline()) for _ in range(25)]
        process.kill()
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    states = {row.id: row.state for row in all_rows(database)}
    for index in told:
        assert states[ids[index]] == (ReviewState.REJECTED if index % 3 else ReviewState.APPROVED)


class History(RuleBasedStateMachine):
    """Whatever is decided, edited, generated, imported and taken back: the store equals a model of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = filled(Path(self.folder.name) / "memory.db")
        self.past: list[object] = [self.state()]
        self.future: list[object] = []

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def state(self) -> object:
        facts = {fact.id: fact for fact in all_facts(self.database)}
        links = self.database.connection.execute("SELECT row_id, fact_id FROM row_facts ORDER BY 1, 2").fetchall()
        return facts, {row.id: row for row in all_rows(self.database)}, links

    def made(self) -> None:
        now = self.state()
        if now != self.past[-1]:
            self.past.append(now)
            self.future.clear()

    @rule(at=st.integers(0, 200), state=st.sampled_from([ReviewState.APPROVED, ReviewState.REJECTED]))
    def decide(self, at: int, state: ReviewState) -> None:
        queue = Queue(self.database)
        if len(queue):
            queue.decide(at % len(queue), state)
        self.made()

    @rule(state=st.sampled_from([ReviewState.APPROVED, ReviewState.REJECTED]))
    def decide_many(self, state: ReviewState) -> None:
        decide_all(self.database, Queue(self.database, Filter(kind=RowKind.YES_NO)).undecided(state), state)
        self.made()

    @rule(at=st.integers(0, 200), text=st.text(min_size=1, max_size=30).filter(lambda text: bool(text.strip())))
    def edit(self, at: int, text: str) -> None:
        queue = Queue(self.database)
        row = queue.row(at % len(queue)) if len(queue) else None
        if row:
            try:
                editing.edit(self.database, row, text, row.answer, approve=False)
            except InputError:
                return
            self.made()

    @rule(variations=st.integers(1, 4))
    def generate(self, variations: int) -> None:
        wanted = SETTINGS.model_copy(update={"variations": variations})
        kept = tuple(row for row in all_rows(self.database) if row.origin is Origin.HAND)
        made = build(all_facts(self.database), wanted, kept).rows
        replace_generated(self.database, made, ReviewState.PENDING, "generate")
        self.made()

    @rule(value=st.sampled_from(["Rex", "Bo"]))
    def change_a_fact(self, value: str) -> None:
        if all_facts(self.database)[0].value != value:
            put_facts(self.database, [FACTS[0].model_copy(update={"value": value})], "change")
            self.made()

    @rule()
    def undo(self) -> None:
        if len(self.past) > 1:
            assert self.database.undo() is not None
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        label = self.database.redo()
        assert (label is not None) == bool(self.future)
        if self.future:
            self.past.append(self.future.pop())

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        assert self.state() == self.past[-1]


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
