"""What works on every step: help, palette, themes, the bar, copying, and screens that reflow."""

from io import StringIO

import pytest
from rich.console import Console
from textual.actions import parse
from textual.app import SystemCommand
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static
from textual.widgets._key_panel import BindingsTable

from andraeus_tui import preferences
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.bar import STEPS
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.help import Help
from andraeus_tui.ui.keys import KeyBar
from schemas.row import ReviewState
from tests.ui.conftest import MakeProject
from tests.ui.steps import settle

SIZES = [(80, 24), (120, 40)]
MODES = ["start", *(mode for mode, _ in STEPS)]


async def step(pilot: Pilot[None], mode: str) -> AndraeusApp:
    app = pilot.app
    assert isinstance(app, AndraeusApp)
    await app.action_step(mode)
    await settle(pilot)
    assert app.current_mode == mode
    return app


def offered(screen: Screen[object]) -> set[str]:
    """Names of the screen's keys that mean something now and that no widget in front takes for itself."""
    active = screen.active_bindings
    names = set()
    for binding in Binding.make_bindings(type(screen).BINDINGS):
        assert binding.description, f"{binding.key} has no name: it would be in no palette and no help"
        hidden = screen.check_action(*_action(binding.action)) is False
        taken = binding.key in active and active[binding.key].node is not screen
        if not hidden and not (taken and not binding.show):
            names.add(binding.description)
    return names


def _action(action: str) -> tuple[str, tuple[object, ...]]:
    _, name, parameters = parse(action)
    return name, parameters


