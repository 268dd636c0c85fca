"""What a person does at the Evidence step, and what stands there."""

from typing import Any

from textual.pilot import Pilot
from textual.widgets import TabbedContent

from andraeus_tui.project import Project
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.screens.evidence import EvidenceScreen
from tests.ui.steps import settle


async def go(pilot: Pilot[Any], project: Project) -> EvidenceScreen:
    """Open the project at this step."""
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    await pilot.pause()
    app.open_project(project.folder, "evidence")
    await settle(pilot)
    screen = app.screen
    assert isinstance(screen, EvidenceScreen)
    return screen


def section(screen: EvidenceScreen) -> str:
    return screen.query_one(TabbedContent).active


def messages(pilot: Pilot[Any]) -> str:
    return "\n".join(note.message for note in pilot.app._notifications)
