"""Evidence: what the trained model knows and what it does not, against the untouched one."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize
from textual.widgets import Static, TabbedContent, Tabs

from andraeus_tui import evidence
from andraeus_tui.comparing import Comparison, compare_with
from andraeus_tui.evidence import Overview
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.begin_rating import begin_rating
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.evidence_panes import (
    ComparePane,
    FactsPane,
    FailuresPane,
    OthersPane,
    Pane,
    ProofPane,
    TextPane,
    summary_text,
    tiers_text,
)
from andraeus_tui.ui.examination_bar import ExaminationBar
from andraeus_tui.ui.failed_facts import MoreRows
from andraeus_tui.ui.run_picker import PickRun
from andraeus_tui.ui.run_report import open_report, tell_where
from andraeus_tui.ui.shares import plan_text, run_line, warning_text

_WIDE = 100


class EvidenceScreen(ProjectScreen):
    """One run and its evidence, in sections; an examination can be started, watched and stopped."""

    STEP = "evidence"
    HELP = """
# Evidence

Examining a run asks the base model and the trained model the same questions: your facts in wordings that were never
trained, things you never told, and general questions. Every prompt is searched for your facts.

- **Summary** and **Tiers**: both models in numbers, with 95% intervals.
- **Facts**: how each fact is known, the weakest first. Enter goes to the fact.
- **Failures**: what went wrong, with question and answer. `m` makes more rows for these facts.
- **Unknown**: things never told ("made up" is bad), and general questions ("lost": the base model could).
- **Proof**: whether any prompt held a fact. If it failed, the numbers show nothing.
- **Compare**: `c` puts another run beside this one.

