"""The app: which project is open, which step is in front, and the keys that work everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from andraeus_tui import preferences
from andraeus_tui.project import Project
from andraeus_tui.store.database import Database
from andraeus_tui.ui.bar import STEPS
from schemas.errors import AndraeusError


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
        Binding("ctrl+o", "step('start')", "Projects", show=False),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True),
    ]

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__()
        self._first = folder
        self._project: Project | None = None
        self._database: Database | None = None
        self.wanted_fact: str | None = None
        """Id of a fact that another step wants to be shown: the Facts step takes it and forgets it."""
        self.wanted_run: str | None = None
        """Name of a run that another step wants to be shown."""

    def on_mount(self) -> None:
        """The person's theme, and the project from the command line."""
        kept = preferences.load().theme
        if kept in self.available_themes:
            self.theme = kept
        self.theme_changed_signal.subscribe(self, self._keep_theme)
        if self._first is not None:
            try:
                self.open_project(self._first)
            except AndraeusError as error:
                self.notify(str(error), severity="error", markup=False, timeout=10)

    def _keep_theme(self, theme: object) -> None:
        preferences.save(preferences.load().model_copy(update={"theme": self.theme}))

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
        self.call_later(self.action_step, step)

    def close_project(self) -> None:
        """Let go of the project; the steps' screens belonged to it."""
        if self._database is not None:
            self._database.close()
        self._project = self._database = None

    async def action_step(self, mode: str) -> None:
        """Go to a step, or to the list of projects."""
        if mode != "start" and not self.has_project:
            self.notify("Open or make a project first.", severity="warning", markup=False)
            return
        if mode != self.current_mode:
            await self.switch_mode(mode)

    def action_toggle_help(self) -> None:
        """Show or hide the help of the step in front."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Textual's own commands, every step, and every key of the step in front."""
        yield from super().get_system_commands(screen)
        yield SystemCommand("Projects", "Recent projects, a new one", lambda: self.run_action("step('start')"))
        if self.has_project:
            for mode, title in STEPS:
                yield SystemCommand(f"Go to {title}", f"The step {title}", _runner(self, f"step('{mode}')"))
        for binding in screen.active_bindings.values():
            inner = binding.binding
            if inner.description and binding.node is screen and binding.enabled:
                yield SystemCommand(
                    inner.description, f"Key {self.get_key_display(inner)}", _runner(screen, inner.action)
                )

    async def on_unmount(self) -> None:
        """Close what is open."""
        self.close_project()


def _runner(node: Any, action: str) -> Callable[[], Any]:
    async def run() -> None:
        await node.run_action(action)

    return run


def run(folder: Path | None) -> int:
    """Run the app in this terminal; its exit code."""
    app = AndraeusApp(folder)
    app.run()
    return app.return_code or 0
