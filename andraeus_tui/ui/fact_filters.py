"""Which facts are shown: words to search for, a tier, a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Select

from andraeus_tui.fact_view import FactList, tier_text
from schemas.fact import Fact, Tier


class FactFilters(Horizontal):
    """A search and two choices on one line."""

    DEFAULT_CSS = """
    FactFilters { height: 1; }
    FactFilters #search { width: 1fr; }
    FactFilters #tier { width: 18; }
    FactFilters #owner { width: 20; }
    """

    class Changed(Message):
        """Other facts are wanted."""

    class Done(Message):
        """Enter in the search: the person wants to go to what was found."""

    _owners: Sequence[str] = ()

    def compose(self) -> ComposeResult:
        """The three of them."""
        yield Input(placeholder="/ to search", id="search", compact=True)
        yield Select([(tier_text(tier), tier) for tier in Tier], prompt="all tiers", id="tier", compact=True)
        yield Select[str]([], prompt="everyone", id="owner", compact=True)

    def passing(self, facts: FactList) -> tuple[Fact, ...]:
        """The facts that are wanted."""
        return facts.find(
            self.query_one("#search", Input).value,
            self._chosen("tier"),
            self._chosen("owner"),
        )

    def offer(self, owners: Sequence[str]) -> None:
        """Whom to choose from. A person about whom nothing is left is no longer chosen."""
        if owners == self._owners:
            return
        self._owners = owners
        select = self._select("owner")
        chosen = select.value
        with self.prevent(Select.Changed):
            select.set_options([(Text(owner), owner) for owner in owners])
            if chosen in owners:
                select.value = chosen
        if chosen != select.value:
            self.post_message(self.Changed())

    def clear(self) -> None:
        """Let everything pass, without a word about it."""
        with self.prevent(Input.Changed, Select.Changed):
            self.query_one("#search", Input).value = ""
            self._select("tier").clear()
            self._select("owner").clear()

    def search(self) -> None:
        """Go to the search."""
        self.query_one("#search").focus()

    def next_tier(self) -> None:
        """The next tier alone, after the last one all."""
        _next(self._select("tier"), list(Tier))

    def next_owner(self, owners: Sequence[str]) -> None:
        """The next person alone, after the last one all."""
        _next(self._select("owner"), list(owners))

    def _select(self, name: str) -> Select[Any]:
        return self.query_one(f"#{name}", Select)

    def _chosen(self, name: str) -> Any:
        select = self._select(name)
        return None if select.is_blank() else select.value

    @on(Input.Changed)
    @on(Select.Changed)
    def _changed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Done())


def _next(select: Select[Any], values: list[Any]) -> None:
    choices = [Select.NULL, *values]
    select.value = choices[(choices.index(select.value) + 1) % len(choices)]