`b` lets you and others judge answers without knowing whose they are.
Left and right arrows change the section. The report (`o` opens it, `h` says where it is) is one file for any browser.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "examine", "Examine"),
        Binding("x", "stop", "Stop"),
        Binding("r", "pick_run", "Run"),
        Binding("c", "compare", "Compare"),
        Binding("m", "more_rows", "More rows"),
        Binding("b", "rate", "Rate blind"),
        Binding("o", "open_report", "Report"),
        Binding("h", "where_report", "Where is the report", show=False),
        Binding("left", "section(-1)", "View", key_display="\N{LEFTWARDS ARROW}\N{RIGHTWARDS ARROW}", priority=True),
        Binding("right", "section(1)", "Next view", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    EvidenceScreen {
        #run { height: 1; color: $text-muted; }
        #banner { height: auto; background: $error; color: $text; text-style: bold; padding: 0 1; }
        #empty { height: 1fr; padding: 1 2; }
        TabbedContent, ContentSwitcher { height: 1fr; }
        TabPane { padding: 0; height: 1fr; }
        TabPane VerticalScroll { padding: 0 1; scrollbar-size-vertical: 1; }
        .card { height: 9; border-top: solid $panel; }
        &.-narrow .card { height: 8; }
        #proof VerticalScroll { height: auto; max-height: 60%; }
        #changes { height: auto; max-height: 65%; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._wanted: str | None = None
        self._beside: str | None = None
        self._overview: Overview | None = None
        self._more_rows = MoreRows(self)

    def body(self) -> ComposeResult:
        """The run, what is going on, and the sections."""
        yield Static(id="run", markup=False)
        yield Static(id="banner", markup=False)
        yield ExaminationBar("progress")
        with VerticalScroll(id="empty"):
            yield Static(markup=False)
        with TabbedContent(initial="summary"):
            yield TextPane("Summary", "summary", summary_text)
            yield TextPane("Tiers", "tiers", tiers_text)
            yield FactsPane()
            yield FailuresPane()
            yield OthersPane()
            yield ProofPane()
            yield ComparePane()

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.query("#banner, TabbedContent, #empty").set(display=False)
        self.query_one(Tabs).can_focus = False

    @property
    def _bar(self) -> ExaminationBar:
        return self.query_one(ExaminationBar)

    def show(self) -> None:
        """Read what there is, in a thread: evidence about many facts is a large file."""
        if self.andraeus.wanted_run:
            self._wanted, self.andraeus.wanted_run = self.andraeus.wanted_run, None
        self._load()

    @work(exclusive=True, group="load", exit_on_error=False)
    async def _load(self) -> None:
        with self.telling():
            found = await asyncio.to_thread(evidence.overview, self.project, self._wanted)
            comparison = await asyncio.to_thread(compare_with, found, self._beside)
            self._paint(found, comparison)

    def _paint(self, found: Overview, comparison: Comparison | None) -> None:
        self._overview = found
        examined = found.examined
        self.query_one("#run", Static).update(run_line(found))
        banner = self.query_one("#banner", Static)
        banner.update(warning_text(examined))
        banner.display = bool(banner.content)
        empty, sections = self.query_one("#empty"), self.query_one(TabbedContent)
        empty.display, sections.display = examined is None, examined is not None
        if examined is None:
            empty.query_one(Static).update(plan_text(found))
            empty.focus()
        else:
            for pane in self.query(Pane):
                pane.paint(examined, self.size.width >= _WIDE)
            self.query_one(ComparePane).show_comparison(comparison, examined.run.name)
            self._focus_section()
        self.refresh_bindings()

    def on_resize(self, event: Resize) -> None:
        """Wide windows have room for more columns and longer bars."""
        if self._overview and self._overview.examined:
            for pane in self.query(Pane):
                pane.paint(self._overview.examined, event.size.width >= _WIDE)

    def on_tabbed_content_tab_activated(self) -> None:
        """Keys go to the section in front."""
        self._focus_section()

    def _focus_section(self) -> None:
        sections = self.query_one(TabbedContent)
        if sections.display and isinstance(pane := sections.active_pane, Pane):
            # At once, and not with the next message: what it changes is painted in the same frame.
            self.set_focus(pane.main)

    def action_section(self, by: int) -> None:
        """The next section, or the one before."""
        sections = self.query_one(TabbedContent)
        names = [pane.id or "" for pane in self.query(Pane)]
        if sections.display:
            sections.active = names[(names.index(sections.active) + by) % len(names)]
            self._focus_section()

    async def on_pane_fact_wanted(self, event: Pane.FactWanted) -> None:
        """Go to the fact, where it can be looked at and changed."""
        self.andraeus.wanted_fact = event.fact_id
        await self.andraeus.action_step("facts")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean nothing now are not offered."""
        found = self._overview
        if action == "stop":
            return self._bar.working or self._more_rows.working
        if action == "examine":
            return not self._bar.working and found is not None and found.run is not None
        if action in {"compare", "more_rows", "rate", "open_report", "where_report", "section"}:
            free = action != "more_rows" or not self._more_rows.working
            return free and found is not None and found.examined is not None
        return True

    def action_pick_run(self) -> None:
        """Another run."""
        found = self._overview
        if found is None or found.run is None:
            self.notify("There is no trained model yet.", markup=False)
            return
        self.app.push_screen(PickRun("Which run?", found.runs, found.run.name), self._picked)

    def _picked(self, name: str | None) -> None:
        if name:
            self._wanted = name
            self._load()

    def action_compare(self) -> None:
        """A run to put beside this one."""
        found = self._overview
        others = [run for run in found.runs if run.evaluated and run != found.run] if found else []
        if not others:
            self.notify("There is no other run that was examined.", severity="warning", markup=False)
            return
        self.app.push_screen(PickRun("Compare with which run?", others, self._beside), self._put_beside)

    def _put_beside(self, name: str | None) -> None:
        if name:
            self._beside = name
            self.query_one(TabbedContent).active = "compare"
            self._load()

    def action_rate(self) -> None:
        """People judge answers without knowing whose they are."""
        if self._overview and self._overview.run:
            begin_rating(self, self._overview.run, self._overview.runs)

    def action_examine(self) -> None:
        """Start an examination; when there is evidence already, ask first: it takes its place."""
        found = self._overview
        if found is None or found.run is None:
            return
        if found.examined is None:
            self._examine(True)
            return
        seconds = found.examined.evaluation.seconds
        question = f"This run was examined already. Do it again? It took {seconds:.0f} seconds last time."
        self.app.push_screen(Confirm(question, "Examine again"), self._examine)

    def _examine(self, wanted: bool | None) -> None:
        if wanted and self._overview and self._overview.run:
            self._bar.start(self.project, self._overview.run)
            self.refresh_bindings()

    def action_stop(self) -> None:
        """Stop what is at work; pressed again, at once."""
        self._bar.stop()
        self._more_rows.stop()

    def on_examination_bar_done(self) -> None:
        """Show what came of it."""
        self._load()

    def action_more_rows(self) -> None:
        """More wordings for just the facts that failed; they wait for review like all others."""
        if self._overview and self._overview.examined:
            self._more_rows.begin(self._overview.examined)

    def on_unmount(self) -> None:
        """Leave no worker behind."""
        self._more_rows.stop()

    def action_where_report(self) -> None:
        """Where the report lies."""
        if self._overview and self._overview.run:
            tell_where(self, self._overview.run.folder)

    @work(exclusive=True, group="report", exit_on_error=False)
    async def action_open_report(self) -> None:
        """Open the report in a browser."""
        if self._overview and self._overview.run:
            await open_report(self, self._overview.run.folder)
