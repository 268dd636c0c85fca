"""What the evidence step sets to work: examinations, and more rows for what failed. Nothing of it outlives the app."""

from pathlib import Path

import psutil
import pytest
from textual.widgets import Static, TabbedContent

from andraeus_tui.project import Project
from andraeus_tui.runs import latest_finished
from andraeus_tui.store.rows import all_rows
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.review_pane import ReviewPane
from schemas.row import ReviewState, Split
from tests.andraeus_tui.trainable import trainable
from tests.conftest import Cli
from tests.patience import PATIENCE
from tests.stubs.evidence import examined_run
from tests.ui.conftest import MakeProject
from tests.ui.evidence_steps import go, messages
from tests.ui.steps import press, settle, shown, until, workers


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    return make_project("home/robin", state=ReviewState.APPROVED)


@pytest.mark.parametrize("answer", ["n", "y"], ids=["later", "review now"])
async def test_more_rows_for_what_failed(project: Project, answer: str) -> None:
    examined_run(project)
    with project.database() as database:
        before, before_train = len(all_rows(database)), len(all_rows(database, Split.TRAIN))
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, project)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(pilot.app.screen, Confirm))
        await settle(pilot)
        question = str(pilot.app.screen.query_one(".dialog Static", Static).content)
        with project.database() as database:
            rows = all_rows(database)
        assert question.startswith(f"{len(rows) - before} new rows for ")
        assert sum(row.state is ReviewState.PENDING for row in rows) == len(rows) - before > 0
        await press(pilot, answer)
        assert pilot.app.current_mode == ("review" if answer == "y" else "evidence")
        if answer == "y":
            assert f"{before_train:,} of " in shown(pilot, "#progress")
            row = pilot.app.screen.query_one(ReviewPane).present
            assert row is not None
            assert row.state is ReviewState.PENDING, "the cursor stands on the first that waits"


async def test_a_real_examination_stopped_and_done(
    cli: Cli, tiny_model: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDRAEUS_CACHE", str(cache))
    project = trainable(tmp_path / "tiny", tiny_model, epochs=1, facts={"pet_name": "Max", "city": "Lisbon"})
    assert cli("--train-only", "--project", project.folder).returncode == 0
    run = latest_finished(project.runs).folder
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        screen = await go(pilot, project)
        await pilot.press("s")
        await until(pilot, lambda: "x stops" in str(screen.query_one("#progress", Static).content))
        await pilot.press("x", "x")
        await until(pilot, lambda: not screen.query_one("#progress").display)
        assert "Stopped" in messages(pilot)
        assert not (run / "eval.json").exists()

        lines: set[str] = set()
        await pilot.press("s")
        await until(pilot, lambda: screen.query_one("#progress").display)

        def over() -> bool:
            lines.add(str(screen.query_one("#progress", Static).content))
            return not screen.query_one("#progress").display

        await until(pilot, over)
        await settle(pilot)
        assert any("x stops" in line for line in lines)
        assert "Examined in" in messages(pilot)
        assert screen.query_one(TabbedContent).display
        assert (run / "report.html").is_file()

        await press(pilot, "s")
        assert "Do it again?" in str(pilot.app.screen.query_one(".dialog Static", Static).content)
        await press(pilot, "n")
        assert not screen.query_one("#progress").display
        # Whoever leaves the app in the middle leaves no worker behind.
        await press(pilot, "s")
        await pilot.press("y")
        await until(pilot, lambda: bool(workers("trainers")))
        assert screen.query_one("#progress").display
        left = workers("trainers")
    assert psutil.wait_procs(left, timeout=PATIENCE)[1] == []
    assert (run / "eval.json").is_file(), "the evidence that was there stays"
