"""The line at the bottom: the keys that do something now. One widget that paints text, because the line changes with
every step and every focus, and a widget a key would cost more than the step itself."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, TextArea

_GAP = 2


class KeyBar(Widget):
    """Key and name of every shown binding that is enabled; a click presses the key. Help and palette are always there."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"key-bar--key"}
    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        color: $footer-description-foreground;
        background: $footer-background;
        &:hover { text-style: none; }
        & > .key-bar--key { color: $footer-key-foreground; text-style: bold; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        """Paint anew when other keys work."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Text:
        """The step's keys from the left as far as they fit, the app's on the right."""
        left, right = self._keys()
        style = self.get_component_rich_style("key-bar--key", partial=True)
        line = Text(" ", no_wrap=True, end="")
        self._spans = []
        room = self.size.width - 1 - sum(_width(shown, name) for shown, name, _ in right)
        for shown, name, key in left:
            if line.cell_len + _width(shown, name) > room:
                line.append("\N{HORIZONTAL ELLIPSIS}")
                break
            self._add(line, style, shown, name, key)
        line.append(" " * max(0, room + 1 - line.cell_len))
        for shown, name, key in right:
            self._add(line, style, shown, name, key)
        return line

    def _keys(self) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
        """(shown key, name, key) of the bindings on the left and on the right; one of each action."""
        left: list[tuple[str, str, str]] = []
        right: list[tuple[str, str, str]] = []
        told = set[str]()
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            palette = binding.key == self.app.COMMAND_PALETTE_BINDING
            if (binding.show or palette) and enabled and binding.action not in told:
                told.add(binding.action)
                name = "Palette" if palette else binding.description
                shown, key = self.app.get_key_display(binding), binding.key
                if binding.action == "toggle_help" and isinstance(self.screen.focused, Input | TextArea):
                    shown, key = "F1", "f1"  # a "?" would be typed
                (right if node is self.app else left).append((shown, name, key))
        return left, right

    def _add(self, line: Text, style: object, shown: str, name: str, key: str) -> None:
        begin = line.cell_len
        line.append(shown, style)  # type: ignore[arg-type]
        line.append(f" {name}")
        self._spans.append((begin, line.cell_len, key))
        line.append(" " * _GAP)

    def on_click(self, event: Click) -> None:
        """The key under the mouse."""
        for begin, end, key in self._spans:
            if begin <= event.x < end:
                self.app.simulate_key(key)


def _width(shown: str, name: str) -> int:
    return cell_len(shown) + 1 + cell_len(name) + _GAP
