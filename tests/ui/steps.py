"""What a person does and sees, for the tests of the terminal UI."""

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from textual.pilot import Pilot
from textual.widgets import Static, TextArea
from textual.worker import WorkerFailed

from andraeus_tui.runs import EVALUATION_FILE, EVENTS_FILE, facts_of
from andraeus_tui.ui.table import WindowTable
from schemas.evaluation import Evaluation, Judged, Proof, Question, QuestionGroup, Verdict
from schemas.events import Finished


async def settle(pilot: Pilot[Any]) -> None:
    """Until all work in the background is done and painted."""
    for _ in range(3):
        await pilot.pause()
        try:
            await pilot.app.workers.wait_for_complete()
        except WorkerFailed:
            pass  # what failed is told on the screen
    await pilot.pause()


def shown(pilot: Pilot[Any], selector: str) -> str:
    """The text of a label that can be seen."""
    label = pilot.app.screen.query_one(selector, Static)
    assert label.display, f"{selector} is not shown"
    return str(label.content)


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


def finish_run(folder: Path, wrong: Collection[str] = (), asked: int = 2) -> None:
    """Make a frozen run a finished and examined one, without a model: `wrong` are attributes that it does not recall."""
    (folder / "adapter").mkdir()
    (folder / "adapter" / "adapter_model.safetensors").touch()
    (folder / EVENTS_FILE).write_text(Finished().model_dump_json() + "\n")
    judged = []
    for fact in facts_of(folder):
        verdict = Verdict.WRONG if fact.attribute in wrong else Verdict.RIGHT
        for number in range(asked):
            question = Question(id=f"{fact.id}/{number}", group=QuestionGroup.RECALL, text="?", fact_ids=(fact.id,))
            judged.append(
                Judged(question=question, base="", base_verdict=Verdict.WRONG, tuned="", tuned_verdict=verdict)
            )
    evaluation = Evaluation(
        run=folder.name, model="embedded", preset="default", created="", metrics={}, base_metrics={},
        proof=Proof(passed=True, prompts=0, fact_tokens=0, prompts_sha256=""), judged=tuple(judged), seconds=0,
    )  # fmt: skip
    (folder / EVALUATION_FILE).write_text(evaluation.model_dump_json())


def workers(module: str) -> list[psutil.Process]:
    """Processes of a module that this one started and that are there."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            found += [child] if module in child.cmdline() else []
    return found
