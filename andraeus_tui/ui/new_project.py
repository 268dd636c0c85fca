"""A new project in three answers on one form."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Input, RadioSet, Static
from textual.worker import Worker, WorkerState

from andraeus_tui.beginning import ModelSource, begin, folder_problem, free_folder, model_problem
from andraeus_tui.files import typed_path
from andraeus_tui.importing import refuse_if_useless
from andraeus_tui.project import Project
from andraeus_tui.recent import tilde
from andraeus_tui.ui.base import tell, telling
from andraeus_tui.ui.import_preview import FactsSource
from andraeus_tui.ui.keys import KeyBar
from andraeus_tui.ui.marks import Choice
from schemas.errors import AndraeusError

_WELCOME = """Andraeus teaches a language model facts about you, until it knows them.
Nothing leaves this computer. Three answers make your first project."""
_MODELS = {
    ModelSource.EMBEDDED: "embedded: small, comes with Andraeus, trains in minutes on any computer",
    ModelSource.FOLDER: "local folder: a model that you have on this computer",
    ModelSource.HUB: "hub name: a model that 'andraeus-tui fetch' downloads once",
}
_NAMES = {
    ModelSource.FOLDER: "~/models/my-model",
    ModelSource.HUB: "Qwen/Qwen2.5-0.5B-Instruct",
    ModelSource.EMBEDDED: "",
}


class NewProject(Screen[Path | None]):
    """Folder, model, facts; gives the folder of the project that was made."""

    VERTICAL_BREAKPOINTS = [(0, "-low"), (34, "-tall")]  # noqa: RUF012 (Textual's own declaration)
    HELP = """
# A new project

**Folder**: where the project's files go. Only you can read them.

**Model**: *embedded* works at once. A *local folder* holds config.json and the weights. A *hub name* is downloaded
once with `andraeus-tui fetch`.

**Facts**: a file or pasted text, or nothing: facts can be added later. The preview shows what will be taken.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "make", "Make the project", priority=True),
        Binding("escape", "cancel", "Back"),
    ]
    CSS = """
    NewProject #form { padding: 0 1; }
    NewProject #welcome { height: auto; margin-bottom: 1; text-style: bold; }
    NewProject .question { height: auto; text-style: bold; }
    NewProject .answer, NewProject FactsSource { margin-left: 2; }
    NewProject Input { background: $boost; }
    NewProject RadioSet { height: 3; width: 1fr; }
    NewProject .problem { height: auto; margin-left: 2; color: $text-error; text-style: bold; }
    NewProject .-none { display: none; }
    NewProject #pasted { height: 3; }
    NewProject #preview { height: 5; }
    NewProject.-tall #pasted, NewProject.-tall #preview { height: 9; }
    NewProject .buttons { height: auto; }
    NewProject .buttons Button { margin-right: 2; }
    """

    def __init__(self, welcome: bool) -> None:
        super().__init__()
        self._welcome = welcome
        self._waiting = self._making = False

    def compose(self) -> ComposeResult:
        """Three questions with what is wrong with their answers, and two buttons."""
        with VerticalScroll(id="form", can_focus=False):
            if self._welcome:
                yield Static(_WELCOME, markup=False, id="welcome")
            yield Static("1 Folder for the project's files", classes="question")
            yield Input(tilde(free_folder(Path.home())), id="folder", classes="answer", compact=True)
            yield Static("", markup=False, id="folder-problem", classes="problem -none")
            yield Static("2 Model to start from", classes="question")
            buttons = [Choice(text, value=source is ModelSource.EMBEDDED) for source, text in _MODELS.items()]
            yield RadioSet(*buttons, id="source", classes="answer", compact=True)
            yield Input("", id="model", classes="answer -none", compact=True)
            yield Static("", markup=False, id="model-problem", classes="problem -none")
            yield Static("3 Facts about you, now or later", classes="question")
            yield FactsSource([], can_replace=False, id="facts")
            with Horizontal(classes="buttons"):
                yield Button("Make the project (^s)", variant="primary", id="make", compact=True)
                yield Button("Back (esc)", id="cancel", compact=True)
        yield KeyBar()

    @property
    def _source(self) -> ModelSource:
        return tuple(_MODELS)[max(0, self.query_one("#source", RadioSet).pressed_index)]

    @property
    def _model(self) -> str:
        return "embedded" if self._source is ModelSource.EMBEDDED else self.query_one("#model", Input).value.strip()

    @on(RadioSet.Changed)
    def _choose_model(self) -> None:
        name = self.query_one("#model", Input)
        name.set_class(self._source is ModelSource.EMBEDDED, "-none")
        name.placeholder = _NAMES[self._source]
        self._tell("model", "")

    @on(Input.Changed, "#folder")
    @on(Input.Changed, "#model")
    def _typed(self) -> None:
        """The folder is judged at once; a model's name only when it is whole."""
        folder = self.query_one("#folder", Input).value
        self._tell("folder", folder_problem(folder))
        model = self.query_one("#model", Input).value
        self._tell("model", model_problem(self._source, model) if model else "")

    def _tell(self, name: str, problem: str) -> None:
        label = self.query_one(f"#{name}-problem", Static)
        label.update(f"\N{BALLOT X} {problem}")
        label.set_class(not problem, "-none")

    @on(FactsSource.Read)
    def _read(self) -> None:
        if self._waiting:
            self.action_make()

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        """Enter goes to the next answer: the project is made by its key or button."""
        if event.input.id in {"folder", "model"}:
            self.focus_next()
        else:
            self.action_make()

    def action_make(self) -> None:
        """Make the project; go to the first answer that is not right."""
        facts = self.query_one(FactsSource)
        self._waiting = facts.busy
        if facts.busy or self._making:
            return
        folder, model = self.query_one("#folder", Input).value.strip(), self._model
        wrong = {"folder": folder_problem(folder), "model": model_problem(self._source, model)}
        for name, problem in wrong.items():
            self._tell(name, problem)
        if first := next((name for name, problem in wrong.items() if problem), None):
            self.query_one(f"#{first}").focus()
            return
        with telling(self):
            if facts.problem:
                raise AndraeusError(facts.problem)
            if facts.found is not None:
                refuse_if_useless(facts.found, facts.name_of_source)
            found, label = facts.found, f"import {facts.name_of_source}"
            self._making = True
            self.run_worker(
                lambda: begin(typed_path(folder), model, found, label), thread=True, group="make", exit_on_error=False
            )

    @on(Worker.StateChanged)
    def _made(self, event: Worker.StateChanged) -> None:
        if event.state is WorkerState.SUCCESS:
            project: Project = event.worker.result  # type: ignore[assignment]
            self.dismiss(project.folder)
        elif event.state is WorkerState.ERROR:
            self._making = False
            tell(self, event.worker.error)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The same as the keys."""
        if event.button.id == "make":
            self.action_make()
        else:
            self.action_cancel()

    def action_cancel(self) -> None:
        """Back to the list of projects."""
        self.dismiss(None)
