"""An examination at work: one thread does it, others look how far it is and may stop it."""

import time
from dataclasses import dataclass, field, replace

from andraeus_tui.examining import examine
from andraeus_tui.jobs import Job
from andraeus_tui.project import Project
from andraeus_tui.runs import Run
from schemas.errors import AndraeusError
from schemas.evaluation import Evaluation
from schemas.events import Event, Progress, Stage


@dataclass(frozen=True)
class Position:
    """How far it is."""

    text: str = "Starting"
    """What is done now, for people."""
    done: int = 0
    total: int = 0
    """Questions of this stage; 0 of 0 when there is nothing to count."""
    since: float = field(default=0.0, compare=False)
    """When the stage began, on the clock that never goes back."""

    @property
    def seconds_left(self) -> float | None:
        """Of this stage, if the rest goes as what is done; None while nothing is."""
        if not self.done:
            return None
        return (time.monotonic() - self.since) * (self.total - self.done) / self.done


def fold(position: Position, event: Event) -> Position:
    """The position after one more event."""
    match event:
        case Stage():
            return Position(event.text, since=time.monotonic())
        case Progress():
            return replace(position, done=event.done, total=event.total)
        case _:
            return position


class Examination:
    """`work` runs in a thread; the rest may be used from any other."""

    def __init__(self, project: Project, run: Run) -> None:
        self.project, self.run = project, run
        self.position = Position()
        self.outcome: Evaluation | AndraeusError | None = None
        """None while it is at work; Cancelled when it was stopped."""
        self._job: Job | None = None
        self._stops = 0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stops > 0

    def work(self) -> None:
        """Examine the run and keep what came of it. Raises nothing: what went wrong is the outcome."""
        try:
            self.outcome = examine(self.project, self.run, self._tell, self._took)
        except AndraeusError as error:
            self.outcome = error
        except OSError as error:
            self.outcome = AndraeusError(f"The evidence could not be written: {error.strerror}.", "Free some space.")
        except Exception as error:
            self.outcome = AndraeusError(f"The examination broke off ({type(error).__name__}).", "Try it again.")

    def stop(self) -> None:
        """Ask it to stop; asked again, it stops at once. What was asked so far is not kept."""
        self._stops += 1
        if self._job:
            self._job.stop()

    def _took(self, job: Job) -> None:
        self._job = job
        for _ in range(self._stops):
            job.stop()

    def _tell(self, event: Event) -> None:
        self.position = fold(self.position, event)
