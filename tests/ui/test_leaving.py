"""Leaving the app while it works: nothing is lost, nothing goes on unasked, and nobody is asked about nothing."""

import asyncio
import re
import time
from collections.abc import Callable

import psutil
from textual.pilot import Pilot
from textual.widgets import Static

from andraeus_tui.project import Project
from andraeus_tui.runs import RunState, all_runs, read_run
from andraeus_tui.store.rows import all_rows
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.leaving import Leave, StopMaking
from andraeus_tui.ui.screens.generate import GenerateScreen
from andraeus_tui.ui.screens.train import TrainScreen
from tests.patience import PATIENCE
from tests.ui.conftest import MakeProject
from tests.ui.steps import add_settings, settle, shown, until, workers
from tests.ui.train_steps import begin, go, heading, numbers


async def train_and_leave(pilot: Pilot[None], project: Project) -> None:
    """Begin a run, and press the key that leaves."""
    await go(pilot, project)
    await begin(pilot)
    await leave(pilot)


async def leave(pilot: Pilot[None]) -> None:
    """Press the key that leaves; the question about the run is there."""
    await pilot.press("ctrl+q")
    await until(pilot, lambda: isinstance(pilot.app.screen, Leave))


async def test_leave_let_it_go_on_and_come_back(tiny: Callable[[int], Project], known_cost: None) -> None:
    project, app = tiny(1000), AndraeusApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await train_and_leave(pilot, project)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, TrainScreen))
        await leave(pilot)
        await pilot.press("g")
        await until(pilot, lambda: app._exit)
    (run,) = all_runs(project.runs)
    await asyncio.sleep(1)
    assert read_run(run.folder).state is RunState.RUNNING, "it goes on without the app"
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, project)
        await until(pilot, lambda: "in another process" in heading(pilot) and "loss" in numbers(pilot))
        await pilot.press("x", "y")
        await until(pilot, lambda: "stopped" in heading(pilot))


async def test_leave_and_stop(tiny: Callable[[int], Project], known_cost: None) -> None:
    project, app = tiny(1000), AndraeusApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await train_and_leave(pilot, project)
        await pilot.click("#stop")
        await until(pilot, lambda: app._exit)
    (run,) = all_runs(project.runs)
    end = time.monotonic() + PATIENCE
    while read_run(run.folder).state is RunState.RUNNING and time.monotonic() < end:
        await asyncio.sleep(0.1)
    assert read_run(run.folder).state is RunState.STOPPED
    assert list(run.folder.glob("checkpoints/step-*"))


async def make_rows(pilot: Pilot[None]) -> None:
    """Go to Generate, and start."""
    await settle(pilot)
    await pilot.press("2")
    await until(pilot, lambda: isinstance(pilot.app.screen, GenerateScreen))
    await pilot.press("s")


def accepted(app: AndraeusApp) -> bool:
    """Whether a first row was accepted."""
    return bool(re.match("[1-9]", str(app.screen.query_one("#counts", Static).content)))


async def test_leaving_while_rows_are_made_asks_and_stops_them(make_project: MakeProject) -> None:
    facts: list[dict[str, object]] = [{"attribute": f"thing {at}", "value": f"value {at}"} for at in range(300)]
    project = add_settings(make_project(facts=facts), '[generation]\nbackend = "templates"\nvariations = 20\n')
    app = AndraeusApp(project.folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await make_rows(pilot)
        await until(pilot, lambda: accepted(app))
        (worker,) = workers("generators")
        worker.suspend()  # it does not come to its end before the person has answered
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, StopMaking))
        await pilot.press("ctrl+q")
        await pilot.pause(0.1)
        assert sum(isinstance(screen, StopMaking) for screen in app.screen_stack) == 1, "it is asked once"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, GenerateScreen))
        assert not app._exit
        assert workers("generators") == [worker], "who stays has it go on"
        await pilot.press("1", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, StopMaking))
        await pilot.press("y")
        await until(pilot, lambda: app._exit)
        worker.resume()
    assert psutil.wait_procs([worker], timeout=PATIENCE)[1] == []
    with project.database() as database:
        assert 0 < len(all_rows(database)) < 300 * 20, "what was accepted is kept"
        assert database.undo() == "generate"


async def test_nobody_is_asked_after_the_end(make_project: MakeProject) -> None:
    project = add_settings(make_project(), '[generation]\nbackend = "templates"\nvariations = 2\nreplay = 0\n')
    app = AndraeusApp(project.folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await make_rows(pilot)
        await until(pilot, lambda: "Done" in shown(pilot, "#stage"))
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)
