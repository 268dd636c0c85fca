"""Settings: what is typed is checked at once, saved when it is valid, and never otherwise."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static, Switch, TextArea

from andraeus_tui import preferences
from andraeus_tui.project import Project
from andraeus_tui.settings_form import all_settings
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.setting_field import SettingField
from schemas.row import ReviewState
from tests.ui.conftest import MakeProject

SIZES = [(80, 24), (120, 40)]


async def go(pilot: Pilot[None], project: Project) -> AndraeusApp:
    """Open the project at its settings."""
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    app.open_project(project.folder, "settings")
    await pilot.pause()
    await pilot.pause()
    assert app.current_mode == "settings"
    return app


def field(app: AndraeusApp, name: str) -> SettingField:
    return app.screen.query_one(f"#{name.replace('.', '-')}", SettingField)


def words(app: AndraeusApp, name: str, part: str) -> str:
    if part == "problem":
        return str(field(app, name).query_one(".help", Static).content).partition("\n")[2]
    return str(field(app, name).query_one(f".{part}", Static).content)


def file_of(project: Project) -> str:
    return (project.folder / "project.toml").read_text("utf-8")


async def test_every_setting_can_be_reached_and_fits(make_project: MakeProject) -> None:
    project = make_project()
    for size in SIZES:
        async with AndraeusApp().run_test(size=size) as pilot:
            app = await go(pilot, project)
            reached = set()
            for _ in range(len(all_settings())):
                await pilot.press("tab")
                assert app.focused is not None
                assert app.focused.region.right <= size[0]
                reached |= {node.id for node in app.focused.ancestors if isinstance(node, SettingField)}
            assert reached == {f"{setting.section}-{setting.key}" for setting in all_settings()}


async def test_invalid_is_told_while_typing_and_never_saved(make_project: MakeProject) -> None:
    project = make_project()
    before = file_of(project)
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        app = await go(pilot, project)
        box = field(app, "generation.variations").query_one(Input)
        box.focus()
        await pilot.press("0")
        assert words(app, "generation.variations", "problem") == "Not saved: must be at least 1."
        await pilot.press("backspace", "3", "0", "0")
        assert words(app, "generation.variations", "problem") == "Not saved: must be at most 200."
        assert words(app, "generation.variations", "state") == "not valid"
        await pilot.press("enter", "tab", "escape")
        assert file_of(project) == before
        assert box.value == "300"
        box.focus()
        await pilot.press("end", "backspace")
        assert words(app, "generation.variations", "problem") == ""
        assert words(app, "generation.variations", "state") == "not saved"
        await pilot.press("enter")
        await pilot.pause()
        assert words(app, "generation.variations", "state") == "set (reset)"
    assert "variations = 30" in file_of(project)
    assert Project(project.folder).settings.generation.variations == 30


async def test_the_passes_are_those_of_the_rows_that_would_train(make_project: MakeProject) -> None:
    project = make_project(state=ReviewState.APPROVED)
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        assert field(app, "recipe.epochs").query_one(Input).placeholder == "8", "few rows are passed over more often"


async def test_leaving_the_field_and_leaving_the_step_save(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        box = field(app, "recipe.epochs").query_one(Input)
        assert box.placeholder == "1"
        assert words(app, "recipe.epochs", "state") == "preset"
        box.focus()
        await pilot.press("3", "tab")
        await pilot.pause()
        assert Project(project.folder).settings.recipe.epochs == 3
        field(app, "model.system_prompt").query_one(TextArea).focus()
        await pilot.press(*"Be", "enter", *"kind")
        await app.run_action("step('start')")
        await pilot.pause()
        assert Project(project.folder).settings.model.system_prompt == "Be\nkind"
        field_after = Project(project.folder).settings.recipe.epochs
    assert field_after == 3


async def test_what_is_typed_is_not_lost_by_quitting(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        field(app, "recipe.rank").query_one(Input).focus()
        await pilot.press("8", "ctrl+q")
    assert Project(project.folder).settings.recipe.rank == 8


async def test_reset_and_escape(make_project: MakeProject) -> None:
    project = make_project()
    path = project.folder / "project.toml"
    path.write_text("# mine\n" + file_of(project) + "[recipe]\nepochs = 3 # few\nseed = 5\n", "utf-8")
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        box = field(app, "recipe.epochs").query_one(Input)
        box.focus()
        await pilot.press("9", "escape")
        assert box.value == "3"
        assert app.focused is box
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert (box.value, box.placeholder) == ("", "1")
        assert Project(project.folder).settings.recipe.epochs is None
        assert file_of(project).startswith("# mine\n")
        await pilot.press("escape")
        assert app.focused is app.screen.query_one("#form")
        field(app, "recipe.seed").scroll_visible(animate=False, immediate=True)
        await pilot.pause()
        assert await pilot.click("#recipe-seed .state")
        await pilot.pause()
        assert Project(project.folder).settings.recipe.seed == 0
        assert words(app, "recipe.seed", "state") == "default"


async def test_preset_changes_what_stands_in(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        stop = field(app, "recipe.early_stop").query_one(Switch)
        assert stop.value is True
        assert words(app, "recipe.early_stop", "state") == "yes, preset"
        choice = field(app, "recipe.preset").query_one(Select)
        choice.focus()
        await pilot.press("enter", "down", "enter")
        await pilot.pause()
        assert Project(project.folder).settings.recipe.preset == "seed"
        assert field(app, "recipe.rank").query_one(Input).placeholder == "64"
        assert stop.value is False
        assert Project(project.folder).settings.recipe.early_stop is None
        stop.focus()
        await pilot.press("space")
        await pilot.pause()
        assert Project(project.folder).settings.recipe.early_stop is True
        assert words(app, "recipe.early_stop", "state") == "yes, set (reset)"


async def test_wordings_come_with_the_preset(make_project: MakeProject) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        app = await go(pilot, project)
        box = field(app, "generation.variations").query_one(Input)
        assert (box.value, box.placeholder, words(app, "generation.variations", "state")) == ("", "120", "default")
        choice = field(app, "recipe.preset").query_one(Select)
        choice.focus()
        await pilot.press("enter", "down", "down", "enter")
        await pilot.pause()
        assert Project(project.folder).settings.recipe.preset == "thorough"
        assert (box.value, box.placeholder, words(app, "generation.variations", "state")) == ("", "200", "default")
        assert "variations" not in file_of(project)
        box.focus()
        await pilot.press("6", "0", "enter")
        await pilot.pause()
        assert Project(project.folder).settings.generation.variations == 60
        assert words(app, "generation.variations", "state") == "set (reset)"


async def test_a_file_changed_outside_is_shown_and_a_broken_one_told(make_project: MakeProject) -> None:
    project = make_project()
    path = project.folder / "project.toml"
    async with AndraeusApp().run_test(size=(120, 40), notifications=True) as pilot:
        app = await go(pilot, project)
        await app.run_action("step('start')")
        await pilot.pause()
        path.write_text(file_of(project) + "[generation]\nvariations = 7\n", "utf-8")
        await app.run_action("step('settings')")
        await pilot.pause()
        box = field(app, "generation.variations").query_one(Input)
        assert box.value == "7"
        path.write_text("[generation]\nvariations = [red]\n", "utf-8")
        box.focus()
        await pilot.press("end", "1", "enter")
        await pilot.pause()
        assert box.value == "71"
        assert any("project.toml" in note.message for note in app._notifications)
    assert path.read_text("utf-8") == "[generation]\nvariations = [red]\n"


@pytest.mark.parametrize("text", ["[/red] [b]x", "<|im_end|>", "\u202eabc \U0001f600", "x" * 10_000])
async def test_hostile_text(make_project: MakeProject, text: str) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        app = await go(pilot, project)
        box = field(app, "model.name").query_one(Input)
        box.focus()
        box.value = text
        await pilot.press("enter")
        field(app, "model.system_prompt").query_one(TextArea).text = text + "x"
        await pilot.press("tab")
        field(app, "model.system_prompt").query_one(TextArea).focus()
        await pilot.press("tab")
        await pilot.pause()
        kept = Project(project.folder).settings.model
        assert kept.name == text
        assert kept.system_prompt == ("" if len(text) == 10_000 else text + "x")


async def test_theme_is_previewed_kept_and_put_back(make_project: MakeProject, quiet_home: Path) -> None:
    project = make_project()
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        app = await go(pilot, project)
        before = app.theme
        themes = app.screen.query_one("#themes", OptionList)
        themes.focus()
        await pilot.press("home", "down")
        await pilot.pause()
        looked_at = app.theme
        assert looked_at != before
        assert preferences.load().theme == before
        await pilot.press("escape")
        await pilot.pause()
        assert app.theme == before
        themes.focus()
        await pilot.press("home", "down", "enter", "escape")
        await pilot.pause()
        assert app.theme == preferences.load().theme == looked_at
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert pilot.app.theme == looked_at


def three_epochs(make_project: MakeProject) -> Project:
    """A project with one setting of its own."""
    project = make_project("home/robin")
    path = project.folder / "project.toml"
    path.write_text('[model]\nname = "embedded"\n\n[recipe]\nepochs = 3\n', "utf-8")
    return project


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks(make_project: MakeProject, snap_compare: object, size: tuple[int, int]) -> None:
    project = three_epochs(make_project)

    async def before(pilot: Pilot[None]) -> None:
        app = await go(pilot, project)
        box = field(app, "generation.variations").query_one(Input)
        box.cursor_blink = False
        box.focus()
        await pilot.press("9", "9", "9")

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
def test_looks_of_the_recipe(make_project: MakeProject, snap_compare: object, size: tuple[int, int]) -> None:
    project = three_epochs(make_project)

    async def before(pilot: Pilot[None]) -> None:
        app = await go(pilot, project)
        field(app, "recipe.rank").scroll_visible(animate=False, immediate=True, top=True)
        await pilot.pause()

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)  # type: ignore[operator]
