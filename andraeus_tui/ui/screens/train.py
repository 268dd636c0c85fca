"""Train: what the next run costs, the run at work with its curves, and every run before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from andraeus_tui import training
from andraeus_tui.jobs import Job
from andraeus_tui.plan import Plan, plan_of
from andraeus_tui.progress import Training, Watch
from andraeus_tui.runs import Run, RunState, all_runs, log_of
from andraeus_tui.ui.base import WorkingScreen
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.log_view import LogView
from andraeus_tui.ui.next_run import NextRun
from andraeus_tui.ui.plan_text import cost_of, question_of
from andraeus_tui.ui.run_view import RUN_COLUMNS, RunView, run_cells
from andraeus_tui.ui.table import Column, WindowTable
from schemas.errors import AndraeusError
from schemas.events import Finished

_PAINT_SECONDS = 0.1
_LOOK_SECONDS = 2.0
"""How often the runs' folders are looked at: another process may have begun or ended one."""


class TrainScreen(WorkingScreen):
    """Start, watch, stop and resume training runs."""

    STEP = "train"
    HELP = """
## Train
Approved rows are trained into the model. Nothing else is.

- **p** looks at rows, time and memory first. **s** starts: it asks with these numbers in view.
- **x** stops the run and keeps a checkpoint. **r** continues the run under the cursor from its checkpoint.
- **c**, when facts changed since the last run: continue that run on what changed, or start from scratch as usual.
- **Enter** opens the run under the cursor, with its curves. **l** shows its log. **d** deletes it.

*Dev recall* is the share of practice questions, in wordings that are not trained, that the model gets right.
*Dev "I don't know"* is the share of questions about things never told that it refuses to answer.

When you leave the app during a run, it asks whether the run is to go on without it. You see it here again later.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start"),
        Binding("p", "preflight", "Preflight"),
        Binding("c", "continue", "Continue"),
        Binding("x", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
        Binding("l", "log", "Log"),
        Binding("d", "delete", "Delete"),
    ]
    CSS = """
    TrainScreen #runs { min-height: 3; }
    TrainScreen.-wide RunView { border-top: solid $primary-darken-2; border-bottom: solid $primary-darken-2; }
    TrainScreen.-wide #bar Bar { width: 40; }
    TrainScreen.-wide Curves { height: 14; }
    TrainScreen.-wide #words { height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._plan: Plan | None = None
        self._continues = False
        """Whether the next run continues the last one, where it can."""
        self._estimate: Training | None = None
        """The preflight's state, and the plan it was made for."""
        self._estimated: Plan | None = None
        self._preflight: Job | None = None
        self._runs: list[Run] = []
        self._watch: Watch | None = None
        self._stopping: Path | None = None
        self._painted: object = None

    def body(self) -> ComposeResult:
        """The next run, the open run, all runs."""
        yield NextRun()
        yield RunView()
        columns = [Column(title, width) for title, width in RUN_COLUMNS]
        yield WindowTable(columns, on_move=self.refresh_bindings, id="runs")

    def on_mount(self) -> None:
        """Paint when there is something new; look at the folders now and then."""
        self.query_one(WindowTable).focus()
        self.set_interval(_PAINT_SECONDS, self._tick)
        self.set_interval(_LOOK_SECONDS, self._look)

    def show(self) -> None:
        """The plan as the rows and settings are now, and the runs."""
        if self._watch and self._watch.folder.parent != self.project.runs:
            self._runs, self._watch, self._stopping, self._continues = [], None, None, False
        self._replan()
        self._look()

    def _replan(self) -> Plan:
        plan = self._plan = plan_of(self.project, self.database, self._continues)
        return plan

    # What is there

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        if not (self.is_current and self.andraeus.has_project):
            return
        folder = self.project.runs
        runs = await asyncio.to_thread(all_runs, folder)
        if self.andraeus.has_project and self.project.runs == folder:  # and not another one by now
            self._take(runs)

    def _take(self, runs: list[Run]) -> None:
        wanted, self.andraeus.wanted_run = self.andraeus.wanted_run, None
        asked = next((run.folder for run in runs if run.name == wanted), None)
        came = {run.folder for run in runs if run.state is RunState.RUNNING}
        came -= {run.folder for run in self._runs if run.state is RunState.RUNNING}
        if not any(run.folder == self._stopping and run.state is RunState.RUNNING for run in runs):
            self._stopping = None
        if runs != self._runs:
            under = self._under_cursor
            self._runs = runs
            folders = [run.folder for run in runs]
            cursor = folders.index(under.folder) if under and under.folder in folders else 0
            self.query_one(WindowTable).set_rows(len(runs), self._cells, cursor=cursor)
            self.refresh_bindings()
        if self._watch and not any(run.folder == self._watch.folder for run in runs):
            self._watch = None
        if asked or came:
            self._open(asked or next(iter(came)))
        elif runs and self._watch is None:
            self._open(runs[0].folder)

    def _cells(self, offset: int, limit: int) -> list[tuple[str, ...]]:
        return [run_cells(run) for run in self._runs[offset : offset + limit]]

    def _open(self, folder: Path) -> None:
        """Show a run: its events so far are read piece by piece, then as they come."""
        index = next((index for index, run in enumerate(self._runs) if run.folder == folder), None)
        if index is not None:
            self.query_one(WindowTable).cursor = index
        if self._watch is None or self._watch.folder != folder:
            self._watch = Watch(folder)

    @property
    def _under_cursor(self) -> Run | None:
        cursor = self.query_one(WindowTable).cursor
        return self._runs[cursor] if cursor < len(self._runs) else None

    @property
    def _at_work(self) -> Run | None:
        return next((run for run in self._runs if run.state is RunState.RUNNING), None)

    # Painting

    def _tick(self) -> None:
        if not self.is_current:
            return
        watch, run, state = self._watch, None, None
        if watch:
            before = watch.state.ended
            state = watch.update()
            if state.ended is not before:
                self._look()
            run = next((run for run in self._runs if run.folder == watch.folder), None)
        now = (self._plan, self._estimate, self._estimated, run, state, self._stopping)
        if now != self._painted:
            self._painted = now
            self._paint(run, state)

    def _paint(self, run: Run | None, state: Training | None) -> None:
        estimate = self._estimate if self._estimated == self._plan else None
        self.query_one(NextRun).show(self._plan, estimate, at_work=self._at_work is not None, first=run is None)
        self.query_one(RunView).display = run is not None
        if run and state:
            self.query_one(RunView).show(run, state, self._where(run))

    def _where(self, run: Run) -> str:
        if self._stopping == run.folder:
            return "- it saves a checkpoint and stops; x ends it at once"
        held = self.andraeus.training
        return "in this app" if held and held.folder == run.folder and held.running else "in another process"

    @on(WindowTable.Chosen)
    def _chosen(self) -> None:
        if run := self._under_cursor:
            self._open(run.folder)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are dimmed."""
        run = self._under_cursor if self.is_mounted else None
        sense = {
            "start": self._at_work is None,
            "preflight": self._at_work is None,
            "continue": self._at_work is None and self._plan is not None and self._plan.update is not None,
            "stop": self._at_work is not None,
            "resume": run is not None and run.can_resume and self._at_work is None,
            "log": run is not None,
            "delete": run is not None and run.state is not RunState.RUNNING,
        }
        return True if sense.get(action, True) else None

    # Acting

    @work(exclusive=True, group="begin", exit_on_error=False)
    async def action_preflight(self) -> None:
        """Say what training would cost, in the background."""
        await self._check()

    async def _check(self) -> bool:
        """Whether the numbers of the present plan are known, after looking if need be."""
        plan = self._replan()
        if not plan.ready:
            self.notify("Nothing to train: no rows are approved.", severity="warning", markup=False)
            return False
        if self._estimated == plan and self._estimate and isinstance(self._estimate.ended, Finished):
            return True
        self._estimate, self._estimated = Training(begun=1), plan
        try:
            # In a thread: each event gives a new frozen state, which the next tick paints.
            show, started = partial(setattr, self, "_estimate"), partial(setattr, self, "_preflight")
            await asyncio.to_thread(training.estimate, self.project, show, started, plan.parent)
        finally:
            self._preflight = None
        return isinstance(self._estimate.ended, Finished)

    def action_continue(self) -> None:
        """Continue the last run on what changed, or start from scratch."""
        self._continues = not self._continues
        self._replan()

    @work(exclusive=True, group="begin", exit_on_error=False)
    async def action_start(self) -> None:
        """Start, with the cost in view."""
        if await self._check() and self._estimate and self._plan:
            parent = self._plan.parent
            question = f"{question_of(self._plan)} {cost_of(self._estimate)}"
            if await self.app.push_screen_wait(Confirm(question, "Start", "Not now")):
                await self._begin(lambda: training.start(self.project, parent))
                self._continues = False

    @work(exclusive=True, group="begin", exit_on_error=False)
    async def action_resume(self) -> None:
        """Continue the run under the cursor."""
        if run := self._under_cursor:
            await self._begin(lambda: training.resume(self.project, run.folder))

    async def _begin(self, begin: Callable[[], training.Supervised]) -> None:
        held = self.andraeus.training
        with self.telling():
            if held and held.running and held.folder.parent != self.project.runs:
                raise AndraeusError(
                    f"This app is training run {held.folder.name} of another project.", "Stop it first."
                )
            self.andraeus.training = await asyncio.to_thread(begin)
            self._stopping = None
            self._look()

    @work(exclusive=True, group="stop", exit_on_error=False)
    async def action_stop(self) -> None:
        """Stop the run at work."""
        if not (run := self._at_work):
            return
        question = f"Stop run {run.name}? It saves a checkpoint, and r continues it later."
        if self._stopping == run.folder:
            question = f"Run {run.name} is saving. End it at once? The checkpoint before stays."
        if await self.app.push_screen_wait(Confirm(question, "Stop", "Let it go on")):
            with self.telling():
                training.stop(run.folder, self.andraeus.training)
                self._stopping = run.folder

    @work(exclusive=True, group="delete", exit_on_error=False)
    async def action_delete(self) -> None:
        """Delete the run under the cursor."""
        if not (run := self._under_cursor):
            return
        question = f"Delete run {run.name}, with its trained model and its evidence? This cannot be undone."
        if await self.app.push_screen_wait(Confirm(question, "Delete", "Keep")):
            with self.telling():
                await asyncio.to_thread(training.delete, run.folder)
            self._look()

    def action_log(self) -> None:
        """The log of the run under the cursor."""
        if run := self._under_cursor:
            self.app.push_screen(LogView(f"Log of run {run.name}", log_of(run.folder) or "The log is empty."))

    def on_unmount(self) -> None:
        """A preflight is no use to anybody when the app is gone."""
        if job := self._preflight:
            job.stop()
            job.stop()
