"""The line that shows an examination at work."""

from __future__ import annotations

from textual.message import Message
from textual.widgets import Static

from andraeus_tui.examination import Examination, Position
from andraeus_tui.project import Project
from andraeus_tui.runs import Run
from andraeus_tui.ui.run_view import duration
from schemas.errors import AndraeusError, Cancelled

_BAR = 12


class ExaminationBar(Static):
    """Hidden while nothing is examined. The work is done by a thread of the app, so other steps may come to the front."""

    DEFAULT_CSS = "ExaminationBar { height: 1; background: $panel; }"

    class Done(Message):
        """An examination has ended, well or not."""

        def __init__(self, examination: Examination) -> None:
            super().__init__()
            self.examination = examination

    def __init__(self, id: str) -> None:
        super().__init__(id=id, markup=False)
        self._examination: Examination | None = None

    def on_mount(self) -> None:
        """How far it is, is painted ten times a second."""
        self.display = False
        self._clock = self.set_interval(0.1, self._watch, pause=True)

    def on_unmount(self) -> None:
        """An examination keeps nothing until its end: without a screen to come back to it is ended at once."""
        if self._examination:
            self._examination.stop()
            self._examination.stop()

    @property
    def working(self) -> bool:
        """Whether an examination is at work."""
        return self._examination is not None

    def start(self, project: Project, run: Run) -> None:
        """Examine a run."""
        self._examination = Examination(project, run)
        self.app.run_worker(self._examination.work, thread=True, exit_on_error=False, group="examine")
        self._clock.resume()

    def stop(self) -> None:
        """Ask it to stop; asked again, it stops at once."""
        if self._examination:
            self._examination.stop()

    def _watch(self) -> None:
        running = self._examination
        if running is not None and running.outcome is None:
            self.display = True
            self.update(progress_line(running.position, running.stopping))
            return
        self._clock.pause()
        self.display = False
        self._examination = None
        if running is not None:
            self.tell(running)
            self.post_message(self.Done(running))

    def tell(self, done: Examination) -> None:
        """What came of it, in a sentence."""
        outcome = done.outcome
        if isinstance(outcome, Cancelled):
            self.notify("Stopped. Nothing was kept of this examination.", severity="warning", markup=False)
        elif isinstance(outcome, AndraeusError):
            self.notify(str(outcome), severity="error", markup=False, timeout=10)
        elif outcome and not outcome.proof.passed:
            self.notify("The zero-context proof FAILED. See Proof.", severity="error", markup=False, timeout=10)
        elif outcome:
            self.notify(
                f"Examined in {outcome.seconds:.0f} seconds. The report lies in the run's folder.", markup=False
            )


def progress_line(position: Position, stopping: bool) -> str:
    """How far an examination is."""
    if stopping:
        return "Stopping after the questions that are being answered. x again stops at once."
    if not position.total:
        return f"{position.text} ...   x stops"
    filled = round(_BAR * position.done / position.total)
    done = "\N{FULL BLOCK}" * filled + "\N{MIDDLE DOT}" * (_BAR - filled)
    left = position.seconds_left
    rest = "" if left is None else f", about {duration(left)} left"
    return f"{position.text}  {done}  {position.done} of {position.total}{rest}   x stops"
