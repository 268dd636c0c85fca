"""Whatever is decided, edited, generated and taken back: the store and the queue tell the truth, also after kill -9."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from andraeus_tui import editing
from andraeus_tui.reviewing import (
    Queue,
    decide_all,
)
from andraeus_tui.store import migrations
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts, put_facts
from andraeus_tui.store.queue import Filter
from andraeus_tui.store.rows import add_rows, all_rows, replace_generated
from generators.build import build
from schemas.errors import InputError
from schemas.row import Origin, ReviewState, Row, RowKind, Split
from tests.andraeus_tui.reviewable import FACTS, SETTINGS, filled


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
        self.other = Database(self.database.path)
        self.queue = Queue(self.database, Filter(text="y"))
        self.past: list[object] = [self.state()]
        self.future: list[object] = []

    def teardown(self) -> None:
        self.database.close()
        self.other.close()
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
        queue = self.queue
        if len(queue) and queue.row(at % len(queue)):
            queue.decide(at % len(queue), state)
        self.made()

    @rule(at=st.integers(0, 200), state=st.sampled_from([ReviewState.APPROVED, ReviewState.REJECTED]))
    def decide_elsewhere(self, at: int, state: ReviewState) -> None:
        queue = Queue(self.other)
        if len(queue):
            queue.decide(at % len(queue), state)
        self.made()

    @rule(
        wanted=st.sampled_from([Filter(), Filter(text="y"), Filter(state=ReviewState.APPROVED), Filter(failing=True)])
    )
    def look(self, wanted: Filter) -> None:
        self.queue.refresh(wanted)

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
            assert self.queue.undo()[0] is not None
            self.future.append(self.past.pop())

    @rule()
    def redo(self) -> None:
        label, _ = self.queue.redo()
        assert (label is not None) == bool(self.future)
        if self.future:
            self.past.append(self.future.pop())

    @invariant()
    def the_store_is_as_the_model_says(self) -> None:
        assert self.state() == self.past[-1]

    @invariant()
    def a_queue_that_looks_again_is_like_a_new_one(self) -> None:
        queue, new = self.queue, Queue(self.database, self.queue.filter)
        queue.refresh()
        assert (queue._ids, queue._states) == (new._ids, new._states)


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
