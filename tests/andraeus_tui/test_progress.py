"""The fold of a run's events and the reader of a file that grows: same state, however it comes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andraeus_tui.plan import plan_of
from andraeus_tui.progress import CURVE_POINTS, Curve, EventTail, Training, Watch, fold
from andraeus_tui.project import change_setting
from andraeus_tui.runs import EVENTS_FILE, all_runs, read_run
from andraeus_tui.store.rows import all_rows, review
from schemas.events import Event, Finished, Log, Metric, Stage, Started
from schemas.row import ReviewState, RowKind
from tests.andraeus_tui.trainable import trainable
from tests.ui.invented_runs import beginning, crash, finish, steps

EVENTS: list[Event] = [
    *beginning(), *steps(1, 57), crash(), *beginning(), Log(message="Resuming after step 50."), *steps(51, 96),
    *finish(96),
]  # fmt: skip


def folded(events: list[Event]) -> Training:
    state = Training()
    for event in events:
        state = fold(state, event)
    return state


def test_a_run_that_crashed_and_was_resumed() -> None:
    crashed = folded(EVENTS[:66])
    assert crashed.ended == crash()
    state = folded(EVENTS)
    assert isinstance(state.ended, Finished)
    assert (state.begun, state.step, state.total_steps, state.checkpoint) == (2, 96, 120, 50)
    assert [step for step, _ in state.loss.shown] == [float(step) for step in range(1, 97)], "no step twice"
    assert [step for step, _ in state.dev_recall.shown] == [12.0, 24.0, 36.0, 48.0, 60.0, 72.0, 84.0, 96.0]
    assert state.machine.startswith("Device: CPU")
    assert state.notes == ("Resuming after step 50.", "Stopping early: the dev questions are answered.")
    assert state.cost["rows"] == 180


def test_a_stage_begins_with_nothing_done() -> None:
    state = folded([*beginning()[:6]])
    assert (state.stage, state.done, state.total) == ("replay", 8, 8)
    state = fold(state, Stage(name="save", text="Saving"))
    assert (state.stage, state.text, state.done, state.total) == ("save", "Saving", 0, 0)


@settings(deadline=None, max_examples=60)
@given(
    cuts=st.lists(st.integers(0, 40_000), max_size=40), limit=st.integers(1, 5_000), junk=st.integers(0, len(EVENTS))
)
def test_a_file_that_grows_in_any_pieces_gives_the_same_state(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], limit: int, junk: int
) -> None:
    lines = [event.model_dump_json().encode() + b"\n" for event in EVENTS]
    lines.insert(junk, b'{"event": "metric", "st\xff\n')  # cut off by a crash
    data = b"".join(lines)
    path = tmp_path_factory.mktemp("run") / EVENTS_FILE
    tail, state = EventTail(path), Training()
    assert tail.read() == []
    path.touch()
    at = 0
    for cut in [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]:
        with path.open("ab") as file:
            file.write(data[at : max(at, cut)])
        at = max(at, cut)
        for event in tail.read(limit):
            state = fold(state, event)
    for _ in range(len(data) // limit + 1):
        for event in tail.read(limit):
            state = fold(state, event)
    assert state == folded(EVENTS)
    assert tail.read() == []


@settings(deadline=None)
@given(values=st.lists(st.floats(-100, 100), min_size=1, max_size=3_000))
def test_a_curve_stays_small_and_keeps_its_course(values: list[float]) -> None:
    curve = Curve()
    for step, value in enumerate(values, 1):
        curve = curve.with_value(step, value)
    shown = curve.shown
    assert len(shown) <= CURVE_POINTS
    assert [step for step, _ in shown] == sorted(step for step, _ in shown)
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for _, value in shown)
    weights = [curve.every] * len(curve.points) + [len(curve.waiting)] * bool(curve.waiting)
    mean = sum(weight * value for weight, (_, value) in zip(weights, shown, strict=True)) / sum(weights)
    assert mean == pytest.approx(sum(values) / len(values), abs=1e-6), "every value counts once"
    assert all(step < 7 for step, _ in curve.before(7).shown)


def test_a_long_run_is_summed_up_from_its_end(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "20260101-000000-abcd"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert (read_run(folder).step, read_run(folder).state) == (0, "interrupted")
    path = folder / EVENTS_FILE
    path.write_text("".join(event.model_dump_json() + "\n" for event in EVENTS[:66]) + '{"event": "fin')
    run = read_run(folder)
    assert (run.state, run.step, run.total_steps, run.dev_recall) == ("failed", 57, 120, 0.6)
    with path.open("a") as file:
        file.write("\n" + "".join(event.model_dump_json() + "\n" for event in beginning()))
    (run,) = all_runs(tmp_path / "runs")
    assert (run.state, run.step, run.dev_recall) == ("interrupted", 57, 0.6), "the file has grown, so it is read again"
    assert Watch(folder).update() == folded([*EVENTS[:66], *beginning()])


def test_a_plan_counts_what_would_train_and_knows_when_it_is_old(tmp_path: Path) -> None:
    project = trainable(tmp_path / "project", Path("/models/[x]"))
    with project.database() as database:
        plan = plan_of(project, database)
        assert plan.ready
        assert plan == plan_of(project, database)
        rows = [row for row in all_rows(database) if row.split == "train"]
        assert plan.total == len(rows)
        review(database, [rows[0].id], ReviewState.PENDING, "one")
        fewer = plan_of(project, database)
        assert (fewer.total, fewer.pending, fewer == plan) == (plan.total - 1, 1, False)
        database.undo()
        assert plan_of(project, database).total == plan.total
        change_setting(project, "recipe", "preset", "seed")
        seed = plan_of(project, database)
        assert {kind for kind, _ in seed.rows} == {RowKind.QUESTION}
        review(database, [row.id for row in rows if row.kind != RowKind.REPLAY], ReviewState.REJECTED, "all")
        assert not plan_of(project, database).ready


def test_numbers_that_a_worker_leaves_out_stay_as_they_were() -> None:
    first = Metric(step=1, total_steps=9, epoch=0.1, values={"loss": 2.0, "dev_recall": 0.5, "dev_abstention": 0.4})
    state = folded([Started(job="train", pid=1, time=0), first, Metric(step=2, total_steps=9, epoch=0.2, values={})])
    assert state.latest["dev_recall"] == 0.5
    assert len(state.loss.shown) == 1
