"""The next run, above the run that is open: what it trains, what it could continue, what it costs."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from andraeus_tui.plan import Plan
from andraeus_tui.progress import Training
from andraeus_tui.ui.plan_text import next_run, preflight_line, update_line


class NextRun(Vertical):
    """Paints a plan and its preflight; where they come from is not its business."""

    DEFAULT_CSS = """
    NextRun { height: auto; }
    NextRun #plan, NextRun #update, NextRun #preflight { height: auto; max-height: 3; }
    NextRun #empty { height: auto; margin: 1 0; }
    """

    def compose(self) -> ComposeResult:
        """A sentence each."""
        yield Static(id="plan", markup=False)
        yield Static(id="update", markup=False)
        yield Static(id="preflight", markup=False)
        yield Static("No run yet. Key s starts the first one.", id="empty", markup=False, classes="hint")

    def show(self, plan: Plan | None, estimate: Training | None, *, at_work: bool, first: bool) -> None:
        """`estimate` is the plan's own; while a run is at work only the plan is shown."""
        if plan:
            self.query_one("#plan", Static).update(next_run(plan))
            self.query_one("#update", Static).update(update_line(plan))
            self.query_one("#preflight", Static).update(preflight_line(estimate))
        waits = plan is not None and plan.ready and not at_work
        self.query_one("#preflight").display = waits
        self.query_one("#update").display = waits and plan is not None and plan.update is not None
        self.query_one("#empty").display = plan is not None and plan.ready and first
