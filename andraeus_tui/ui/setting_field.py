"""One setting on the form: its name, a field to fill in, where the value comes from, its help, and what is wrong with it."""

from __future__ import annotations

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static, Switch, TextArea

from andraeus_tui.settings_form import Kind, Reading, Setting, Value, as_text, read


class SettingField(Widget):
    """Tells what a person gives with `Given` as soon as they leave the field, press Enter or choose."""

    DEFAULT_CSS = """
    SettingField {
        layout: grid;
        grid-size: 3;
        grid-columns: 18 1fr 17;
        grid-rows: auto;
        grid-gutter: 0 1;
        height: auto;
        margin-bottom: 1;
        & > .name { height: 1; width: auto; }
        & > .state { height: 1; color: $text-muted; }
        & > .state:hover { text-style: reverse; }
        & > .help { column-span: 3; height: auto; color: $text-muted; padding-left: 2; }
        & > Input { background: $boost; padding: 0 1; max-width: 64; }
        & > TextArea { height: 4; min-height: 4; background: $boost; max-width: 64; }
        & > Switch { border: none; height: 1; padding: 0; width: 10; }
        & > Switch:focus { border: none; }
        & > Select { height: 1; max-width: 64; }
        & SelectCurrent { height: 1; background: $boost; }
        &.-in > .name { text-style: bold reverse; }
    }
    """

    class Given(Message):
        """A valid value that is not the stored one. None: leave it open."""

        def __init__(self, setting: Setting, value: Value) -> None:
            super().__init__()
            self.setting, self.value = setting, value

    class Unset(Message):
        """The default is wanted back."""

        def __init__(self, setting: Setting) -> None:
            super().__init__()
            self.setting = setting

    def __init__(self, setting: Setting, stored: Value, in_force: Value) -> None:
        super().__init__(id=f"{setting.section}-{setting.key}")
        self.setting = setting
        self.reading = Reading(stored)
        self._told = ""
        self._stored, self._in_force = stored, in_force
        self._control = self._make_control()

    def on_mount(self) -> None:
        """Show the first value."""
        self.put_back()

    def compose(self) -> ComposeResult:
        """The line, and the help with room for a problem."""
        yield Static(self.setting.key.replace("_", " "), classes="name", markup=False)
        yield self._control
        yield Static("", classes="state", markup=False)
        yield Static(self._help(), classes="help", markup=False)

    def _help(self) -> str:
        bounds = f" {self.setting.bounds[:1].upper()}{self.setting.bounds[1:]}." if self.setting.bounds else ""
        default = "the preset's" if self.setting.is_presets else as_text(self.setting.default) or "empty"
        told = "" if self.setting.is_optional and not self.setting.is_presets else f" Default: {default}."
        return f"{self.setting.help}{bounds}{told}".strip()

    def _make_control(self) -> Widget:
        match self.setting.kind:
            case Kind.TEXT:
                return TextArea(compact=True, show_line_numbers=False)
            case Kind.CHOICE:
                choices = [(choice, choice) for choice in self.setting.choices]
                return Select(choices, allow_blank=False, value=as_text(self._in_force), compact=True)
            case Kind.SWITCH:
                return Switch(bool(self._in_force), animate=False)
            case _:
                return Input(compact=True)

    def put(self, stored: Value, in_force: Value) -> None:
        """Show what the file says. What a person is typing and is not valid yet stays."""
        if (stored, in_force) == (self._stored, self._in_force) and not self.is_waiting:
            return
        self._stored, self._in_force = stored, in_force
        if not self.reading.problem:
            self.put_back()

    def put_back(self) -> None:
        """Show the stored value instead of what was typed."""
        match control := self._control:
            case Input():
                control.placeholder = as_text(self._in_force) if self._stored is None else ""
                control.value = as_text(self._stored)
            case TextArea():
                # Loading forgets what can be undone in the field, so only what differs is loaded.
                if control.text != as_text(self._stored):
                    control.load_text(as_text(self._stored))
            case Select():
                control.value = as_text(self._in_force)
            case Switch():
                control.value = bool(self._in_force)
        self._read(self._typed())

    @property
    def is_changed(self) -> bool:
        """Whether the field holds something else than what is stored."""
        return self._typed() != self._shown()

    @property
    def is_waiting(self) -> bool:
        """Whether it holds a valid value that is not saved yet."""
        return self.is_changed and not self.reading.problem

    def _shown(self) -> str:
        by_choice = self.setting.kind in {Kind.CHOICE, Kind.SWITCH}
        return as_text(self._in_force if by_choice else self._stored)

    def _typed(self) -> str:
        match self._control:
            case Input(value=value):
                return value
            case TextArea(text=text):
                return text
            case Switch(value=on):
                return as_text(on)
            case Select(value=value):
                return str(value)
        return ""

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typing(self) -> None:
        self._read(self._typed())

    def _read(self, text: str) -> None:
        self.reading = read(self.setting, text) if self.is_changed else Reading(self._stored)
        problem = self.reading.problem
        if problem != self._told:
            self._told = problem
            help = Text(self._help())
            if problem:
                help.append(f"\nNot saved: {problem}.", "bold")
            self.query_one(".help", Static).update(help)
            self._show_whole()
        self.query_one(".state", Static).update(self._state())

    def _show_whole(self) -> None:
        """The help and the problem stand below the field, and may be out of sight."""
        self.call_after_refresh(self.scroll_visible, animate=False)

    def _is_set(self) -> bool:
        return self._stored != self.setting.default

    def _state(self) -> str:
        if self.reading.problem:
            return "not valid"
        if self.is_changed:
            return "not saved"
        origin = "set (reset)" if self._is_set() else "preset" if self.setting.is_presets else "default"
        return f"{self._shown()}, {origin}" if self.setting.kind is Kind.SWITCH else origin

    def on_descendant_focus(self) -> None:
        """The name is marked while the cursor is here."""
        self.add_class("-in")
        self._show_whole()

    def on_descendant_blur(self) -> None:
        """Leaving the field saves it."""
        self.remove_class("-in")
        self.give()

    @on(Input.Submitted)
    def give(self) -> None:
        """Tell the typed value if it is valid and not the stored one."""
        if self.is_waiting:
            self.post_message(self.Given(self.setting, self.reading.value))

    @on(Select.Changed)
    @on(Switch.Changed)
    def _chosen(self) -> None:
        self._read(self._typed())
        self.give()

    def on_click(self, event: Click) -> None:
        """The word "reset" resets."""
        if event.widget is self.query_one(".state"):
            self.reset()

    def reset(self) -> None:
        """Ask for the default, also when what was typed is not valid."""
        self.reading = Reading()
        self.put_back()
        if self._is_set():
            self.post_message(self.Unset(self.setting))
