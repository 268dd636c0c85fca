"""Ratings on the disk and by the command line: kept at once, resumed, undone, counted, and in the reports."""

import json
from pathlib import Path

import pytest

from andraeus_tui.project import Project
from andraeus_tui.rating import Rating, judgements_in, save_result
from andraeus_tui.rating_sources import BASE, RatedPairs, of_run, of_runs, of_study
from andraeus_tui.runs import read_run
from schemas.errors import AndraeusError, InputError
from schemas.rating import Choice, RatingResult
from tests.conftest import Cli
from tests.stubs.evidence import (
    NAME,
    OTHER,
    evaluation_of,
    examined_run,
    finished_run,
    project_with_rows,
    right,
    write,
)
from tests.stubs.study import ARMS, study_folder


@pytest.fixture
def mine(tmp_path: Path) -> Project:
    """A project with two examined runs; the other one is wrong about every fifth question."""
    project = project_with_rows(tmp_path / "robin")
    examined_run(project)
    examined_run(project, OTHER, lambda number, question: right(question) if number % 5 else "It is a yak.")
    return project


@pytest.fixture
def rated(tmp_path: Path) -> RatedPairs:
    return of_study(study_folder(tmp_path / "study"), *ARMS)


def judge_rightly(rating: Rating, wrong: int = 0) -> None:
    """All pairs by what is right, as a person would; the first `wrong` ones the other way round."""
    while rating.current:
        left, right_ = rating.sides
        if left.right is right_.right:
            rating.judge(Choice.BOTH_GOOD if left.right else Choice.BOTH_BAD)
        else:
            rating.judge(Choice.LEFT if left.right is (rating.done >= wrong) else Choice.RIGHT)


def test_arms_of_a_study_are_paired_person_by_person(rated: RatedPairs) -> None:
    assert rated.sources == ("default", "seed")
    assert sorted(pair.question.id for pair in rated.pairs) == ["blood", "blood", "pet", "pet"]
    assert rated.same == 4
    right_ = {said.source: said.right for pair in rated.pairs for said in pair.said}
    assert right_ == {"default": True, "seed": False}
    assert of_study(rated.home, *reversed(ARMS)) == rated


def test_every_judgement_is_on_the_disk_before_the_next_pair(rated: RatedPairs) -> None:
    rating = Rating(rated, "  Robin   V ")
    assert rating.rater == "Robin V"
    seen = []
    for choice in (Choice.LEFT, Choice.SKIP, Choice.BOTH_BAD):
        pair, (left, right_) = rating.current, rating.sides
        assert pair is not None
        rating.judge(choice)
        kept = judgements_in(rated.folder)[0][-1]
        assert (kept.rater, kept.pair, kept.choice) == ("Robin V", pair.id, choice)
        assert (kept.left, kept.right) == (left.source, right_.source)
        seen.append(pair.id)
    assert (rated.folder.stat().st_mode & 0o777, (rated.folder / "judgements.jsonl").stat().st_mode & 0o777) == (
        0o700, 0o600,
    )  # fmt: skip

    again = Rating(rated, "Robin V")
    assert (again.done, again.total) == (3, 4)
    assert again.current == rating.current and again.current is not None and again.current.id not in seen
    # What was taken back is shown again, also what an earlier session judged.
    assert again.undo() and again.current.id == seen[2]
    assert again.undo() and again.current.id == seen[1]
    assert again.sides == Rating(rated, "Robin V").sides
    again.judge(Choice.RIGHT)
    assert again.current.id == seen[2]
    assert Rating(rated, "Robin V").done == 2
    assert not Rating(rated, "somebody else").undo()


def test_a_line_that_a_crash_cut_off_costs_that_line_alone(rated: RatedPairs) -> None:
    path = rated.folder / "judgements.jsonl"
    rating = Rating(rated, "me")
    rating.judge(Choice.LEFT)
    rating.judge(Choice.RIGHT)
    path.write_bytes(path.read_bytes()[:-20])
    again = Rating(rated, "me")
    assert again.done == 1
    again.judge(Choice.BOTH_GOOD)
    assert Rating(rated, "me").done == 2
    found = save_result(rated)
    assert found.rated == 2 and "Lines of judgements that could not be read: 1." in found.notes


