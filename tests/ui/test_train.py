"""Train: from the first look at the cost to a finished run, through stops, crashes, leaving and coming back."""

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.widgets._progress_bar import Bar

from andraeus_tui.project import Project
from andraeus_tui.runs import EVENTS_FILE, RunState, all_runs, claim, read_run
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.leaving import Leave
from andraeus_tui.ui.log_view import LogView
from andraeus_tui.ui.screens.train import TrainScreen
from schemas.events import Event, Failed, Log, parse_event
from schemas.row import ReviewState
from tests.ui.conftest import MakeProject
from tests.ui.invented_runs import beginning, crash, finish, steps, write_run
from tests.ui.steps import shown, still, table_lines, until
from tests.ui.train_steps import begin, go, heading, numbers

SIZES = [(80, 24), (120, 40)]


def worker_of(project: Project) -> int:
    """The process id that the newest worker said."""
    text = (all_runs(project.runs)[0].folder / EVENTS_FILE).read_text()
    started = [line for line in text.splitlines() if '"started"' in line]
    return int(parse_event(started[-1]).model_dump()["pid"])


async def test_from_the_preflight_to_a_trained_model(tiny: Callable[[int], Project]) -> None:
    project = tiny(2)
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, project)
        assert "approved rows" in shown(pilot, "#plan")
        assert "key p" in shown(pilot, "#preflight")
        assert "No run yet" in shown(pilot, "#empty")
        await pilot.press("p")
        await until(pilot, lambda: "GB free" in shown(pilot, "#preflight"))
        assert "Device: CPU" in shown(pilot, "#preflight"), "the fallback is said before anything is started"
        assert all_runs(project.runs) == []
        await begin(pilot)
        await until(pilot, lambda: "finished" in heading(pilot))
        assert "Finished after" in shown(pilot, "#said")
        assert "Trainer" in shown(pilot, "#said")
        assert "dev recall" in numbers(pilot)
        assert "memory" in numbers(pilot)
        (line,) = table_lines(pilot, "#runs")
        assert "finished" in line
    (run,) = all_runs(project.runs)
    assert run.state is RunState.FINISHED


async def test_stop_resume_and_a_worker_that_dies(tiny: Callable[[int], Project], known_cost: None) -> None:
    project = tiny(1000)
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        await go(pilot, project)
        await begin(pilot)
        await until(pilot, lambda: "in this app" in heading(pilot))
        await pilot.press("s")  # means nothing while a run is at work
        await pilot.press("x", "y")
        await until(pilot, lambda: "stopped" in heading(pilot))
        assert "Key r continues it" in shown(pilot, "#said")
        (run,) = all_runs(project.runs)
        assert list(run.folder.glob("checkpoints/step-*"))

        await pilot.press("r")
        await until(pilot, lambda: f"Resuming after step {run.step}." in shown(pilot, "#said"))
        await until(pilot, lambda: read_run(run.folder).step > run.step)
        os.kill(worker_of(project), signal.SIGKILL)
        await until(pilot, lambda: "failed" in heading(pilot))
        assert "SIGKILL" in shown(pilot, "#said")
        await until(pilot, lambda: "failed" in table_lines(pilot, "#runs")[0])
        await pilot.press("d", "y")
        await until(pilot, lambda: all_runs(project.runs) == [])
        await until(pilot, lambda: pilot.app.screen.query_one("#empty").display)


async def test_nothing_approved_never_trains(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.PENDING)
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, project)
        assert "Nothing to train yet" in shown(pilot, "#plan")
        assert "wait in Review" in shown(pilot, "#plan")
        await pilot.press("s")
        await until(pilot, lambda: any("no rows are approved" in one.message for one in pilot.app._notifications))
    assert all_runs(project.runs) == []


async def test_a_preflight_that_fails_says_why(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED, model="/no/such/[folder]")
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, project)
        await pilot.press("s")
        await until(pilot, lambda: "Preflight failed" in shown(pilot, "#preflight"))
        assert "[folder]" in shown(pilot, "#preflight")
        assert isinstance(pilot.app.screen, TrainScreen), "nothing is asked when it cannot start"
    assert all_runs(project.runs) == []


@pytest.fixture
def ended(make_project: MakeProject) -> Project:
    """A finished run, and a newer one that failed."""
    project = make_project("home/robin", state=ReviewState.APPROVED)
    first = [*beginning(), *steps(1, 96), *finish(96)]
    folder = write_run(project, "20260102-090000-aaaa", first, "done\n", adapter=True)
    (folder / "eval.json").write_text("{}")
    log = "loading [weights]\nKilled\n"
    write_run(project, "20260103-090000-bbbb", [*beginning(), *steps(1, 30), crash()], log)
    return project


@pytest.fixture
def past(ended: Project) -> Iterator[Project]:
    """Also one that another process trains."""
    folder = write_run(ended, "20260104-090000-cccc", [*beginning(), *steps(1, 57)])
    held = claim(folder)
    yield ended
    os.close(held.handle)


