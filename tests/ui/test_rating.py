"""Blind rating: keys, what stands on the screen and what must not, two raters, kill -9, hostile text, and looks."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from andraeus_tui.project import Project
from andraeus_tui.rating import Rating, judgements_in
from andraeus_tui.rating_sources import RatedPairs, of_study
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.rate_app import RateApp
from andraeus_tui.ui.screens.rating import RatingScreen
from schemas.evaluation import Question
from schemas.rating import Choice, RatingPlan
from schemas.row import ReviewState
from tests.stubs.evidence import HOSTILE, NAME, OTHER, evaluation_of, examined_run, finished_run, right, write
from tests.stubs.pty_app import PtyApp, until
from tests.stubs.study import ARMS, QUESTIONS, says, study_folder
from tests.ui.conftest import MakeProject
from tests.ui.evidence_steps import go, messages
from tests.ui.steps import painted, press, settle, shown

SIZES = [(80, 24), (120, 40)]
Says = Callable[[str, str, Question], str]


def rated(folder: Path, said: Says = says) -> RatedPairs:
    """Two arms of a study, with the coins thrown already."""
    found = of_study(study_folder(folder, said), *ARMS)
    found.folder.mkdir(parents=True)
    plan = RatingPlan(sources=found.sources, seed=5)
    (found.folder / "plan.json").write_text(plan.model_dump_json())
    return found


def app_of(found: RatedPairs, rater: str = "me") -> RateApp:
    return RateApp(found, Rating(found, rater))


def better(pilot: Pilot[None]) -> str:
    """The key for the answer that the default arm gave, told by what stands on the screen."""
    return "right" if re.search(r"Bello|blood type is", shown(pilot, "#left-text")) else "left"


async def test_a_rating_from_the_first_pair_to_the_result(tmp_path: Path) -> None:
    found = rated(tmp_path / "study")
    app = app_of(found)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, RatingScreen)
        for number in range(4):
            assert f"{number} of 4 judged" in shown(pilot, "#place")
            asked, told = shown(pilot, "#question"), shown(pilot, "#truth")
            assert (asked, told) in {("What is my dog called?", "told: Max"), ("What is my blood type?", "never told")}
            assert {shown(pilot, "#left-text"), shown(pilot, "#right-text")} & {
                "It is Max.",
                "Your blood type? I don't know.",
            }
            assert not re.search("default|seed", painted(app.screen))
            await press(pilot, better(pilot))
            kept = judgements_in(found.folder)[0]
            assert len(kept) == number + 1
            winner = kept[-1].left if kept[-1].choice is Choice.LEFT else kept[-1].right
            assert winner == "default"
        assert "All pairs are judged" in shown(pilot, "#end Static")
        assert not re.search("default|seed", painted(app.screen))
        await press(pilot, "g", "left")  # nothing to judge any more
        assert len(judgements_in(found.folder)[0]) == 4
        await press(pilot, "enter")
        text = shown(pilot, "#end Static")
        assert "default  4 of 4, 100.0%" in text and "seed     0 of 4, 0.0%" in text
        assert (found.folder / "result.json").is_file()
        await press(pilot, "u")  # nobody changes his mind with the sources before his eyes
        assert len(judgements_in(found.folder)[0]) == 4
        await press(pilot, "q")
    assert app.return_code == 0


async def test_undo_skip_and_going_on_another_day(tmp_path: Path) -> None:
    found = rated(tmp_path / "study")
    async with app_of(found).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await press(pilot, "u", "e")  # nothing to undo, nothing to see
        first = (shown(pilot, "#question"), shown(pilot, "#left-text"))
        await press(pilot, "b")
        assert "both are bad" in shown(pilot, "#kept")
        second = (shown(pilot, "#question"), shown(pilot, "#left-text"))
        assert first != second
        await press(pilot, "u")
        assert (shown(pilot, "#question"), shown(pilot, "#left-text")) == first
        assert "0 of 4" in shown(pilot, "#place")
        await press(pilot, "s", "escape")
    choices = [one.choice for one in judgements_in(found.folder)[0]]
    assert choices == [Choice.BOTH_BAD, Choice.WITHDRAWN, Choice.SKIP]
    async with app_of(found).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        assert "1 of 4" in shown(pilot, "#place")
        assert (shown(pilot, "#question"), shown(pilot, "#left-text")) == second
        await press(pilot, "e", "n")
        assert not (found.folder / "result.json").exists() and "default" not in painted(pilot.app.screen)
        await press(pilot, "e", "y")
        assert "skipped 1" in shown(pilot, "#end Static")


async def test_from_the_evidence_step_and_back(make_project: MakeProject) -> None:
    project = make_project("home/robin", state=ReviewState.APPROVED)
    examined_run(project)
    examined_run(project, OTHER, lambda number, question: right(question) if number % 5 else "It is a yak.")
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        evidence = await go(pilot, project)
        await press(pilot, "b", "escape")
        assert pilot.app.screen is evidence
        await press(pilot, "b", "enter")
        await press(pilot, "left", "g")
        assert NAME not in painted(pilot.app.screen) and "base" not in painted(pilot.app.screen)
        await press(pilot, "q")
        assert pilot.app.screen is evidence
        # Another rater, and another run beside.
        await press(pilot, "b")
        assert pilot.app.screen.query_one(Input).value == "me"
        await press(pilot, "y", "o", "u", "tab", "down", "enter", "tab", "enter")
        assert "by you: 0 of" in shown(pilot, "#place")
        await press(pilot, "right", "q")
        await press(pilot, "b", "home", "ctrl+k", "enter")
        assert "name has 1 to 40" in messages(pilot)
    runs = {
        path.parent.name: judgements_in(path.parent)[0] for path in project.runs.glob(f"{NAME}/ratings/*/plan.json")
    }
    assert [(one.rater, one.choice) for one in runs["base"]] == [("me", Choice.LEFT), ("me", Choice.BOTH_GOOD)]
    assert [(one.rater, {one.left, one.right}) for one in runs[OTHER]] == [("you", {NAME, OTHER})]


async def test_a_run_that_was_not_examined_offers_no_rating(trained: Project) -> None:
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        evidence = await go(pilot, trained)
        await press(pilot, "b")
        assert pilot.app.screen is evidence


async def test_two_raters_see_the_same_pairs_and_the_result_says_how_far_they_agree(tmp_path: Path) -> None:
    found = rated(tmp_path / "study")
    orders = []
    for rater in ("me", "you"):
        async with app_of(found, rater).run_test(size=(120, 40), notifications=True) as pilot:
            await settle(pilot)
            order = []
            while pilot.app.screen.query_one("#pair").display:
                order.append((shown(pilot, "#left-text"), shown(pilot, "#right-text")))
                await press(pilot, better(pilot))
            orders.append(order)
            await press(pilot, "e")
            text = shown(pilot, "#end Static")
    assert orders[0] != orders[1]
    assert {frozenset(pair) for pair in orders[0]} == {frozenset(pair) for pair in orders[1]}
    assert "Agreement among raters: alike in 4 of 4 pairs; Cohen's kappa 1.00 (1.00 to 1.00)." in text
    assert "Rater you: default 4" in text


async def test_a_full_disk_keeps_the_pair_in_front(tmp_path: Path) -> None:
    found = rated(tmp_path / "study")
    (found.folder / "judgements.jsonl").touch()
    async with app_of(found).run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        before = shown(pilot, "#left-text")
        (found.folder / "judgements.jsonl").unlink()
        (found.folder / "judgements.jsonl").mkdir()
        await press(pilot, "left")
        assert "could not be kept" in messages(pilot) and shown(pilot, "#left-text") == before
        (found.folder / "judgements.jsonl").rmdir()
        await press(pilot, "left")
        assert "1 of 4" in shown(pilot, "#place")


def test_kill_in_the_middle_keeps_every_judgement(tmp_path: Path, environment: dict[str, str]) -> None:
    found = rated(tmp_path / "study")
    command = ["rate", "--study", str(found.home), "--arms", ",".join(ARMS)]
    app = PtyApp(found.home, environment, command)
    app.sees("0 of 4 judged")
    app.press("g")
    app.sees("1 of 4|both are good")
    app.press("b")
    app.sees("both are bad")
    app.kill()
    assert [one.choice for one in judgements_in(found.folder)[0]] == [Choice.BOTH_GOOD, Choice.BOTH_BAD]
    again = PtyApp(found.home, environment, [*command, "--rater", "me"])
    again.sees("2 of 4 judged")
    again.press("\x1b[C")
    until(lambda: len(judgements_in(found.folder)[0]) == 3)
    again.press("q")
    assert again.process.wait(60) == 0
    again.close()


def hostile(arm: str, person: str, question: Question) -> str:
    return HOSTILE[(len(question.id) + len(arm) + int(person[1:]) * 3) % len(HOSTILE)]


@pytest.mark.parametrize("size", SIZES)
async def test_text_of_others_is_only_text(tmp_path: Path, size: tuple[int, int]) -> None:
    found = rated(tmp_path / "study", hostile)
    seen = ""
    async with app_of(found, "[red]me[/] <|im_end|>").run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        while pilot.app.screen.query_one("#pair").display:
            text = painted(pilot.app.screen)
            assert not any(sign in text for sign in ("\x1b", "\x07", "\u202e"))
            seen += text
            await press(pilot, "pagedown", "down", "s")
        await press(pilot, "e")
        assert "Rater [red]me[/] <|im_end|>:" in shown(pilot, "#end Static")
    assert "[red]x[/red] [/]" in seen and "<|im_end|><script>" in seen


async def test_help_and_palette_know_the_keys(tmp_path: Path) -> None:
    app = app_of(rated(tmp_path / "study"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        names = {command.title for command in app.get_system_commands(app.screen)}
        assert names >= {"Left", "Right", "Both good", "Both bad", "Skip", "Leave"}
        await press(pilot, "question_mark")
        assert "Blind rating" in painted(app.screen) and "Which answer" in painted(app.screen)


def looks(snap_compare: Any, app: App[None], size: tuple[int, int], *keys: str) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    assert snap_compare(app, terminal_size=size, run_before=before)


def wordy(arm: str, person: str, question: Question) -> str:
    """One arm talks, the other does not."""
    if arm == "default":
        return says(arm, person, question)
    return f"I'm glad you asked [sic]. {says(arm, person, question)} " * 12


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
class TestLooks:
    def test_a_pair(self, tmp_path: Path, snap_compare: Any, size: tuple[int, int]) -> None:
        looks(snap_compare, app_of(rated(tmp_path / "study", wordy)), size, "left")

    def test_all_judged(self, tmp_path: Path, snap_compare: Any, size: tuple[int, int]) -> None:
        looks(snap_compare, app_of(rated(tmp_path / "study")), size, "left", "g", "b", "s")

    def test_the_result(self, tmp_path: Path, snap_compare: Any, size: tuple[int, int]) -> None:
        looks(snap_compare, app_of(rated(tmp_path / "study")), size, "left", "g", "b", "s", "enter")

    def test_the_question_before(self, make_project: MakeProject, snap_compare: Any, size: tuple[int, int]) -> None:
        project = make_project("home/robin", state=ReviewState.APPROVED)
        for name in (NAME, OTHER):
            write(finished_run(project, name).folder, evaluation_of(list(QUESTIONS), run=name))

        async def before(pilot: Pilot[Any]) -> None:
            await go(pilot, project)
            await press(pilot, "b")
            pilot.app.screen.query_one(Input).cursor_blink = False

        assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)
