"""The help panel: what the step in front is for, and every key that works there."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import HelpPanel, Static


class Help(HelpPanel):
    """Textual's panel, whole and not cut at half of the height: it scrolls by wheel and by key."""

    DEFAULT_CSS = """
    Help {
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        padding: 0 1;
        & .hint { height: auto; }
        & #widget-help { max-height: 500; margin: 0; padding: 0; background: transparent; }
        & #widget-help MarkdownBlock { padding: 0 1 0 0; }
        & KeyPanel#keys-help { height: auto; overflow: hidden hidden; align: left top; }
    }
    """

    def compose(self) -> ComposeResult:
        """How to handle the panel, then Textual's help and keys."""
        yield Static("? closes. Alt+\N{UPWARDS ARROW} and Alt+\N{DOWNWARDS ARROW} scroll.", classes="hint")
        yield from super().compose()
