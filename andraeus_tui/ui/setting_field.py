"""One setting on the form: its name, a field to fill in, where the value comes from, its help, and what is wrong with it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Select, Static, Switch, TextArea

from andraeus_tui.settings_form import Kind, Reading, Setting, Value, as_text, read


class SettingField(Vertical):
    """Tells what a person gives with `Given` as soon as they leave the field, press Enter or choose."""

    DEFAULT_CSS = """
    SettingField {
        height: auto;
        margin-bottom: 1;
        & > .line { height: auto; }
        & > .line > .name { width: 18; }
        & > .line > .field { width: 1fr; max-width: 64; height: auto; }
        & > .line > .state { width: 12; margin-left: 1; color: $text-muted; }
        & > .line > .reset { width: 5; text-style: underline; }
        & > .line > .reset:hover { text-style: reverse; }
        & .help { color: $text-muted; padding-left: 2; }
        & .problem { color: $text-error; padding-left: 2; display: none; text-style: bold; }
        &.-wrong .problem { display: block; }
        & Input { background: $boost; padding: 0 1; }
        & TextArea { height: 4; background: $boost; }
        & Switch { border: none; height: 1; padding: 0; width: 10; }
        & Switch:focus { border: none; }
        & Select, & SelectCurrent { height: 1; }
        & SelectCurrent { background: $boost; }
        &.-in > .line > .name { text-style: bold reverse; }
    }
    """

    class Given(Message):
        """A valid value that is not the stored one. None: leave it to the preset."""

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
        self._stored, self._in_force = stored, in_force

    def compose(self) -> ComposeResult:
        """The line, the help, and room for a problem."""
        with Horizontal(classes="line"):
            yield Static(self.setting.key.replace("_", " "), classes="name", markup=False)
            with Vertical(classes="field"):
                yield self._control()
            yield Static("", classes="state", markup=False)
            yield Static("reset", classes="reset", markup=False)
        bounds = f" {self.setting.bounds[:1].upper()}{self.setting.bounds[1:]}." if self.setting.bounds else ""
        default = "the preset's" if self.setting.is_optional else as_text(self.setting.default) or "empty"
        yield Static(f"{self.setting.help}{bounds} Default: {default}.".strip(), classes="help", markup=False)
        yield Static("", classes="problem", markup=False)

    def _control(self) -> Widget:
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
        self._stored, self._in_force = stored, in_force
        if not self.reading.problem:
            self.put_back()

    def put_back(self) -> None:
        """Show the stored value instead of what was typed."""
        control = self.query_one(".field").children[0]
        match control:
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
        match self.query_one(".field").children[0]:
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
        if bool(problem) != self.has_class("-wrong"):
            self.set_class(bool(problem), "-wrong")
            if problem:
                self._show_whole()
        self.query_one(".problem", Static).update(f"Not saved: {problem}." if problem else "")
        self.query_one(".state", Static).update(self._state())
        self.query_one(".reset").display = self._is_set()

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
        origin = "set" if self._is_set() else "preset" if self.setting.is_optional else "default"
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
        if event.widget is self.query_one(".reset"):
            self.reset()

    def reset(self) -> None:
        """Ask for the default, also when what was typed is not valid."""
        self.reading = Reading()
        self.put_back()
        if self._is_set():
            self.post_message(self.Unset(self.setting))
