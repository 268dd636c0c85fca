"""Labels that change at every key."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


def retell(label: Static, text: str | Text) -> None:
    """Give a label another text. The screen is laid out anew only when the label needs another height for it."""
    if text == label.content:
        return
    label.update(text, layout=False)
    label.clear_cached_dimensions()
    width, height = label.size
    if not width or label.get_content_height(label.container_size, label.app.size, width) != height:
        label.refresh(layout=True)
