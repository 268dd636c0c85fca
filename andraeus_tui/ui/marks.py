"""Boxes to tick and buttons to choose from that show their state by a mark: Textual's own show it by colour alone."""

from __future__ import annotations

from textual.widgets import Checkbox, RadioButton


class Tick(Checkbox):
    """A cross when it is on, nothing when it is off."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 (Textual's name)
        """The mark."""
        return "X" if self.value else " "


class Choice(RadioButton):
    """A dot when it is chosen."""

    @property
    def BUTTON_INNER(self) -> str:  # type: ignore[override]  # noqa: N802 (Textual's name)
        """The mark."""
        return "\N{BLACK CIRCLE}" if self.value else " "
