"""The Generate step: rows are made from the facts, and shown as they come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, ProgressBar, Select, Static, Switch

from andraeus_tui.generating import Generation, Making, fold
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import count_rows
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.making_text import about, counts, end_text
from andraeus_tui.ui.row_text import made_cells, states_text
from andraeus_tui.ui.table import Column, WindowTable
from andraeus_tui.ui.writer_form import WriterForm
from schemas.errors import AndraeusError
from schemas.events import Failed
from schemas.row import ReviewState
from schemas.settings import wordings_of

_PAINT_SECONDS = 0.1
_COUNT_EVERY = 5
"""Paints between two countings of all rows."""
_NARROW = (Column("kind", 10), Column("question"), Column("answer", 28))
_WIDE = (Column("for", 8), Column("kind", 10), Column("question"), Column("answer", 44))
_WIDE_FROM = 100


class GenerateScreen(ProjectScreen):
    """Start and stop a generation; it goes on while other steps are in front."""

    STEP = "generate"
    AUTO_FOCUS = "#newest"
    HELP = """
# Generate

Questions and answers are made from your facts. Each one is a *row*. Checks refuse rows that are no good.

- **s** starts, **Escape** stops. Rows that were accepted are kept, and the next start goes on from there.
- **b** chooses who writes the questions: templates, the base model through vLLM (it needs a GPU), or a model behind an
  address (**u**) such as http://127.0.0.1:11434/v1. *auto* takes the best of them, and the line above says which and why.
- **v** changes how many wordings a fact gets, at most. Empty: as many as so many facts are trained best with.
- **p** switches *approve what passes all checks*. Rows that are not approved wait for you in the Review step.
- Making rows again keeps what you decided. Rows that fit no fact any more go away.

