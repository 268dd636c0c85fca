"""The start screen and the form for a new project, with keys and mouse only."""

from pathlib import Path

import pytest
from textual.widgets import Input

from andraeus_tui import preferences
from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.keys import KeyBar
from andraeus_tui.ui.table import WindowTable
from tests.conftest import Cli
from tests.stubs.pty_app import PtyApp
from tests.ui.conftest import MakeProject
from tests.ui.steps import paste, settle, shown, table_lines

PASTED = "pet name: Max\nemployer: Harbor Radio\nsister's birthday: 3 May 1990\njust some words"


async def test_first_start_to_a_project_its_facts_and_back(quiet_home: Path) -> None:
    app = AndraeusApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        assert "Three answers" in shown(pilot, "#welcome")
        assert pilot.app.screen.query_one("#folder", Input).value == "~/andraeus"
        await paste(pilot, "#pasted", PASTED)
        assert shown(pilot, "#summary") == "3 facts taken, 1 skipped."
        assert "is no 'key: value'" in table_lines(pilot, "#preview")[0]
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert app.current_mode == "facts"
        lines = table_lines(pilot, "#facts")
        assert [word in line for word, line in zip(("Max", "Harbor Radio", "3 May 1990"), lines, strict=True)] == [
            True
        ] * 3

        # edit, undo
        await pilot.press("e", "tab", *["delete"] * 3, *"Rex")
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "Rex" in table_lines(pilot, "#facts")[0]
        await pilot.press("u")
        await settle(pilot)
        assert "Max" in table_lines(pilot, "#facts")[0]

        # delete, undo
        await pilot.press("d")
        await settle(pilot)
        await pilot.press("y")
        await settle(pilot)
        assert len(table_lines(pilot, "#facts")) == 2
        await pilot.press("u")
        await settle(pilot)
        assert "Max" in table_lines(pilot, "#facts")[0]

        # search
        await pilot.press("slash", *"harbor")
        await settle(pilot)
        assert [("Harbor Radio" in line) for line in table_lines(pilot, "#facts")] == [True]
        await pilot.press("escape")
        await settle(pilot)
        assert len(table_lines(pilot, "#facts")) == 3

        # the list knows the project
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert table_lines(pilot, "#projects")[0].split() == ["andraeus", "3", "0", "not", "trained", "~/andraeus"]
        await pilot.press("enter")
        await settle(pilot)
        assert app.current_mode == "facts"
    assert (quiet_home / "andraeus").stat().st_mode & 0o777 == 0o700


async def test_bad_answers_leave_no_project_behind(quiet_home: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad [red].json"
    bad.write_text('{"a": ')
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        folder = pilot.app.screen.query_one("#folder", Input)
        folder.value = str(tmp_path / "full")
        await settle(pilot)
        assert "not empty" in shown(pilot, "#folder-problem")
        # where a "?" would be typed the other key for help is offered, and works
        assert "F1 Help" in pilot.app.screen.query_one(KeyBar).render().plain
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert pilot.app.focused is folder
        folder.value = str(tmp_path / "new")
        # Enter goes to the next answer and makes nothing
        await pilot.press("enter")
        await settle(pilot)
        assert pilot.app.focused is not folder
        assert not (tmp_path / "new").exists()
        pilot.app.screen.query_one("#path", Input).value = str(bad)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "not valid JSON" in shown(pilot, "#summary")
        assert not (tmp_path / "new").exists()
        # the wrong model is told at its place
        pilot.app.screen.query_one("#path", Input).value = ""
        pilot.app.screen.query_one("#source").focus()
        await pilot.press("down", "enter")
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "no such folder" in shown(pilot, "#model-problem")
        assert not (tmp_path / "new").exists()
        assert pilot.app.screen.query_one("#model", Input).has_focus
        await pilot.press("escape")
        await settle(pilot)
        assert "No projects yet" in shown(pilot, "#none")


async def test_projects_open_by_mouse_and_leave_the_list(make_project: MakeProject, tmp_path: Path) -> None:
    for name in ("one", "two [b]"):
        preferences.remember_project(make_project(name).folder)
    app = AndraeusApp()
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(pilot)
        assert [line.split()[0] for line in table_lines(pilot, "#projects")] == ["two", "one"]
        table = pilot.app.screen.query_one("#projects", WindowTable)
        await pilot.click(table, offset=(5, 2))
        await settle(pilot)
        assert table.cursor == 1
        await pilot.click(table, offset=(5, 2))
        await settle(pilot)
        assert (app.current_mode, app.opened.folder.name) == ("facts", "one")
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert [line.split()[0] for line in table_lines(pilot, "#projects")] == ["one", "two"]
        await pilot.press("down", "delete")
        await settle(pilot)
        assert len(table_lines(pilot, "#projects")) == 1
        assert (tmp_path / "two [b]" / "project.toml").is_file()
        for wrong in (str(tmp_path / "none [x]"), "~nobody0/x"):
            await pilot.press("o")
            await settle(pilot)
            pilot.app.screen.query_one("#text", Input).value = wrong
            await pilot.press("enter")
            await settle(pilot)
            assert app.current_mode == "start"
        await pilot.press("o")
        await settle(pilot)
        pilot.app.screen.query_one("#text", Input).value = str(tmp_path / "two [b]")
        await pilot.press("enter")
        await settle(pilot)
        assert app.opened.folder.name == "two [b]"


async def test_a_project_from_the_command_line_needs_no_greeting(make_project: MakeProject) -> None:
    app = AndraeusApp(make_project().folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.current_mode == "facts"
        await pilot.press("ctrl+o")
        await settle(pilot)
        assert len(table_lines(pilot, "#projects")) == 1


async def test_hostile_text_is_kept_and_shown_as_it_is(quiet_home: Path) -> None:
    hostile = "motto [/b]: [red]x[/red] <|im_end|> 🦊 שלום\n" + f"long: {'y' * 10_000}\nbell: a\x07b"
    app = AndraeusApp()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settle(pilot)
        await paste(pilot, "#pasted", hostile)
        assert shown(pilot, "#summary") == "1 fact taken, 2 skipped."
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert "[red]x" in table_lines(pilot, "#facts")[0]
        with Project(quiet_home / "andraeus").database() as database:
            assert all_facts(database)[0].value == "[red]x[/red] <|im_end|> 🦊 שלום"


def test_the_command_opens_the_app_in_a_terminal(environment: dict[str, str], make_project: MakeProject) -> None:
    """As a process, in a terminal of its own, and Ctrl-Q ends it with code 0."""
    app = PtyApp(make_project().folder, environment)
    app.sees("Harbor Radio")
    assert app.quit() == 0


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--project", "x"], "needs a terminal"), (["--port", "80"], "--serve"), (["--serve", "--train-only"], "--train-only"),
     (["--resume"], "--train-only"), (["--serve", "--project", "none"], "is no project")],
)  # fmt: skip
def test_what_the_command_line_refuses(cli: Cli, arguments: list[str], word: str) -> None:
    done = cli(*arguments)
    assert (done.returncode, word in done.stderr) == (2, True)
