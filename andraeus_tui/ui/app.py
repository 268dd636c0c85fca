"""The app: which project is open, which step is in front, and the keys that work everywhere."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from andraeus_tui import preferences
from andraeus_tui.project import Project
from andraeus_tui.store.database import Database
from andraeus_tui.ui.bar import STEPS
from andraeus_tui.ui.base import ProjectScreen
from schemas.errors import AndraeusError

if TYPE_CHECKING:
    from andraeus_tui.generating import Generation
    from andraeus_tui.training import Supervised


def _start() -> Screen[Any]:
    from andraeus_tui.ui.screens.start import StartScreen

    return StartScreen()


def _facts() -> Screen[Any]:
    from andraeus_tui.ui.screens.facts import FactsScreen

    return FactsScreen()


def _generate() -> Screen[Any]:
    from andraeus_tui.ui.screens.generate import GenerateScreen

    return GenerateScreen()


def _review() -> Screen[Any]:
    from andraeus_tui.ui.screens.review import ReviewScreen

    return ReviewScreen()


def _train() -> Screen[Any]:
    from andraeus_tui.ui.screens.train import TrainScreen

    return TrainScreen()


def _evidence() -> Screen[Any]:
    from andraeus_tui.ui.screens.evidence import EvidenceScreen

    return EvidenceScreen()


def _chat() -> Screen[Any]:
    from andraeus_tui.ui.screens.chat import ChatScreen

    return ChatScreen()


def _settings() -> Screen[Any]:
    from andraeus_tui.ui.screens.settings import SettingsScreen

    return SettingsScreen()


_KEY = "Key:"


class AndraeusApp(App[None]):
    """Facts about you into a language model's weights."""

    TITLE = "Andraeus"
    CSS_PATH = "app.tcss"
    # A step's screen is imported when somebody first goes there: the first frame does not wait for the others.
    MODES: ClassVar[dict[str, str | Callable[[], Screen[Any]]]] = {
        "start": _start,
        "facts": _facts,
        "generate": _generate,
        "review": _review,
        "train": _train,
        "evidence": _evidence,
        "chat": _chat,
        "settings": _settings,
    }
    DEFAULT_MODE = "start"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"step('{mode}')", title, show=False) for number, (mode, title) in enumerate(STEPS, 1)),
        Binding("f1,question_mark", "toggle_help", "Help", key_display="?"),
        Binding("alt+down", "page_help(1)", "Help: down", show=False),
        Binding("alt+up", "page_help(-1)", "Help: up", show=False),
        Binding("ctrl+o", "step('start')", "Projects", show=False),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        if "TEXTUAL_ANIMATIONS" not in os.environ:
            # What slides for 0.3 s is seen 0.3 s later, and over ssh it is a burst of frames.
            self.animation_level = "none"
        self._first = folder
        self._project: Project | None = None
        self._database: Database | None = None
        self.wanted_fact: str | None = None
        """Id of a fact that another step wants to be shown: the Facts step takes it and forgets it."""
        self.wanted_run: str | None = None
        """Name of a run that another step wants to be shown."""
        self.training: Supervised | None = None
        """The run that this app began last. Its lifeline ends with the app, so it is kept here and not by a screen."""
        self.generations: set[Generation] = set()
        """What makes rows at the moment. Whoever leaves is asked about it."""
        self._previewed: str | None = None

    def on_mount(self) -> None:
        """The person's theme, and the project from the command line."""
        self.restore_theme()
        self.theme_changed_signal.subscribe(self, lambda theme: self.keep_theme(previewed=False))
        if self._first is not None:
            try:
                self.open_project(self._first)
            except AndraeusError as error:
                self.notify(str(error), severity="error", markup=False, timeout=10)

    def preview_theme(self, name: str) -> None:
        """Show a theme without keeping it."""
        self._previewed = self.theme = name

    def keep_theme(self, previewed: bool = True) -> None:
        """Keep the theme in front between starts. A change of themes keeps it, but for one that is only looked at."""
        if previewed or self.theme != self._previewed:
            self._previewed = None
            preferences.save(preferences.load().model_copy(update={"theme": self.theme}))

    def restore_theme(self) -> None:
        """Back to the theme that is kept, from one that was looked at."""
        self._previewed = None
        kept = preferences.load().theme
        if kept in self.available_themes:
            self.theme = kept

    @property
    def opened(self) -> Project:
        """The open project. Screens of steps are in front only while there is one."""
        assert self._project is not None
        return self._project

    @property
    def database(self) -> Database:
        """The open project's database."""
        assert self._database is not None
        return self._database

    @property
    def has_project(self) -> bool:
        """Whether a project is open."""
        return self._project is not None

    def open_project(self, folder: Path, step: str = "facts") -> None:
        """Open a project and go to a step. Raises AndraeusError, and the open project stays, when it is none."""
        project = Project(folder)
        database = Database(project.folder / "memory.db")
        self.close_project()
        self._project, self._database = project, database
        self.sub_title = project.folder.name
        preferences.remember_project(project.folder)
        self.call_later(self._enter, step)

    async def _enter(self, step: str) -> None:
        """Go to a step with fresh screens: the old ones, and what they keep running, belonged to another project."""
        for mode, _ in STEPS:
            if mode != self.current_mode:
                await self.remove_mode(mode)
                self.add_mode(mode, self.MODES[mode])
        await self.action_step(step)

    def close_project(self) -> None:
        """Let go of the project; the steps' screens belonged to it."""
        if self._database is not None:
            self._database.close()
        self._project = self._database = None

    def delay_update(self, delay: float = 0.05) -> None:
        """Textual holds painting back while steps change, so that nothing flickers: a frame is enough, and looks quick."""
        super().delay_update(min(delay, 0.01))

    async def action_step(self, mode: str) -> None:
        """Go to a step, or to the list of projects."""
        if mode != "start" and not self.has_project:
            self.notify("Open or make a project first.", severity="warning", markup=False)
            return
        if mode != self.current_mode:
            await self.switch_mode(mode)
            # Screens live as long as the app: looking through them for garbage at every key would cost 50 ms and more.
            self.call_after_refresh(gc.freeze)

    def action_toggle_help(self) -> None:
        """Show or hide the help of the step in front."""
        if self.screen.query("Help"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_show_help_panel(self) -> None:
        """The panel that can be scrolled."""
        from andraeus_tui.ui.help import Help  # with its Markdown it would delay the first frame

        if not self.screen.query("Help"):
            self.screen.mount(Help())

    def action_page_help(self, by: int) -> None:
        """Scroll the help, if it is there."""
        for panel in self.screen.query("Help"):
            # Half of the panel.
            panel.scroll_relative(y=by * max(1, panel.size.height // 2), animate=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Textual's own commands, every theme, every step, and every key of the step in front and of its widgets."""
        yield from super().get_system_commands(screen)
        for name in sorted(self.available_themes):
            yield SystemCommand(
                f"Theme {name}", "Change the look", partial(setattr, self, "theme", name), discover=False
            )
        yield SystemCommand("Help", f"This step and its keys. {_KEY} ?", self.action_toggle_help)
        yield SystemCommand("Projects", f"Recent projects, a new one. {_KEY} ^o", _runner(self, "step('start')"))
        if self.has_project:
            for number, (mode, title) in enumerate(STEPS, 1):
                yield SystemCommand(f"Go to {title}", f"{_KEY} {number}", _runner(self, f"step('{mode}')"))
        told = set[str]()
        for node, binding, enabled, _ in screen.active_bindings.values():
            # Ours, not those of Textual's widgets: moving a cursor in a text is no command.
            if binding.description and enabled and _is_ours(node) and node is not self and binding.action not in told:
                told.add(binding.action)
                keys = self.get_key_display(binding)
                yield SystemCommand(binding.description, f"{_KEY} {keys}", _runner(node, binding.action))

    async def action_quit(self) -> None:
        """Leave; what is at work is asked about first."""
        self.run_worker(self._quit(), group="quit")

    async def _quit(self) -> None:
        from andraeus_tui.ui.leaving import leave

        if await leave(self):
            if isinstance(self.screen, ProjectScreen):
                self.screen.put_away()
            self.exit()

    async def on_unmount(self) -> None:
        """Close what is open."""
        self.close_project()
        if self.training is not None:
            self.training.close()


def _is_ours(node: object) -> bool:
    return type(node).__module__.startswith("andraeus_tui.")


def _runner(node: Any, action: str) -> Callable[[], Any]:
    async def run() -> None:
        await node.run_action(action)

    return run


def rest_collector() -> None:
    """Let full garbage collections be rare: one walks every widget and style, and holds a key up for 0.3 s."""
    gc.set_threshold(20_000, 20, 100)


def run(folder: Path | None) -> int:
    """Run the app in this terminal; its exit code."""
    rest_collector()
    app = AndraeusApp(folder)
    app.run()
    return app.return_code or 0