def test_what_cannot_be_kept_is_said_and_the_pair_stays(rated: RatedPairs) -> None:
    rating = Rating(rated, "me")
    before = rating.current
    (rated.folder / "judgements.jsonl").mkdir()
    with pytest.raises(AndraeusError, match="could not be kept"):
        rating.judge(Choice.LEFT)
    assert rating.current == before and rating.done == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\x1b[2J", "\u202eabc"])
def test_a_name_that_is_none(rated: RatedPairs, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        Rating(rated, name)


def test_a_share_is_kept_and_can_grow(tmp_path: Path, mine: Project) -> None:
    found = of_run(read_run(mine.runs / NAME))
    few = Rating(found, "me", 0.1)
    assert few.total == -(-len(found.pairs) // 10)
    few.judge(Choice.SKIP)
    assert Rating(found, "you").total == few.total
    more = Rating(found, "me", 0.5)
    assert more.total == -(-len(found.pairs) // 2) and more.done == 1
    assert save_result(found).pairs == more.total


def test_other_answers_are_other_pairs(mine: Project) -> None:
    found = of_run(read_run(mine.runs / NAME))
    judge_rightly(Rating(found, "me"))
    questions = [pair.question for pair in found.pairs]
    write(mine.runs / NAME, evaluation_of(questions, lambda number, one: f"Well: {right(one)}"))
    now = of_run(read_run(mine.runs / NAME))
    assert Rating(now, "me").done == 0
    assert f"Judgements of pairs that are not shown now do not count: {len(found.pairs)}." in save_result(now).notes


def test_the_commands_result(mine: Project, cli: Cli) -> None:
    folder = mine.runs / NAME
    found = of_run(read_run(folder))
    assert cli("rate", "--project", mine.folder, "--result").returncode == 2
    judge_rightly(Rating(found, "me"))
    judge_rightly(Rating(found, "[red]you[/red]"), wrong=6)
    done = cli("rate", "--project", mine.folder, "--run", NAME, "--result", "--output", "json")
    assert done.returncode == 0, done.stderr
    result = RatingResult.model_validate_json(done.stdout)
    assert result == RatingResult.model_validate_json((folder / "ratings/base/result.json").read_bytes())
    assert result.sources == (BASE, NAME) and result.rated == result.pairs == len(found.pairs)
    assert result.second.share > 0.8 and result.p < 0.0001
    assert result.agreement and 0.5 < result.agreement.value < 1 and result.agreement.alike.total == len(found.pairs)
    assert result.scorer and result.scorer.value > result.agreement.value
    assert 0.4 < result.left.share < 0.6  # Sides are drawn: no interval holds one half for all pairs.
    page = (folder / "report.html").read_text("utf-8")
    assert "Blind rating by people" in page and "Rater [red]you[/red]:" in page
    told = cli("rate", "--project", mine.folder, "--run", NAME, "--result")
    assert told.returncode == 0
    assert f"{result.second.hits} of {result.second.total}" in told.stdout and "p < 0.0001" in told.stdout
    assert str(folder / "report.html") in told.stdout


def test_two_runs_are_rated_in_the_later_ones_folder(mine: Project, cli: Cli) -> None:
    one, other = (read_run(mine.runs / name) for name in (OTHER, NAME))
    found = of_runs(one, other)
    assert found == of_runs(other, one) and found.sources == (OTHER, NAME)
    assert found.folder == mine.runs / NAME / "ratings" / OTHER
    Rating(found, "me").judge(Choice.BOTH_BAD)
    done = cli("rate", "--project", mine.folder, "--runs", f"{NAME}, {OTHER}", "--result", "--output", "json")
    assert json.loads(done.stdout)["both_bad"] == 1, done.stderr


def test_a_studys_result_is_in_its_report(rated: RatedPairs, cli: Cli) -> None:
    judge_rightly(Rating(rated, "me"))
    ask = ("rate", "--study", rated.home, "--arms", "seed,default", "--result")
    assert "Report:" not in cli(*ask).stdout
    assert cli("study", "tiers", "--folder", rated.home, "--score-only").returncode == 0
    report = (rated.home / "report.md").read_text("utf-8")
    assert report.index("## Figures") < report.index("## Blind rating by people") < report.index("## Limits")
    judge_rightly(Rating(rated, "<b>you</b>"))
    assert cli(*ask).returncode == 0
    page = (rated.home / "report.html").read_text("utf-8")
    assert "Rater &lt;b&gt;you&lt;/b&gt;: default 4, seed 0" in page and "<b>you" not in page
    assert "Agreement among raters: alike in 4 of 4 pairs; Cohen" in page


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "either --project DIR or --study DIR"),
        (["--project", "robin", "--study", "study"], "either --project DIR or --study DIR"),
        (["--study", "study"], "--arms X,Y go together"),
        (["--study", "study", "--arms", "default"], "two names"),
        (["--study", "study", "--arms", "default,nothing"], "no arm 'nothing'"),
        (["--study", "study", "--arms", "seed,seed"], "against itself"),
        (["--study", "nowhere", "--arms", "default,seed"], "no planned study"),
        (["--study", "study", "--arms", "default,seed"], "needs a terminal"),
        (["--study", "study", "--arms", "default,seed", "--result"], "Nobody has rated"),
        (["--study", "study", "--arms", "default,seed", "--output", "json"], "--output json needs --result"),
        (["--project", "robin", "--runs", f"{NAME},{NAME}"], "against itself"),
        (["--project", "robin", "--runs", f"{NAME},x", "--run", NAME], "not both"),
        (["--project", "robin", "--share", "0"], "share"),
        (["--project", "robin"], "was not examined"),
    ],
)
def test_wrong_use_is_one_sentence(tmp_path: Path, cli: Cli, options: list[str], told: str) -> None:
    finished_run(project_with_rows(tmp_path / "robin"))
    study_folder(tmp_path / "study")
    done = cli("rate", *options)
    assert done.returncode == 2 and told in done.stderr, done.stderr
    assert not list(tmp_path.glob("**/judgements.jsonl"))


def test_damaged_files_are_told(rated: RatedPairs, cli: Cli) -> None:
    Rating(rated, "me")
    (rated.folder / "plan.json").write_text("{")
    with pytest.raises(InputError, match="damaged"):
        Rating(rated, "me")
    (rated.home / "cells/seed/p00/answers.jsonl").write_text("{")
    done = cli("rate", "--study", rated.home, "--arms", "seed,default", "--result")
    assert done.returncode == 2 and "missing or damaged" in done.stderr
