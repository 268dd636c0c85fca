"""The form in which a fact is written: it suggests and explains while one types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Select, Static, TextArea

from andraeus_tui.drafts import Advice, Draft, advise, draft_of, drops_rows
from andraeus_tui.fact_view import RowCount, tier_text
from andraeus_tui.ui.dialogs import Confirm
from andraeus_tui.ui.keys import KeyBar
from schemas.errors import AndraeusError
from schemas.fact import Fact, Tier, ValueKind

_FIELDS = ("attribute", "value", "subject", "kind", "tier", "aliases", "questions", "source")
_NAMES = {"attribute": "Attribute", "value": "Value", "subject": "About", "kind": "Kind", "tier": "Tier",
          "aliases": "Also right", "questions": "Asked as", "source": "Source"}  # fmt: skip
_MARK = "\N{BALLOT X} "
_Choice = TypeVar("_Choice")


class FactForm(ModalScreen[Fact | None]):
    """A new fact, or one to edit. `save` stores it; what was typed stays when it cannot be stored."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("escape", "leave", "Cancel"),
    ]
    CSS = """
    FactForm .dialog { width: 78; max-width: 100%; max-height: 100%; padding: 0 1; }
    FactForm .field { height: auto; }
    FactForm Label { width: 12; }
    FactForm .field > Input, FactForm .field > TextArea, FactForm .field > Select { width: 1fr; }
    FactForm .field > Input, FactForm .field > TextArea { background: $boost; }
    FactForm #value { height: 3; padding: 0; }
    FactForm .hint { height: auto; margin-left: 12; }
    FactForm .hint.-none { display: none; }
    FactForm .hint.-fault { color: $text-error; text-style: bold; }
    """

    def __init__(
        self, others: Mapping[str, Fact], save: Callable[[Fact], None], edited: Fact | None, count: RowCount
    ) -> None:
        super().__init__()
        self._others, self._save, self._edited, self._count = others, save, edited, count
        self._first = draft_of(edited) if edited else Draft()
        self._advice = Advice(None)

    def compose(self) -> ComposeResult:
        """A line a field, each with room for what is to be said about it."""
        first = self._first
        kinds = [(kind.value, kind) for kind in ValueKind]
        tiers = [(tier_text(tier), tier) for tier in Tier]
        fields: dict[str, Widget] = {
            "attribute": Input(first.attribute, placeholder="employer, pet name, birthday", id="attribute", compact=True),
            "value": TextArea(first.value, placeholder="one value; several lines are a list", id="value", compact=True),
            "subject": Input(first.subject, placeholder="you; or a relation (sister) or a name", id="subject", compact=True),
            "kind": Select(kinds, prompt="by rule", value=first.kind or Select.NULL, id="kind", compact=True),
            "tier": Select(tiers, prompt="by rule", value=first.tier or Select.NULL, id="tier", compact=True),
            "aliases": Input(
                first.aliases, placeholder=r"other spellings of it; | between them, \| for | itself", id="aliases", compact=True
            ),
            "questions": Input(
                first.questions, placeholder=r"how you would ask; | between questions, \| for | itself", id="questions", compact=True
            ),
            "source": Input(first.source, placeholder="where you know it from", id="source", compact=True),
        }  # fmt: skip
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Static("Edit the fact" if self._edited else "Add a fact", classes="title")
            for name, field in fields.items():
                with Horizontal(classes="field"):
                    yield Label(_NAMES[name])
                    yield field
                yield Static("", markup=False, id=f"{name}-hint", classes="hint -none")
            yield Static("", markup=False, id="rows-hint", classes="hint -none")
            with Horizontal(classes="buttons"):
                yield Button("Save (^s)", variant="primary", id="save", compact=True)
                yield Button("Cancel (esc)", id="cancel", compact=True)
        yield KeyBar()

    def on_mount(self) -> None:
        """What the rules say of the fact as it is."""
        self._judge()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Select.Changed)
    def _judge(self) -> None:
        draft = self._draft()
        self._advice = advice = advise(draft, self._others, self._edited)
        self._select("kind").prompt = f"by rule{_rule(advice.kind, draft.kind)}"
        self._select("tier").prompt = f"by rule{_rule(advice.tier, draft.tier)}"
        said = {"attribute": advice.wordings, "kind": advice.kind, "tier": advice.tier, "questions": advice.questions}
        for name in _FIELDS:
            self._hint(name, advice.problems.get(name, ""), said.get(name, ""))
        self._hint("rows", "", self._loss(advice.fact))

    def _hint(self, name: str, problem: str, text: str) -> None:
        hint = self.query_one(f"#{name}-hint", Static)
        hint.update(f"{_MARK}{problem}" if problem else text)
        hint.set_class(not (problem or text), "-none")
        hint.set_class(bool(problem), "-fault")

    def _loss(self, fact: Fact | None) -> str:
        if fact is None or self._edited is None or not self._count.rows or not drops_rows(fact, self._edited):
            return ""
        return (
            f"Saving drops the {self._count.rows} training rows made from the old fact "
            f"({self._count.approved} approved). Undo brings them back."
        )

    def _draft(self) -> Draft:
        return Draft(
            attribute=self.query_one("#attribute", Input).value,
            value=self.query_one("#value", TextArea).text,
            subject=self.query_one("#subject", Input).value,
            kind=_chosen(self._select("kind")),
            tier=_chosen(self._select("tier")),
            aliases=self.query_one("#aliases", Input).value,
            questions=self.query_one("#questions", Input).value,
            source=self.query_one("#source", Input).value,
        )

    def _select(self, name: str) -> Select[Any]:
        return self.query_one(f"#{name}", Select)

    @on(Input.Submitted)
    def action_save(self) -> None:
        """Store the fact, or go to the first field that is not right."""
        advice = self._advice = advise(self._draft(), self._others, self._edited)
        if advice.fact is None:
            for name in advice.missing:
                self._hint(name, "must be filled", "")
            wrong = next(name for name in _FIELDS if name in advice.problems or name in advice.missing)
            self.query_one(f"#{wrong}").focus()
            return
        try:
            self._save(advice.fact)
        except AndraeusError as error:
            self.notify(str(error), severity="error", markup=False, timeout=8)
            return
        self.dismiss(advice.fact)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The same as the keys."""
        if event.button.id == "save":
            self.action_save()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave without saving; asks first when something was typed."""
        if self._draft() == self._first:
            self.dismiss(None)
            return

        def answered(sure: bool | None) -> None:
            if sure:
                self.dismiss(None)

        self.app.push_screen(Confirm("Throw away what you typed?", yes="Throw away", no="Go on writing"), answered)


def _chosen(select: Select[_Choice]) -> _Choice | None:
    return None if select.is_blank() else select.value  # type: ignore[return-value]


def _rule(said: str, chosen: object) -> str:
    """ "kind date: ..." -> ": date", as long as the rule decides."""
    return f": {said.partition(':')[0].partition(' ')[2]}" if said and chosen is None else ""