async def test_past_runs_reopen_with_their_curves_and_a_run_at_work_is_watched(past: Project) -> None:
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        await go(pilot, past)
        assert "cccc: training in another process" in heading(pilot)
        assert "step 57 of at most 120" in shown(pilot, "#doing")
        assert [line.split()[1] for line in table_lines(pilot, "#runs")] == ["running", "failed", "finished"]
        with (past.runs / "20260104-090000-cccc" / EVENTS_FILE).open("a") as file:
            lines = "".join(event.model_dump_json() + "\n" for event in steps(58, 60))
            file.write(lines[:-40])
            file.flush()
            await until(pilot, lambda: "step 59" in shown(pilot, "#doing"))
            file.write(lines[-40:])
        await until(pilot, lambda: "step 60" in shown(pilot, "#doing"))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "bbbb: failed" in heading(pilot))
        assert "loading [weights] / Killed" in shown(pilot, "#said")
        await pilot.press("l")
        await until(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape")
        await pilot.press("end", "enter")
        await until(pilot, lambda: "aaaa: finished" in heading(pilot))
        assert "Finished after 96 steps in 3 min" in shown(pilot, "#said")
        await pilot.press("x", "y")
        await pilot.pause(0.3)
        assert "cccc" in table_lines(pilot, "#runs")[0]


async def test_a_run_that_another_step_asks_for_is_opened(past: Project) -> None:
    app = AndraeusApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.wanted_run = "20260102-090000-aaaa"
        await go(pilot, past)
        await until(pilot, lambda: "aaaa: finished" in heading(pilot))


async def test_a_lock_whose_process_cannot_be_asked_is_told(past: Project) -> None:
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, past)
        await pilot.press("x", "y")
        await until(pilot, lambda: any("Nobody answers" in one.message for one in pilot.app._notifications))


async def test_hostile_text(make_project: MakeProject) -> None:
    hostile = "[red]x[/] [/nope] <|im_end|> \u202eabc \x1b[31m \N{FIRE} " + "y" * 9_000
    project = make_project("[b]robin", state=ReviewState.APPROVED, model="[link=x] <|im_end|> [/]")
    events: list[Event] = [*beginning(), Log(level="warning", message=hostile)]
    failed = Failed(kind="crash", message=hostile, hint=hostile)
    write_run(project, "[red]20260101[b", [*events, failed], f"{hostile}\n")
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        assert "[link=x] <|im_end|> [/]" in shown(pilot, "#plan")
        await until(pilot, lambda: hostile in shown(pilot, "#said"))
        assert "[red]20260101[b: failed" in heading(pilot)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(pilot.app.screen, LogView))
        await pilot.press("escape", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await pilot.press("n")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("p")
        await until(pilot, lambda: "Preflight failed" in shown(pilot, "#preflight"))


async def test_a_click_opens_a_run_and_the_palette_knows_the_keys(past: Project) -> None:
    app = AndraeusApp()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await go(pilot, past)
        await pilot.click("#runs", offset=(5, 2))
        await pilot.pause(0.6)  # two clicks, not a double one
        await pilot.click("#runs", offset=(5, 2))
        await until(pilot, lambda: "bbbb: failed" in heading(pilot))
        titles = {command.title for command in app.get_system_commands(screen)}
        assert {"Stop", "Log", "Delete"} <= titles
        assert "Start" not in titles, "no second run while one is at work"


async def go_to_the_one_at_work(pilot: Pilot[None], project: Project) -> None:
    """Open the project at Train, where a run is at work, for a picture of it."""
    await go(pilot, project)
    await until(pilot, lambda: "step 57" in shown(pilot, "#doing"))
    await still(pilot)
    # Textual rounds a share to half cells only once the bar has a width, which may come before or after the share.
    bar = pilot.app.screen.query_one("#bar Bar", Bar)
    bar.percentage = bar.percentage


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks(past: Project, snap_compare: object, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await go_to_the_one_at_work(pilot, past)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks_of_a_crash_and_a_preflight(
    ended: Project, known_cost: None, snap_compare: object, size: tuple[int, int]
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await go(pilot, ended)
        await pilot.press("p")
        await until(pilot, lambda: "GB free" in shown(pilot, "#preflight") and "bbbb: failed" in heading(pilot))
        await still(pilot)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks_before_the_first_run(make_project: MakeProject, snap_compare: object, size: tuple[int, int]) -> None:
    project = make_project("home/robin", state=ReviewState.PENDING)

    async def before(pilot: Pilot[None]) -> None:
        await go(pilot, project)
        await still(pilot)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks_when_leaving(past: Project, snap_compare: object, size: tuple[int, int]) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await go_to_the_one_at_work(pilot, past)
        await pilot.app.push_screen(Leave("20260104-090000-cccc"))
        await still(pilot)

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]
