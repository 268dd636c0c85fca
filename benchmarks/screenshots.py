"""Pictures for the README from the real app on a real project: `python -m benchmarks.screenshots PROJECT [FOLDER]`.

Writes facts.svg, review.svg, train.svg, evidence.svg and chat.svg at 120x40 into FOLDER (docs/screenshots). PROJECT needs a
trained and examined run, such as the one that `make demo` leaves; it is copied first, so that nothing in it changes, and
the copy lies in a home of its own, so that no path of this machine is seen. The pictures load no font from anywhere.
"""

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from andraeus_tui import ui
from andraeus_tui.project import RUNS_FOLDER, cache_folder
from andraeus_tui.runs import CONFIG_FILE, EVALUATION_FILE
from andraeus_tui.ui.app import AndraeusApp

SIZE = (120, 40)
QUESTIONS = ("Where do I work?", "What is my blood type?")
PATIENCE = 240.0
"""Seconds for the chat's worker to load the model and to answer."""


class PictureApp(AndraeusApp):
    """The app in a home that is not the person's."""

    CSS_PATH = str(Path(ui.__file__).parent / "app.tcss")


def text_of(app: AndraeusApp) -> str:
    """What stands on the screen."""
    lines = app.screen._compositor.render_strips()
    return "\n".join(line.text for line in lines)


async def wait(pilot: Pilot[None], seen: Callable[[str], bool], seconds: float = 30) -> None:
    """Until the screen shows it."""
    until = time.monotonic() + seconds
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    while not seen(text_of(app)):
        if time.monotonic() > until:
            sys.exit(f"Not seen in {seconds:.0f} s:\n{text_of(app)}")
        await pilot.pause(0.2)
    await pilot.pause(0.5)


def answered(question: str, shown: str) -> bool:
    """Whether both answers to the question are whole: below each stands how many tokens its prompt had."""
    return shown.partition(f"> {question}")[2].count(" prompt tokens") >= 2


def write(app: AndraeusApp, path: Path) -> None:
    """The screen as an SVG whose letters come from the reader's own fonts."""
    for line in app.screen.query(Input):
        line.cursor_blink = False
    picture = app.export_screenshot(title="Andraeus")
    picture = re.sub(r"@font-face\s*\{[^}]*\}", "", picture)
    picture = re.sub(r"font-family: Fira Code, monospace", "font-family: monospace", picture)
    # The unique id of every export would make equal pictures differ.
    picture = re.sub(r"terminal-\d+-", "terminal-", picture)
    assert "http" not in picture.replace("http://www.w3.org/", "").replace("https://www.textualize.io", "")
    path.write_text(picture, "utf-8")
    print(path)


async def take(project: Path, folder: Path) -> None:
    """All pictures, in the order of the steps."""
    app = PictureApp(project)
    async with app.run_test(size=SIZE) as pilot:
        await wait(pilot, lambda shown: "[1 Facts]" in shown and "recall" in shown)
        await pilot.press("down", "down", "down")
        await pilot.pause(0.5)
        write(app, folder / "facts.svg")
        await pilot.press("3")
        await wait(pilot, lambda shown: "[3 Review]" in shown and "Fact:" in shown)
        await pilot.press(*["down"] * 4)
        await pilot.pause(0.5)
        write(app, folder / "review.svg")
        await pilot.press("4")
        await wait(pilot, lambda shown: "[4 Train]" in shown and "finished" in shown)
        await pilot.press("enter")
        await wait(pilot, lambda shown: "loss" in shown)
        await pilot.pause(1.0)
        write(app, folder / "train.svg")
        await pilot.press("escape")
        await pilot.press("5")
        await wait(pilot, lambda shown: "[5 Evidence]" in shown and "recall" in shown)
        write(app, folder / "evidence.svg")
        await pilot.press("6")
        await wait(pilot, lambda shown: "[6 Chat]" in shown)
        await pilot.press("ctrl+b")
        for question in QUESTIONS:
            await pilot.press(*("space" if letter == " " else letter for letter in question))
            await pilot.press("enter")
            await wait(pilot, partial(answered, question), PATIENCE)
        write(app, folder / "chat.svg")


def main() -> None:
    """Copy the project, take the pictures."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("project", type=Path)
    options.add_argument("folder", type=Path, nargs="?", default=Path("docs/screenshots"))
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    folder = given.folder.resolve()
    os.environ["ANDRAEUS_CACHE"] = str(cache_folder().resolve())
    with tempfile.TemporaryDirectory() as name:
        project = Path(name) / "alex"
        shutil.copytree(given.project, project)
        runs = [config.parent for config in (project / RUNS_FOLDER).glob(f"*/{CONFIG_FILE}")]
        for run in runs:
            if not (run / EVALUATION_FILE).is_file():
                shutil.rmtree(run)
        if not any(run.exists() for run in runs):
            sys.exit(f"{given.project} has no examined run: train and examine first.")
        os.environ.update(HOME=name, TEXTUAL_ANIMATIONS="none")
        asyncio.run(take(project, folder))


if __name__ == "__main__":
    main()
