"""Labels that change at every key, and text of others on them."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static

_JOINERS = "\u200c\u200d"


def legible(text: str) -> str:
    """The text with what cannot be seen marked: no fact, row or answer may steer the terminal or turn its lines around."""
    return "".join(
        char if char.isprintable() or char in "\n\t" or char in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )


def retell(label: Static, text: str | Text) -> None:
    """Give a label another text. The screen is laid out anew only when the label needs another height for it."""
    text = legible(text) if isinstance(text, str) else text
    if text == label.content:
        return
    label.update(text, layout=False)
    label.clear_cached_dimensions()
    width, height = label.size
    if not width or label.get_content_height(label.container_size, label.app.size, width) != height:
        label.refresh(layout=True)
