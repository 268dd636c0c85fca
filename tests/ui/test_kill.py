"""kill -9 of the whole app in the middle of review, of generation and of training: what was decided is there afterwards,
no process remains, and work goes on where it was."""

import re
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from andraeus_tui.project import Project
from andraeus_tui.runs import RunState, all_runs, read_run
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import all_rows
from generators.build import build
from schemas.row import ReviewState, Split
from tests.andraeus_tui.trainable import trainable
from tests.patience import PATIENCE
from tests.stubs.pty_app import PtyApp, until
from tests.ui.conftest import MakeProject
from tests.ui.steps import add_settings

DECIDED = re.compile(r"([\d,]+) of [\d,]+ decided")


@pytest.fixture(autouse=True)
def no_orphans(tmp_path: Path) -> Iterator[None]:
    """No process that has to do with the test's folder is there at its end."""
    yield
    left = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or [])]
    for process in psutil.wait_procs(left, timeout=60)[1]:
        process.kill()
        raise AssertionError("a process was left behind")


def states(project: Project) -> dict[str, ReviewState]:
    with project.database() as database:
        return {row.id: row.state for row in all_rows(database, Split.TRAIN)}


def told(app: PtyApp) -> int:
    """How many rows the screen last said to be decided."""
    return max((int(found) for found in DECIDED.findall(app.painted)), default=0)


def gone(workers: list[psutil.Process]) -> bool:
    return psutil.wait_procs(workers, timeout=PATIENCE)[1] == []


def test_in_the_middle_of_review(make_project: MakeProject, environment: dict[str, str]) -> None:
    project = make_project(state=ReviewState.PENDING)
    app = PtyApp(project.folder, environment)
    app.sees("Harbor Radio")
    app.press("3")
    app.sees(r"0 of [\d,]+ decided")
    app.press("arraarar")
    until(lambda: told(app) >= 8)
    app.press("ra" * 30)  # and in the middle of these
    until(lambda: told(app) >= 12)
    app.kill()
    shown = told(app)
    kept = states(project)
    decided = [state for state in kept.values() if state is not ReviewState.PENDING]
    assert len(decided) >= shown, "what the screen said was on the disk before it was said"
    assert {ReviewState.APPROVED, ReviewState.REJECTED} == set(decided)

    again = PtyApp(project.folder, environment)
    again.sees("Harbor Radio")
    again.press("3")
    again.sees(f"{len(decided)} of {len(kept)} decided")
    again.press("u")
    again.sees("decided")
    assert again.quit() == 0
    assert sum(state is not ReviewState.PENDING for state in states(project).values()) != len(decided)


@pytest.mark.slow
def test_in_the_middle_of_generation(make_project: MakeProject, environment: dict[str, str]) -> None:
    facts: list[dict[str, object]] = [{"attribute": f"thing {at}", "value": f"value {at}"} for at in range(300)]
    settings = '[generation]\nbackend = "templates"\nvariations = 10\nreplay = 8\n'
    project = add_settings(make_project(facts=facts), settings)
    with project.database() as database:
        wanted = {row.id for row in build(all_facts(database), project.settings.generation).rows}
    app = PtyApp(project.folder, environment)
    app.sees("thing 1")
    app.press("2")
    app.sees("Start")
    app.press("s")
    until(lambda: len(states(project)) > 0)
    workers = app.workers
    assert workers
    before = states(project)
    app.kill()
    assert gone(workers)
    with project.database() as database:
        kept = {row.id for row in all_rows(database)}
    assert set(before) <= kept < wanted, "it was killed in the middle, and what was accepted stays"

    again = PtyApp(project.folder, environment)
    again.sees("thing 1")
    again.press("2")
    again.sees("Start")
    again.press("s")
    again.sees("Done: ")
    assert again.quit() == 0
    with project.database() as database:
        assert {row.id for row in all_rows(database)} == wanted


@pytest.mark.slow
def test_in_the_middle_of_training(tmp_path: Path, tiny_model: Path, environment: dict[str, str]) -> None:
    project = trainable(tmp_path / "robin", tiny_model, epochs=1000)
    app = PtyApp(project.folder, environment)
    app.sees("Acme")
    app.press("4")
    app.sees("approved rows")
    app.press("s")
    app.sees(r"\(y\)")
    app.press("y")
    until(lambda: any(run.step > 3 for run in all_runs(project.runs)))
    (run,) = all_runs(project.runs)
    workers = app.workers
    assert run.state is RunState.RUNNING
    approved = states(project)
    app.kill()
    assert gone(workers)
    run = read_run(run.folder)
    assert run.state in {RunState.STOPPED, RunState.INTERRUPTED}
    assert run.can_resume
    assert states(project) == approved

    again = PtyApp(project.folder, environment)
    again.sees("Acme")
    again.press("4")
    again.sees("stopped")
    again.press("r")
    until(lambda: read_run(run.folder).step > run.step)
    assert again.quit("s") == 0
    until(lambda: read_run(run.folder).state is RunState.STOPPED)
