"""What a person does at the Train step, and what stands there."""

from textual.pilot import Pilot

from andraeus_tui.project import Project
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.screens.train import TrainScreen
from tests.ui.steps import shown, until


async def go(pilot: Pilot[None], project: Project) -> TrainScreen:
    """Open the project at Train."""
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    app.open_project(project.folder, "train")
    await until(pilot, lambda: isinstance(app.screen, TrainScreen) and app.screen.is_mounted)
    await pilot.pause(0.3)
    screen = app.screen
    assert isinstance(screen, TrainScreen)
    return screen


async def begin(pilot: Pilot[None]) -> None:
    """The way of a person: s, look at the numbers, yes."""
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
    await pilot.press("y")
    await until(pilot, lambda: "Training: step" in shown(pilot, "#doing") or "Finished" in shown(pilot, "#said"))


def heading(pilot: Pilot[None]) -> str:
    return shown(pilot, "#heading")


def numbers(pilot: Pilot[None]) -> str:
    return shown(pilot, "#numbers")
