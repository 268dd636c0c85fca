"""rate: blind rating of answers by people, and its result."""

import sys
from pathlib import Path

from andraeus_tui.answering import pick_run
from andraeus_tui.commands.show import document, line
from andraeus_tui.examining import REPORT_FILE, report_of
from andraeus_tui.project import Project
from andraeus_tui.rating import RESULT_FILE, Rating, save_result
from andraeus_tui.rating_sources import RatedPairs, of_run, of_runs, of_study
from andraeus_tui.runs import EVALUATION_FILE
from andraeus_tui.study.scoring import RESULTS_FILE
from andraeus_tui.study.scoring import write_report as write_study_report
from evaluators.rating_words import result_lines
from schemas.errors import ExitCode, InputError


def pairs_of_project(folder: Path, run_name: str | None, runs: tuple[str, str] | None) -> RatedPairs:
    """Two runs, or one and the base model."""
    project = Project(folder)
    if runs:
        return of_runs(*(pick_run(project, name) for name in runs))
    return of_run(pick_run(project, run_name))


def pairs_of_study(folder: Path, arms: tuple[str, str]) -> RatedPairs:
    """Two arms."""
    return of_study(folder, *arms)


def rate_pairs(rated: RatedPairs, rater: str, share: float | None) -> int:
    """Rate in this terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("Rating needs a terminal.", "Give --result to see what was found.")
    rating = Rating(rated, rater, share)
    from andraeus_tui.ui.rate_app import run

    return run(rated, rating)


def show_result(rated: RatedPairs, output: str) -> int:
    """Print the result of all raters, keep it beside their judgements and bring the report up to date."""
    result = save_result(rated)
    report = _report(rated.home)
    if output == "json":
        document(result.model_dump(mode="json"))
        return int(ExitCode.DONE)
    for text in result_lines(result):
        line(text)
    line(f"Saved: {rated.folder / RESULT_FILE}")
    if report:
        line(f"Report: {report}")
    return int(ExitCode.DONE)


def _report(home: Path) -> Path | None:
    """The report of a run, or of a study that was scored."""
    if (home / EVALUATION_FILE).is_file():
        return report_of(home)
    if (home / RESULTS_FILE).is_file():
        write_study_report(home)
        return home / REPORT_FILE
    return None
