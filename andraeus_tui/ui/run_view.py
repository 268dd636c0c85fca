"""One run as it stands: what it does, how far it is, its numbers and curves, what its worker said."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import ProgressBar, Static

from andraeus_tui.progress import Training
from andraeus_tui.runs import Run, RunState
from andraeus_tui.ui.curves import Curves
from schemas.events import CancelledByUser, Failed, Finished


class RunView(Vertical):
    """Paints a frozen state; where the state comes from is not its business."""

    DEFAULT_CSS = """
    RunView { height: auto; }
    RunView > Static { height: auto; }
    RunView #stage { height: 1; }
    RunView #doing { width: 1fr; height: 1; }
    RunView ProgressBar { width: auto; }
    RunView #bar Bar { width: 24; }
    RunView #words { height: 2; scrollbar-size-vertical: 1; }
    RunView #words Static { height: auto; }
    """

    def compose(self) -> ComposeResult:
        """From the heading down to the worker's words."""
        yield Static(id="heading", markup=False, classes="title")
        with Horizontal(id="stage"):
            yield Static(id="doing", markup=False)
            yield ProgressBar(total=1, show_eta=False, id="bar")
        yield Static(id="numbers", markup=False)
        yield Curves()
        with VerticalScroll(id="words", can_focus=False):
            yield Static(id="said", markup=False)

    def show(self, run: Run, state: Training, where: str) -> None:
        """Paint the run; `where` says who trains it while it is at work."""
        at_work = run.state is RunState.RUNNING
        standing = f"training {where}" if at_work else run.state.value
        origin = f"; continues {run.parent.run}: {run.parent.text}" if run.parent else ""
        self.query_one("#heading", Static).update(f"Run {run.name}: {standing}{origin}")
        self.query_one("#doing", Static).update(doing(state, at_work))
        done = isinstance(state.ended, Finished)
        self.query_one("#bar", ProgressBar).update(
            total=max(1, state.total), progress=max(1, state.total) if done else state.done
        )
        self.query_one("#numbers", Static).update(numbers(state, at_work))
        self.query_one(Curves).show(state)
        self.query_one("#said", Static).update("\n".join(said(run, state)))


def doing(state: Training, at_work: bool) -> str:
    """What happens now, in a line."""
    if not at_work:
        return f"{state.step} of at most {state.total_steps} steps" if state.total_steps else "No step was made"
    if state.stage == "train" and state.step:
        return f"Training: step {state.step} of at most {state.total_steps}"
    far = f": {state.done} of {state.total}" if state.total else ""
    return f"{state.text or 'Starting the worker'}{far}"


def numbers(state: Training, at_work: bool) -> str:
    """The newest numbers, each with its name."""
    latest = state.latest
    parts = []
    if "loss" in latest:
        parts.append(f"loss {latest['loss']:.3f}")
    if "dev_recall" in latest:
        parts += [f"dev recall {latest['dev_recall']:.2f}", f'dev "I don\'t know" {latest["dev_abstention"]:.2f}']
    if "examples_per_second" in latest:
        parts.append(f"{latest['examples_per_second']:.1f} rows/s")
    if at_work and "seconds_left" in latest:
        parts.append(f"{duration(latest['seconds_left'])} left")
    if "memory_gb" in latest:
        parts.append(f"{latest['memory_gb']:.1f} GB memory")
    if state.checkpoint is not None and not isinstance(state.ended, Finished):
        parts.append(f"checkpoint at {state.checkpoint}")
    return "  ".join(parts) or "No numbers yet"


def said(run: Run, state: Training) -> list[str]:
    """How it ended, on what it trained, and what else the worker told; the most urgent first."""
    match state.ended:
        case Finished(result=result):
            took = f" in {duration(result['seconds'])}" if "seconds" in result else ""
            lines = [f"Finished after {state.step} steps{took}. Next: Evidence (5) proves what it knows."]
        case CancelledByUser(message=message):
            lines = [f"Stopped: {message} Key r continues it."]
        case Failed(message=message, hint=hint):
            lines = [f"Failed: {message} {hint}".rstrip(), "Key l shows the log, key r tries again."]
        case None if run.state is RunState.INTERRUPTED:
            lines = ["Interrupted: its processes are gone and left no word. Key r continues it."]
        case None:
            lines = []
    return [*lines, *([state.machine] if state.machine else []), *reversed(state.notes)]


def duration(seconds: float) -> str:
    """As people say it: 48 s, 12 min, 3 h 5 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


RUN_COLUMNS = (("run", 20), ("state", 11), ("step", 9), ("dev recall", 10), ("evaluated", 9), ("", None))
"""(title, width) of the table of runs."""


def run_cells(run: Run) -> tuple[str, ...]:
    """A run's row in the table."""
    recall = "" if run.dev_recall is None else f"{run.dev_recall:.2f}"
    evaluated = "yes" if run.evaluated else "no"
    return run.name, run.state.value, f"{run.step}/{run.total_steps}", recall, evaluated, run.message
