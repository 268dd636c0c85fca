"""Settings: project.toml as a form that saves what is valid, and the theme."""

from __future__ import annotations

from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import DescendantBlur
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from andraeus_tui.plan import rows_to_train
from andraeus_tui.project import SETTINGS_FILE, change_setting, read_settings, reset_setting
from andraeus_tui.recent import tilde
from andraeus_tui.settings_form import all_settings, in_force, stored
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.labels import retell
from andraeus_tui.ui.setting_field import SettingField


class SettingsScreen(ProjectScreen):
    """Every setting with its help; saved on Enter or when the field is left, never while it is not valid."""

    STEP = "settings"
    AUTO_FOCUS = "#form"
    HELP = """
    # Settings

    All settings of this project. They are kept in `project.toml`, with its comments and its order.

    - **Tab** goes to the next setting, **Shift+Tab** back. Arrow keys and the wheel scroll.
    - **Enter** saves; so does leaving the field. A value that is not valid is never saved: the line below says why.
    - **Escape** puts the saved value back. Once more, and it leaves the field: then the digits go to other steps.
    - **Ctrl+R**, or a click on "reset", takes the setting out of the file: the default holds again.

    *default* is the value nobody has changed, *preset* comes from the recipe's preset, *set* stands in the file.

    Themes are below the settings. Moving through the list shows a theme; Enter keeps it.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "reset", "Reset to default"),
        Binding("escape", "put_back", "Put back"),
    ]
    CSS = """
    SettingsScreen {
        #form { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
        #path { color: $text-muted; margin-bottom: 1; }
        .section { text-style: bold underline; margin-bottom: 1; }
        #themes { height: 8; max-width: 40; margin-bottom: 1; background: $boost; }
    }
    """

    def body(self) -> ComposeResult:
        """Sections of fields, then the themes."""
        with VerticalScroll(id="form", can_focus=True):
            yield Static("", id="path", markup=False)
            for section, settings in groupby(all_settings(), key=lambda setting: setting.section):
                yield Static(section.capitalize(), classes="section", markup=False)
                for setting in settings:
                    held = self.project.settings
                    yield SettingField(setting, stored(held, setting), in_force(held, setting))
            yield Static("Theme, for all projects", classes="section", markup=False)
            names = sorted(self.app.available_themes)
            yield OptionList(*(Option(name, id=name) for name in names), id="themes", markup=False, compact=True)

    def show(self) -> None:
        """The file as it is now: another program may have changed it."""
        path = self.project.folder / SETTINGS_FILE
        retell(self.query_one("#path", Static), f"Saved in {tilde(path)}")
        with self.telling():
            self.project.settings = read_settings(path)
        self._fill()
        self._mark_theme()

    def _fill(self) -> None:
        settings = self.project.settings
        rows = sum(count for _, count in rows_to_train(self.database, settings))
        for field in self.query(SettingField):
            one = field.setting
            field.put(stored(settings, one), in_force(settings, one, rows))

    @on(SettingField.Given)
    def _save(self, event: SettingField.Given) -> None:
        with self.telling():
            change_setting(self.project, event.setting.section, event.setting.key, event.value)
            self._fill()

    @on(SettingField.Unset)
    def _unset(self, event: SettingField.Unset) -> None:
        with self.telling():
            reset_setting(self.project, event.setting.section, event.setting.key)
            self._fill()

    def put_away(self) -> None:
        """Going to another step, or away, is leaving the field."""
        self.andraeus.restore_theme()
        for field in self.query(SettingField):
            if field.is_waiting:
                with self.telling():
                    change_setting(self.project, field.setting.section, field.setting.key, field.reading.value)

    def _field(self) -> SettingField | None:
        nodes = self.focused.ancestors if self.focused else []
        return next((node for node in nodes if isinstance(node, SettingField)), None)

    def action_reset(self) -> None:
        """The default of the setting under the cursor."""
        field = self._field()
        if field is None:
            self.notify("Go to a setting first: the Tab key.", markup=False)
        else:
            field.reset()

    def action_put_back(self) -> None:
        """The saved value; from there out of the field, so that the digits go to other steps again."""
        field = self._field()
        if field is not None and field.is_changed:
            field.put_back()
        else:
            self.query_one("#form").focus()

    def _mark_theme(self) -> None:
        themes = self.query_one("#themes", OptionList)
        with self.prevent(OptionList.OptionHighlighted):
            themes.highlighted = themes.get_option_index(self.app.theme)

    @on(OptionList.OptionHighlighted, "#themes")
    def _preview(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.has_focus and event.option_id:
            self.andraeus.preview_theme(event.option_id)

    @on(OptionList.OptionSelected, "#themes")
    def _keep_theme(self, event: OptionList.OptionSelected) -> None:
        if event.option_id:
            self.app.theme = event.option_id
            self.andraeus.keep_theme()
            self.notify(f"The theme is now {event.option_id}.", markup=False)

    @on(DescendantBlur, "#themes")
    def _leave_themes(self) -> None:
        self.andraeus.restore_theme()
        self._mark_theme()
