"""Generation through its worker process: one undoable change, nothing lost, more rows for some facts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from andraeus_tui.generating import Generation, Making, fold
from andraeus_tui.project import Project, create
from andraeus_tui.store.facts import all_facts, put_facts, remove_facts
from andraeus_tui.store.rows import all_rows, more_rows, review
from schemas.errors import AndraeusError, InputError
from schemas.events import CancelledByUser, Event, Failed, Finished, Progress, RowMade, Stage, Started
from schemas.row import ReviewState, Row, RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import facts_of

SMALL = GenerationSettings(variations=4, abstention=0.1, replay=4)
MANY = GenerationSettings(variations=40, replay=200)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = create(tmp_path / "project", "embedded")
    told = {"pet_name": "Max", "employer": "Acme", "city": "Lisbon", "spirit animal": "otter"}
    with made.database() as database:
        put_facts(database, facts_of(told), "import")
    return made


def run(project: Project, settings: GenerationSettings = SMALL, state: ReviewState = ReviewState.PENDING,
        **options: object) -> list[Event]:  # fmt: skip
    return list(Generation(project, settings, state, **options).events())  # type: ignore[arg-type]


def rows_of(project: Project) -> list[Row]:
    with project.database() as database:
        return all_rows(database)


def labels(project: Project) -> list[str]:
    with project.database() as database:
        return [label for label, _, undone in database.history() if not undone]


def test_events_tell_what_is_stored(project: Project) -> None:
    made: list[str] = []
    events = []
    for event in Generation(project, SMALL, ReviewState.PENDING).events():
        events.append(event)
        if isinstance(event, RowMade) and event.row:
            made.append(event.row.id)
            if len(made) % 50 == 1:
                assert event.row.id in {row.id for row in rows_of(project)}, "it was told before it was stored"
    assert isinstance(events[0], Started)
    assert isinstance(events[1], Stage)
    assert isinstance(events[-1], Finished)
    assert [row.id for row in rows_of(project)] == made
    result = events[-1].result
    assert (result["new"], result["gone"], result["rows"]) == (len(made), 0, len(made))
    assert result["wants_paraphrases"] == [fact_id for fact_id in result["wants_paraphrases"] if fact_id]
    assert sum(result["states"].values()) == len(made)
    assert labels(project) == ["generate", "import"]


def test_it_is_one_change_however_many_batches(project: Project) -> None:
    run(project, MANY)
    assert labels(project) == ["generate", "import"]
    before = rows_of(project)
    with project.database() as database:
        assert database.undo() == "generate"
        assert not all_rows(database)
        assert database.redo() == "generate"
    assert rows_of(project) == before


def test_decisions_stay_and_what_is_not_made_any_more_goes(project: Project) -> None:
    run(project)
    rows = rows_of(project)
    with project.database() as database:
        review(database, [rows[0].id], ReviewState.REJECTED, "reject a row")
    fewer = run(project, GenerationSettings(variations=2, abstention=0.1, replay=4))[-1]
    assert isinstance(fewer, Finished)
    assert fewer.result["gone"] > 0
    assert labels(project) == ["generate", "reject a row", "generate", "import"]
    last = run(project, SMALL, ReviewState.APPROVED)[-1]
    assert isinstance(last, Finished)
    states = {row.id: row.state for row in rows_of(project)}
    assert set(states) == {row.id for row in rows}
    assert {state for row_id, state in states.items() if row_id != rows[0].id} == {ReviewState.APPROVED}


def test_a_stop_keeps_rows_and_the_next_start_goes_on(project: Project) -> None:
    generation = Generation(project, MANY, ReviewState.PENDING)
    told: list[str] = []
    end: Event | None = None
    for end in generation.events():
        if isinstance(end, RowMade) and end.row:
            told.append(end.row.id)
            if len(told) == 1:
                generation.stop()
    stored = [row.id for row in rows_of(project)]
    if isinstance(end, CancelledByUser):  # a quick machine may be through already
        assert set(told) <= set(stored)
    run(project, MANY)
    assert [row.id for row in rows_of(project)][: len(stored)] == stored


def test_stop_before_start(project: Project) -> None:
    generation = Generation(project, MANY, ReviewState.PENDING)
    generation.stop()
    assert isinstance(list(generation.events())[-1], CancelledByUser)


def test_more_rows_for_some_facts_take_nothing_away(project: Project) -> None:
    run(project)
    before = {row.id: row for row in rows_of(project)}
    with project.database() as database:
        fact = all_facts(database)[1]
    assert isinstance(run(project, only=[fact.id], variations=20)[-1], Finished)
    after = {row.id: row for row in rows_of(project)}
    assert before.items() <= after.items()
    added = [row for row_id, row in after.items() if row_id not in before]
    assert added
    assert {row.fact_ids for row in added} == {(fact.id,)}
    questions = {row.question.casefold() for row in after.values()}
    assert len(questions) == len(after)

    # all rows made anew: the wish is remembered, undo forgets it
    run(project)
    own = [row for row in rows_of(project) if row.fact_ids == (fact.id,) and row.kind is RowKind.QUESTION]
    assert sum(row.split is Split.TRAIN for row in own) > (SMALL.variations or 0)
    with project.database() as database:
        assert more_rows(database) == {fact.id: 20}
        while database.undo() != "import":
            pass
        assert not more_rows(database)
        assert not all_facts(database)


def test_a_removed_fact_takes_its_wish_along(project: Project) -> None:
    with project.database() as database:
        fact = all_facts(database)[0]
    run(project, only=[fact.id], variations=9)
    with project.database() as database:
        remove_facts(database, [fact.id], "remove")
        assert not more_rows(database)
        database.undo()
        assert more_rows(database) == {fact.id: 9}


def test_facts_that_change_meanwhile_end_it(project: Project) -> None:
    with project.database() as other:
        facts = all_facts(other)
        changed = facts[0].model_copy(update={"value": "Bruno"})
        with pytest.raises(AndraeusError, match="facts were changed"):
            for event in Generation(project, MANY, ReviewState.APPROVED).events():
                if isinstance(event, Stage):
                    put_facts(other, [changed], "change")
        assert not any("Max" in row.values for row in all_rows(other))


def test_no_facts(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        run(create(tmp_path / "empty", "embedded"))


def test_a_killed_worker_is_told_and_what_it_made_stays(project: Project) -> None:
    pid = 0
    end: Event | None = None
    for end in Generation(project, MANY, ReviewState.PENDING).events():
        if isinstance(end, Started):
            pid = end.pid
        if isinstance(end, Stage):
            os.kill(pid, signal.SIGKILL)
    assert isinstance(end, Failed)
    assert isinstance(run(project)[-1], Finished)


def test_kill_9_in_the_middle_keeps_every_row_that_was_told(project: Project) -> None:
    code = (
        "import sys, pathlib\n"
        "from andraeus_tui.generating import Generation\n"
        "from andraeus_tui.project import Project\n"
        "from schemas.row import ReviewState\n"
        "from schemas.settings import GenerationSettings\n"
        "project = Project(pathlib.Path(sys.argv[1]))\n"
        "settings = GenerationSettings(variations=40, replay=200)\n"
        "for event in Generation(project, settings, ReviewState.APPROVED).events():\n"
        "    if event.event == 'started': print(event.pid, flush=True)\n"
        "    row = getattr(event, 'row', None)\n"
        "    if row: print(row.id, flush=True)\n"
    )
    command = [sys.executable, "-P", "-c", code, str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        worker = int(process.stdout.readline())
        told = [process.stdout.readline().strip() for _ in range(40)]
        process.kill()
        told += process.stdout.read().split("\n")[:-1]
    states = {row.id: row.state for row in rows_of(project)}
    assert all(states[row_id] is ReviewState.APPROVED for row_id in told)
    end = time.monotonic() + 60
    while psutil.pid_exists(worker):
        assert time.monotonic() < end, "the worker outlived its front end"
        time.sleep(0.1)
    assert isinstance(run(project, MANY)[-1], Finished)


def test_fold() -> None:
    making = Making()
    row = Row(id="0" * 16, kind=RowKind.QUESTION, question="q", answer="a", topic="t", family="f", split=Split.TRAIN)
    made = RowMade(row_id=row.id, topic="t", kind="question", split="train")
    events: list[Event] = [
        Stage(name="generate", text="Making rows"),
        Progress(stage="generate", done=0, total=3),
        made.model_copy(update={"row": row}),
        made.model_copy(update={"problem": "leak: it is there"}),
        made.model_copy(update={"problem": "leak: it is there"}),
        Finished(result={}),
    ]
    for event in events:
        making = fold(making, event)
    assert (making.text, making.done, making.total, making.accepted) == ("Making rows", 3, 3, 1)
    assert making.refused == {"leak: it is there": 2}
    assert making.newest == (row,)
    assert isinstance(making.end, Finished)
