"""What a person does and sees, for the tests of the terminal UI."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static, TextArea
from textual.worker import WorkerFailed

from andraeus_tui.project import Project
from andraeus_tui.ui.table import WindowTable
from tests.patience import PATIENCE


async def settle(pilot: Pilot[Any]) -> None:
    """Until all work in the background is done and painted."""
    for _ in range(3):
        await pilot.pause()
        try:
            await pilot.app.workers.wait_for_complete()
        except WorkerFailed:
            pass  # what failed is told on the screen
    await pilot.pause()


async def until(pilot: Pilot[Any], happened: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait for something that a worker process brings about."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        await pilot.pause(0.05)


async def still(pilot: Pilot[Any]) -> None:
    """Until nothing on the screen changes any more, for a picture of it."""
    await settle(pilot)
    before, same = "", 0
    end = time.monotonic() + PATIENCE
    while same < 3:
        assert time.monotonic() < end, "the screen does not come to rest"
        await pilot.pause(0.1)
        now = pilot.app.export_screenshot()
        before, same = now, same + 1 if now == before else 0


def shown(pilot: Pilot[Any], selector: str) -> str:
    """The text of a label that can be seen."""
    label = pilot.app.screen.query_one(selector, Static)
    assert label.display, f"{selector} is not shown"
    return str(label.content)


def painted(screen: Screen[Any]) -> str:
    """All that stands on the screen."""
    return "\n".join(strip.text for strip in screen._compositor.render_strips())


def table_lines(pilot: Pilot[Any], selector: str) -> list[str]:
    """The rows of a table as they stand on the screen, without the head."""
    table = pilot.app.screen.query_one(selector, WindowTable)
    height = min(table.row_count, max(0, table.size.height - 1))
    return [table.render_line(y + 1).text[1:].rstrip() for y in range(height)]


async def paste(pilot: Pilot[Any], selector: str, text: str) -> None:
    """Put text into a field and wait until it has been read."""
    pilot.app.screen.query_one(selector, TextArea).text = text
    await pilot.pause(0.3)
    await settle(pilot)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Keys, a space for " ", and wait for what they begin."""
    names = {" ": "space", "/": "slash", "[": "left_square_bracket", "]": "right_square_bracket"}
    await pilot.press(*(names.get(key, key) for key in keys))
    await settle(pilot)


def add_settings(project: Project, text: str) -> Project:
    """The project with more in its settings."""
    with (project.folder / "project.toml").open("a") as file:
        file.write(text)
    return Project(project.folder)


def workers(module: str) -> list[psutil.Process]:
    """Processes of a module that this one started and that are there."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            found += [child] if module in child.cmdline() else []
    return found
