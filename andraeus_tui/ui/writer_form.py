"""Who writes the questions, how many of them, and where a model answers: three settings, as the Generate step has them."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Select, Static

from andraeus_tui.project import Project, change_setting
from andraeus_tui.settings_form import Reading, Setting, all_settings, as_text, read
from schemas.settings import Backend, GenerationSettings

_TYPED = ("variations", "endpoint")


def _setting(key: str) -> Setting:
    return next(one for one in all_settings() if one.name == f"generation.{key}")


class WriterForm(Vertical):
    """Its fields tell of a change with their own messages; `keep` stores what is valid."""

    DEFAULT_CSS = """
    WriterForm {
        height: auto;
        margin-top: 1;
        & #backend { width: 15; margin-right: 2; }
        & #variations { width: 8; margin-right: 2; background: $boost; }
        & #endpoint { width: 1fr; background: $boost; }
    }
    """

    def compose(self) -> ComposeResult:
        """One line, and one for the address."""
        with Horizontal(classes="form"):
            yield Static("Writer", markup=False)
            writers = [(backend.value, backend) for backend in Backend]
            yield Select(writers, allow_blank=False, compact=True, id="backend")
            yield Static("Wordings a fact", markup=False)
            yield Input(compact=True, id="variations", max_length=4)
        with Horizontal(classes="form", id="address"):
            yield Static("Its address", markup=False)
            yield Input(compact=True, id="endpoint", placeholder="http://127.0.0.1:8000/v1", max_length=500)

    def show(self, settings: GenerationSettings) -> None:
        """The settings as they are."""
        with self.prevent(Input.Changed, Select.Changed):
            self.query_one("#variations", Input).value = as_text(settings.variations)
            self.query_one("#backend", Select).value = settings.backend
            self.query_one("#endpoint", Input).value = settings.endpoint

    def explain(self, settings: GenerationSettings, usual: int) -> None:
        """Whether there is an address to ask for, and the number of wordings that an empty field stands for."""
        self.query_one("#address").display = settings.backend in {Backend.AUTO, Backend.ENDPOINT}
        self.query_one("#variations", Input).placeholder = str(usual)

    def keep(self, project: Project) -> None:
        """Save what is valid in project.toml. Raises InputError when the file does not allow it."""
        given = {key: reading.value for key in _TYPED if not (reading := self._written(key)).problem}
        given["backend"] = str(self.query_one("#backend", Select).value)
        present = project.settings.generation.model_dump(mode="json")
        for key, value in given.items():
            if value != present[key]:
                change_setting(project, "generation", key, value)

    @property
    def problem(self) -> str:
        """What is wrong with what is typed, in a sentence."""
        if self._written("endpoint").problem:
            return "The address should look like http://127.0.0.1:8000/v1."
        wrong = self._written("variations").problem
        return f"Wordings a fact: {wrong} ({_setting('variations').bounds})." if wrong else ""

    def focus_problem(self) -> bool:
        """Go to the first field that is wrong; whether there is one."""
        wrong = [key for key in _TYPED if self._written(key).problem]
        if wrong:
            self.query_one(f"#{wrong[0]}").focus()
        return bool(wrong)

    def _written(self, key: str) -> Reading:
        return read(_setting(key), self.query_one(f"#{key}", Input).value)