@pytest.mark.parametrize("mode", MODES)
async def test_every_key_is_in_the_palette_and_in_the_help(make_project: MakeProject, mode: str) -> None:
    app = AndraeusApp(make_project(state=ReviewState.PENDING).folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await step(pilot, mode)
        assert app.focused is not None, "without a focus the help panel is empty"
        assert getattr(app.screen, "HELP", None)
        await pilot.press("f1")
        await settle(pilot)
        wanted = offered(app.screen)
        panel = _plain(app.screen.query_one(BindingsTable))
        assert {name for name in wanted | {"Help", "Quit", "Projects"} if name not in panel} == set()
        commands: list[SystemCommand] = list(app.get_system_commands(app.screen))
        names = {command.title for command in commands}
        active = app.screen.active_bindings.values()
        off = {found.binding.description for found in active if not found.enabled}
        assert wanted - names - off == set()
        assert names >= {"Help", "Projects", "Quit", "Theme", *(f"Go to {title}" for _, title in STEPS)}
        shown = app.screen.query_one(Help)
        for _ in range(20):
            await pilot.press("alt+down")
        assert shown.scroll_offset.y == shown.max_scroll_y
        await pilot.press("f1")
        await settle(pilot)
        assert not app.screen.query("HelpPanel")


def _plain(table: BindingsTable) -> str:
    console = Console(width=200, file=StringIO())
    with console.capture() as captured:
        console.print(table.render_bindings_table())
    return captured.get()


async def by_palette(pilot: Pilot[None], words: str) -> None:
    """Find a command by its words, and run it."""
    await pilot.press("ctrl+p")
    await pilot.press(*words)
    await pilot.pause(0.3)
    await pilot.press("enter", "enter")
    await settle(pilot)


async def test_palette_runs_a_step_and_a_theme(make_project: MakeProject) -> None:
    app = AndraeusApp(make_project().folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await by_palette(pilot, "go to settings")
        assert app.current_mode == "settings"
        await by_palette(pilot, "theme nord")
        assert app.theme == "nord"
    assert preferences.load().theme == "nord"
    async with AndraeusApp().run_test() as pilot:
        await pilot.pause()
        assert pilot.app.theme == "nord"


async def test_a_theme_that_is_gone_is_no_reason_to_stop() -> None:
    preferences.save(preferences.Preferences(theme="long gone"))
    async with AndraeusApp().run_test() as pilot:
        await pilot.pause()
        assert pilot.app.theme in pilot.app.available_themes


@pytest.mark.parametrize("size", SIZES)
async def test_the_mouse_goes_to_every_step(make_project: MakeProject, size: tuple[int, int]) -> None:
    app = AndraeusApp(make_project().folder)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for mode, title in reversed(STEPS):
            labels = app.screen.query("StepBar > *").results(Static)
            (label,) = (one for one in labels if title in str(one.content))
            assert label.region.right <= size[0]
            assert await pilot.click(label, offset=(2, 0))
            await settle(pilot)
            assert app.current_mode == mode
            assert app.screen.has_class("-narrow" if size[0] < 100 else "-wide")


async def test_digits_go_to_steps_only_with_a_project() -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, AndraeusApp)
        await app.run_action("step('facts')")
        await pilot.pause()
        assert app.current_mode == "start"


async def test_text_selects_and_copies(make_project: MakeProject) -> None:
    app = AndraeusApp(make_project("home/robin").folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await step(pilot, "settings")
        await pilot.mouse_down("#path", offset=(0, 0))
        await pilot.hover("#path", offset=(60, 0))
        await pilot.mouse_up("#path", offset=(60, 0))
        await pilot.press("ctrl+c")
        assert "project.toml" in app.clipboard


async def test_quitting(make_project: MakeProject) -> None:
    for key in ("ctrl+q",):
        app = AndraeusApp(make_project().folder)
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await pilot.press(key)
            await pilot.pause(0.2)
        assert app.return_code == 0
        assert not app.has_project


@pytest.mark.parametrize("size", SIZES, ids=["narrow", "wide"])
@pytest.mark.parametrize("keys", [["f1"], ["ctrl+p", *"go"]], ids=["help", "palette"])
def test_looks(make_project: MakeProject, snap_compare: object, size: tuple[int, int], keys: list[str]) -> None:
    app = AndraeusApp(make_project("home/robin").folder)

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await step(pilot, "settings")
        await pilot.press(*keys)
        await pilot.pause(0.4)
        await settle(pilot)
        for box in app.screen.query("Input"):
            box.cursor_blink = False  # type: ignore[attr-defined]

    assert snap_compare(app, terminal_size=size, run_before=before)  # type: ignore[operator]


async def test_another_project_gets_screens_of_its_own(make_project: MakeProject) -> None:
    first, second = make_project("first"), make_project("second")
    app = AndraeusApp(first.folder)
    async with app.run_test() as pilot:
        await pilot.pause()
        old = app.screen
        assert isinstance(old, ProjectScreen)
        await app.action_step("start")
        app.open_project(second.folder)
        await pilot.pause()
        await pilot.pause()
        assert isinstance(app.screen, ProjectScreen)
        assert app.screen is not old
        assert not old.is_running
        assert app.opened.folder == second.folder


@pytest.mark.parametrize("size", SIZES)
async def test_the_line_of_keys_can_be_clicked(make_project: MakeProject, size: tuple[int, int]) -> None:
    app = AndraeusApp(make_project().folder)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await step(pilot, "settings")
        line = app.screen.query_one(KeyBar).render().plain
        assert len(line) <= size[0]
        assert await pilot.click(KeyBar, offset=(line.index("Help"), 0))
        await settle(pilot)
        assert app.screen.query(Help)
        assert await pilot.click(KeyBar, offset=(0, 0))
        await step(pilot, "facts")
        line = app.screen.query_one(KeyBar).render().plain
        assert "Palette" in line
        assert await pilot.click(KeyBar, offset=(line.index("Palette"), 0))
        await settle(pilot)
        assert len(app.screen_stack) > 1


async def test_keys_that_do_nothing_now_are_not_offered(make_project: MakeProject) -> None:
    app = AndraeusApp(make_project().folder)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await step(pilot, "train")
        offered = app.screen.query_one(KeyBar).render().plain
        assert "Start" in offered
        assert "Resume" not in offered
