"""What all screens of an open project share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.events import ScreenResume
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from andraeus_tui.project import Project
from andraeus_tui.store.database import Database
from andraeus_tui.ui.bar import StepBar
from andraeus_tui.ui.keys import KeyBar
from schemas.errors import AndraeusError

if TYPE_CHECKING:
    from andraeus_tui.ui.app import AndraeusApp


def tell(screen: Screen[Any], error: object) -> None:
    """An error as a notification."""
    screen.notify(str(error), severity="error", markup=False, timeout=8)


@contextmanager
def telling(screen: Screen[Any]) -> Iterator[None]:
    """Errors that a sentence explains are told as a notification; the screen goes on."""
    try:
        yield
    except AndraeusError as error:
        tell(screen, error)


class ProjectScreen(Screen[None]):
    """A step of the loop: the bar with all steps, the step's own body, the keys. Subclasses give `body`."""

    STEP: ClassVar[str] = ""
    """The mode under which the app knows the screen; the bar marks it."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 (Textual's own declaration)

    @property
    def andraeus(self) -> AndraeusApp:
        """The app, with its project."""
        return cast("AndraeusApp", self.app)

    @property
    def project(self) -> Project:
        """The open project."""
        return self.andraeus.opened

    @property
    def database(self) -> Database:
        """Its database, open as long as the project is."""
        return self.andraeus.database

    def compose(self) -> ComposeResult:
        """The bar, the body, the keys."""
        yield StepBar(self.STEP)
        yield from self.body()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """The step's own widgets."""
        yield from ()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Other steps may have changed what is shown."""
        # A screen that comes back has its styles still; when the theme changed meanwhile, they are made anew anyway.
        event.refresh_styles = False
        self.show()

    def on_screen_suspend(self) -> None:
        """Another step or a dialog comes to the front."""
        self.put_away()

    def put_away(self) -> None:
        """Save what was typed and is not saved yet. Called when the screen leaves the front, and when the app ends."""

    def show(self) -> None:
        """Bring the screen up to date with the project. Called whenever it comes to the front."""

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Errors that a sentence explains are told as a notification; the screen goes on."""
        with telling(self):
            yield


class WorkingScreen(ProjectScreen):
    """A step with work in the background, which tells when that fails."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What should not have happened is told, too."""
        if event.state is WorkerState.ERROR:
            self.notify(f"Something went wrong ({type(event.worker.error).__name__}).", severity="error", markup=False)
