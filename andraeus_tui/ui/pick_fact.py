"""Choose the fact that a wrong answer is about."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from andraeus_tui.conversation import harmless
from schemas.fact import USER, Fact

_VALUE_SHOWN = 120


class PickFact(ModalScreen[str | None]):
    """The likeliest facts; Enter or a click gives the id of one, Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    PickFact OptionList { height: auto; max-height: 12; margin: 1 0; }
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        super().__init__()
        self._facts = tuple(facts)

    def compose(self) -> ComposeResult:
        """The question and the facts."""
        with Vertical(classes="dialog"):
            yield Static("Which fact is meant? Enter shows it in the Facts step.", markup=False)
            yield OptionList(*(Option(_line(fact)) for fact in self._facts), markup=False, compact=True)
            yield Static("Escape: none of these", classes="hint", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """This one."""
        self.dismiss(self._facts[event.option_index].id)

    def action_cancel(self) -> None:
        """None of them."""
        self.dismiss(None)


def _line(fact: Fact) -> str:
    whose = "" if fact.subject == USER else f"{fact.subject}: "
    value = fact.text if len(fact.text) <= _VALUE_SHOWN else f"{fact.text[:_VALUE_SHOWN]} ..."
    return harmless(f"{whose}{fact.attribute} = {value}")
