"""What a person does at the Chat step, and what stands there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Static

from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.question_line import QuestionLine
from andraeus_tui.ui.screens.chat import ChatScreen
from andraeus_tui.ui.turn_box import AnswerBox
from schemas.events import Finished
from tests.ui.steps import settle


def finish(project: Project, name: str) -> Path:
    """A run that looks trained."""
    folder = freeze_run(project, project.runs).rename(project.runs / name)
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_model.safetensors").touch()
    (folder / "events.jsonl").write_text(Finished().model_dump_json() + "\n")
    return folder


async def go(pilot: Pilot[None], project: Project) -> ChatScreen:
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    app.open_project(project.folder, "chat")
    await settle(pilot)
    assert isinstance(app.screen, ChatScreen)
    return app.screen


async def until(pilot: Pilot[Any], true: Callable[[], object], seconds: float = 20) -> None:
    for _ in range(int(seconds / 0.05)):
        if true():
            await pilot.pause(0.12)
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not come")


async def ask(pilot: Pilot[Any], text: str) -> None:
    line = pilot.app.screen.query_one(QuestionLine)
    line.focus()
    line.value = text
    await pilot.press("enter")
    await pilot.pause()


def texts(pilot: Pilot[Any], part: str = "text") -> list[str]:
    return [str(box.query_one(f".{part}", Static).content) for box in pilot.app.screen.query(AnswerBox)]