You can go to other steps while rows are made.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start"),
        Binding("escape", "cancel", "Stop"),
        Binding("v", "variations", "Wordings"),
        Binding("p", "approve", "Approve on/off"),
        Binding("b", "backend", "Writer", show=False),
        Binding("u", "endpoint", "Address", show=False),
    ]
    DEFAULT_CSS = """
    GenerateScreen {
        & #about { height: auto; max-height: 4; padding: 0 1; }
        & .form { height: 1; padding: 0 1; }
        & .form Static { width: auto; margin-right: 1; }
        & #approve { border: none; height: 1; padding: 0; width: 10; background: transparent; }
        & #approve:focus { border: none; background: $boost; }
        & #approved { width: 4; margin-right: 2; }
        & .form Button { margin-right: 2; min-width: 9; }
        & #problem { height: auto; padding: 0 1; color: $text-error; text-style: bold; }
        & #doing { height: auto; max-height: 5; margin-top: 1; padding: 0 1; }
        & #bar { width: 28; margin-right: 2; }
        & #bar Bar { width: 22; }
        & #doing Static { width: 1fr; }
        & #counts { height: auto; max-height: 6; padding: 0 1; }
        & #newest { min-height: 4; margin-top: 1; }
        & #states { height: 4; padding: 0 1; background: $panel; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._folder: Path | None = None
        """The project that is shown."""
        self._generation: Generation | None = None
        self._making = Making()
        self._at: Path | None = None
        """The project that the generation belongs to."""
        self._painted: Making | None = None
        self._paints = 0

    def body(self) -> ComposeResult:
        """What there is, what to make, how far it is, what came."""
        yield Static("", markup=False, id="about")
        yield WriterForm()
        with Horizontal(classes="form"):
            yield Static("Approve what passes all checks", markup=False)
            yield Switch(id="approve", animate=False)
            yield Static("no", markup=False, id="approved")
            yield Button("Start (s)", variant="primary", compact=True, id="start")
            yield Button("Stop", compact=True, id="stop", disabled=True)
        yield Static("", markup=False, id="problem")
        with Horizontal(id="doing"):
            yield ProgressBar(total=1, show_eta=False, id="bar")
            yield Static("", markup=False, id="stage")
        yield Static("", markup=False, id="counts")
        yield WindowTable(_NARROW, id="newest")
        yield Static("", markup=False, id="states")

    def on_mount(self) -> None:
        """Events are folded as they come and painted ten times a second."""
        self.set_interval(_PAINT_SECONDS, self._tick)

    def on_unmount(self) -> None:
        """Whoever leaves the app stops it; what was accepted is stored."""
        if self._generation:
            self._generation.stop()

    def show(self) -> None:
        """The facts and settings as they are now."""
        if self.project.folder != self._folder:
            self._folder = self.project.folder
            if self._generation is None:
                self._making = Making()
        self.query_one(WriterForm).show(self.project.settings.generation)
        self._check()
        self._say_about()
        self._painted = None
        self._tick()

    # The form

    def _say_about(self) -> None:
        settings = self.project.settings
        generation = settings.generation
        with self.telling():
            facts = all_facts(self.database)
            self.query_one("#about", Static).update(about(facts, generation, settings.model.name))
            usual = wordings_of(generation, settings.recipe.preset)
            self.query_one(WriterForm).explain(generation, usual)

    @on(Input.Changed)
    def _check(self) -> None:
        problem = self.query_one(WriterForm).problem
        self.query_one("#problem", Static).update(problem)
        self.query_one("#problem").display = bool(problem)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if not self.query_one("#problem").display:
            self.query_one(WindowTable).focus()

    @on(Input.Blurred)
    @on(Select.Changed, "#backend")
    def _keep(self) -> None:
        """Save what is valid in project.toml."""
        if not self.andraeus.has_project:
            return
        with self.telling():
            self.query_one(WriterForm).keep(self.project)
        self._say_about()

    def action_variations(self) -> None:
        """Go to the number of wordings."""
        self.query_one("#variations").focus()

    def action_backend(self) -> None:
        """Go to the writers."""
        self.query_one("#backend").focus()

    def action_endpoint(self) -> None:
        """Go to the address of a model, when one is asked for."""
        self.query_one("#endpoint").focus()

    def action_approve(self) -> None:
        """Whether rows that pass all checks need no review."""
        self.query_one("#approve", Switch).toggle()

    @on(Switch.Changed, "#approve")
    def _say_approve(self, event: Switch.Changed) -> None:
        self.query_one("#approved", Static).update("yes" if event.value else "no")

    # Start and stop

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        """Make the rows."""
        if self._generation:
            self.notify("Rows are being made already.", markup=False)
            return
        if self.query_one(WriterForm).focus_problem():
            return
        self._keep()
        state = ReviewState.APPROVED if self.query_one("#approve", Switch).value else ReviewState.PENDING
        generation = Generation(self.project, self.project.settings.generation, state)
        self._generation, self._at = generation, self.project.folder
        self.andraeus.generations.add(generation)
        self._making = Making(text="Starting")
        self.query_one(WindowTable).focus()
        # On the app: the rows keep coming while another step is in front.
        self.app.run_worker(lambda: self._make(generation), thread=True, exit_on_error=False, group="generate")

    @on(Button.Pressed, "#stop")
    def action_cancel(self) -> None:
        """Stop making rows."""
        if self._generation:
            self._making = replace(self._making, text="Stopping")
            self._generation.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that make no sense now are dimmed."""
        if action in {"start", "cancel"}:
            return True if (action == "cancel") == (self._generation is not None) else None
        return True

    def _make(self, generation: Generation) -> None:
        """In a thread: fold every event into a new frozen state."""
        try:
            for event in generation.events():
                self._making = fold(self._making, event)
        except AndraeusError as error:
            self._making = replace(self._making, end=Failed(kind="error", message=error.message, hint=error.hint))
        except Exception as error:
            end = Failed(kind="error", message=f"Something went wrong ({type(error).__name__}).")
            self._making = replace(self._making, end=end)
        self._generation = None
        self.andraeus.generations.discard(generation)

    # Painting

    def _tick(self) -> None:
        """Paint what is new. Who is at another step is told when it ends."""
        making = self._making
        if making is self._painted or not self.andraeus.has_project:
            return
        if not self.is_current:
            if making.end and (self._painted is None or self._painted.end is not making.end):
                self._painted = making
                self.notify(end_text(making), title="Generate", markup=False)
            return
        self._paints += 1
        if making.end or self._painted is None or self._paints % _COUNT_EVERY == 0:
            self.query_one("#states", Static).update(states_text(count_rows(self.database)))
        self._painted = making
        self._paint(making)

    def _paint(self, making: Making) -> None:
        elsewhere = self._generation is not None and self._at != self._folder
        running = self._generation is not None
        self.query_one("#bar", ProgressBar).update(total=making.total or None, progress=making.done)
        self.query_one("#doing").display = bool(making.text)
        place = f" for the project {self._at.name}" if elsewhere and self._at else ""
        self.query_one("#stage", Static).update(end_text(making) if making.end else f"{making.text}{place}")
        self.query_one("#counts", Static).update(counts(making))
        self.query_one("#counts").display = bool(making.text)
        rows = making.newest
        cells = [made_cells(row) if self.size.width >= _WIDE_FROM else made_cells(row)[1:] for row in rows]
        table = self.query_one("#newest", WindowTable)
        table.set_columns(_WIDE if self.size.width >= _WIDE_FROM else _NARROW)
        table.set_rows(len(rows), lambda offset, limit: cells[offset : offset + limit])
        self.query_one("#start", Button).disabled = running
        self.query_one("#stop", Button).disabled = not running
        self.refresh_bindings()

    def on_resize(self) -> None:
        """More columns where there is room."""
        self._painted = None
