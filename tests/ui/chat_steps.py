"""What a person does at the Chat step, and what stands there."""

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from andraeus_tui.project import Project
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.question_line import QuestionLine
from andraeus_tui.ui.screens.chat import ChatScreen
from andraeus_tui.ui.turn_box import AnswerBox
from tests.ui import steps
from tests.ui.steps import settle


async def go(pilot: Pilot[None], project: Project) -> ChatScreen:
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    app.open_project(project.folder, "chat")
    await settle(pilot)
    assert isinstance(app.screen, ChatScreen)
    return app.screen


async def until(pilot: Pilot[Any], true: Callable[[], object]) -> None:
    """Wait for it, and until it is painted, which happens ten times a second."""
    await steps.until(pilot, true)
    await pilot.pause(0.12)


async def ask(pilot: Pilot[Any], text: str) -> None:
    line = pilot.app.screen.query_one(QuestionLine)
    line.focus()
    line.value = text
    await pilot.press("enter")
    await pilot.pause()


def texts(pilot: Pilot[Any], part: str = "text") -> list[str]:
    return [str(box.query_one(f".{part}", Static).content) for box in pilot.app.screen.query(AnswerBox)]
