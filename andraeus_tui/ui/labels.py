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
    """Give a label another text. The screen is laid out anew only when the label needs another height for it.

    A label with a least height has room to spare: it needs another one only when the text, old or new, is longer.
    """
    text = legible(text) if isinstance(text, str) else text
    if text == label.content:
        return
    label.update(text, layout=False)
    label.clear_cached_dimensions()
    width, height = label.size
    needed = label.get_content_height(label.container_size, label.app.size, width)
    roomy = label.styles.min_height is not None and max(needed, height) <= label.container_size.height
    if not width or (needed != height and not roomy):
        label.refresh(layout=True)
