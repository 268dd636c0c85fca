"""An examination at work: followed, stopped, refused, and what it leaves in the run's folder."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from andraeus_tui.answering import pick_run
from andraeus_tui.examination import Examination, Position, fold
from andraeus_tui.examining import evaluation_of, examine, write_report
from andraeus_tui.project import Project, change_setting
from andraeus_tui.runs import RunState, latest_finished, lock
from andraeus_tui.ui.examination_bar import progress_line
from schemas.errors import AndraeusError, Cancelled, InputError
from schemas.evaluation import Evaluation
from schemas.events import Log, Progress, Stage
from schemas.settings import Caution
from tests.conftest import Cli
from tests.stubs.evidence import OTHER, examined_run, finished_run, project_with_rows
from tests.stubs.evidence import evaluation_of as made


@pytest.fixture
def plain(tmp_path: Path) -> Project:
    return project_with_rows(tmp_path / "plain")


def test_a_real_one_and_a_stopped_one(cli: Cli, trained: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANDRAEUS_CACHE", str(cache))
    opened = Project(trained)
    run = latest_finished(opened.runs)

    held = lock(run.folder / "examination.lock")
    assert held is not None
    with pytest.raises(AndraeusError, match="examined already"):
        examine(opened, run)
    os.close(held)

    stopped = Examination(opened, run)
    thread = threading.Thread(target=stopped.work)
    thread.start()
    stopped.stop()
    stopped.stop()
    thread.join(60)
    assert isinstance(stopped.outcome, Cancelled)
    assert stopped.stopping
    assert not (run.folder / "eval.json").exists()

    seen: list[Position] = []
    whole = Examination(opened, run)
    thread = threading.Thread(target=whole.work)
    thread.start()
    while thread.is_alive():
        seen.append(whole.position)
        time.sleep(0.01)
    assert isinstance(whole.outcome, Evaluation)
    assert whole.outcome == evaluation_of(run.folder)
    assert whole.outcome.versions.keys() == {"andraeus", "torch", "transformers", "peft"}
    report = run.folder / "report.html"
    assert run.name in report.read_text("utf-8")
    assert report.stat().st_mode & 0o777 == 0o600
    assert max(position.done for position in seen) == len(whole.outcome.judged)
    assert "Writing the report" in {position.text for position in seen}

    report.unlink()
    done = cli("evaluate", "--project", trained)
    assert done.returncode == 0
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("Report: ")]
    assert Path(line.removeprefix("Report: ")) == report
    assert "</html>" in report.read_text("utf-8")
    assert "set to be" not in done.stdout

    change_setting(opened, "answers", "caution", "careful")
    careful = cli("evaluate", "--project", trained)
    assert "It was set to be careful (answers.caution)." in careful.stdout
    assert (found := evaluation_of(run.folder)) and found.caution is Caution.CAREFUL


def test_fold() -> None:
    position = Position()
    for event in (Stage(name="answer_base", text="The base model answers"), Log(message="x"),
                  Progress(stage="answer_base", done=3, total=9)):  # fmt: skip
        position = fold(position, event)
    assert position == Position("The base model answers", 3, 9)
    assert fold(position, Stage(name="report", text="Writing the report")) == Position("Writing the report")


def test_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("andraeus_tui.examination.time.monotonic", lambda: clock)
    position = fold(Position(), Stage(name="answer_tuned", text="The trained model answers"))
    assert position.seconds_left is None
    assert "left" not in progress_line(position, stopping=False)
    position = fold(position, Progress(stage="answer_tuned", done=0, total=448))
    assert position.seconds_left is None
    position = fold(position, Progress(stage="answer_tuned", done=32, total=448))
    clock = 105.0
    assert position.seconds_left == pytest.approx(65.0)
    line = progress_line(position, stopping=False)
    assert "32 of 448, about 65 s left   x stops" in line
    assert len(line) <= 80


def test_which_run(plain: Project) -> None:
    with pytest.raises(InputError, match="no trained model yet"):
        pick_run(plain, None)
    run = finished_run(plain)
    assert pick_run(plain, None).state is RunState.FINISHED
    assert pick_run(plain, run.name).name == run.name
    for name in ("../plain", "nothing", "a/b"):
        with pytest.raises(InputError, match="There is no run"):
            pick_run(plain, name)
    (run.folder / "events.jsonl").unlink()
    with pytest.raises(InputError, match="interrupted"):
        pick_run(plain, run.name)


def test_evidence_that_is_missing_or_damaged(plain: Project) -> None:
    run, evaluation = examined_run(plain)
    assert evaluation_of(run.folder) == evaluation
    (run.folder / "eval.json").write_text(evaluation.model_dump_json()[:-20])
    with pytest.raises(InputError, match="damaged"):
        evaluation_of(run.folder)
    (run.folder / "eval.json").unlink()
    assert evaluation_of(run.folder) is None


def test_evidence_of_an_older_version_is_read(plain: Project) -> None:
    run, evaluation = examined_run(plain)
    (run.folder / "eval.json").write_text(evaluation.model_dump_json(exclude={"versions"}))
    found = evaluation_of(run.folder)
    assert found == evaluation.model_copy(update={"versions": {}})


def test_a_report_that_cannot_be_written_says_so_and_quotes_nothing(
    plain: Project, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANDRAEUS_CACHE", str(cache))
    run = finished_run(plain, OTHER)
    (run.folder / "eval.json").write_text('{"secret": "Tallinn"}')
    with pytest.raises(AndraeusError, match="could not be written") as caught:
        write_report(run.folder)
    assert "Tallinn" not in str(caught.value)
    assert not (run.folder / "report.html").exists()
    (run.folder / "eval.json").write_text(made([], run=OTHER).model_dump_json())
    assert write_report(run.folder).is_file()


def test_looking_and_examining_load_no_plots_and_no_models() -> None:
    names = ("matplotlib", "jinja2", "torch", "transformers")
    code = f"import sys, andraeus_tui.ui.screens.evidence; print([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
