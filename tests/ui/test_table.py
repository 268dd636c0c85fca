"""The windowed table and labels that follow its cursor, in a small app of their own."""

from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from andraeus_tui import ui
from andraeus_tui.ui.labels import retell
from andraeus_tui.ui.table import Column, WindowTable
from tests.ui.steps import painted

ROWS = 500


class Tabled(App[None]):
    """A table and a label that tells the row under the cursor."""

    CSS_PATH = Path(ui.__file__).parent / "app.tcss"

    def __init__(self, border: bool = False) -> None:
        super().__init__()
        self.frames: list[tuple[int, str]] = []
        self.chosen: list[int] = []
        self.told = 0
        self._border = border

    def compose(self) -> ComposeResult:
        yield WindowTable((Column("row"),), on_move=self.tell)
        yield Static("", markup=False)

    @property
    def table(self) -> WindowTable:
        return self.query_one(WindowTable)

    def on_mount(self) -> None:
        if self._border:
            self.table.styles.border = ("solid", "red")
            self.table.styles.padding = (1, 2)
        self.table.set_rows(ROWS, lambda offset, limit: [(f"row {offset + at}",) for at in range(limit)])
        self.table.focus()

    def tell(self) -> None:
        self.told += 1
        retell(self.query_one(Static), f"row {self.table.cursor}")

    def on_window_table_chosen(self, event: WindowTable.Chosen) -> None:
        self.chosen.append(event.index)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if tables := screen.query(WindowTable):
            self.frames.append((tables.first().cursor, str(screen.query_one(Static).content)))


async def test_the_label_follows_the_cursor_in_the_same_frame() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("down")
        await pilot.pause()
        app.frames.clear()
        await pilot.press("down", "pagedown", "end", "home")
        await pilot.pause()
        assert {cursor for cursor, _ in app.frames} >= {2, ROWS - 1, 0}
        assert [text for _, text in app.frames] == [f"row {cursor}" for cursor, _ in app.frames]


async def test_who_gives_other_rows_is_not_told_that_the_cursor_moved() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.press("end")
        assert app.told == 1
        app.table.set_rows(3, lambda offset, limit: [("few",)] * 3)
        await pilot.pause()
        assert (app.table.cursor, app.table.row_count, app.told) == (2, 3, 1)
        assert not app.table.show_vertical_scrollbar
        app.table.set_rows(ROWS, lambda offset, limit: [("many",)] * limit)
        await pilot.pause()
        assert app.table.show_vertical_scrollbar
        assert app.table.max_scroll_y == ROWS + 1 - app.table.size.height


@pytest.mark.parametrize("border", [False, True], ids=["plain", "with a border"])
async def test_a_click_takes_the_row_under_the_mouse(border: bool) -> None:
    app = Tabled(border)
    async with app.run_test(size=(40, 16)) as pilot:
        await pilot.pause()
        for index in (3, 0, 5):
            region = app.table.region_of(index)
            await pilot.click(WindowTable, offset=(region.x + 4, region.y))
            assert app.table.cursor == index
        await pilot.click(WindowTable, offset=(region.x + 4, region.y))
        assert app.chosen == [5]
        await pilot.click(WindowTable, offset=(app.table.region_of(0).x, app.table.region_of(0).y - 1))
        assert (app.table.cursor, app.chosen) == (5, [5]), "the head is no row"


async def test_a_label_that_needs_more_lines_gets_them() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        await pilot.pause()
        label = app.query_one(Static)
        retell(label, "one")
        await pilot.pause()
        assert label.size.height == 1
        retell(label, "one two three " * 8)
        await pilot.pause()
        assert label.size.height == 3
        retell(label, "one")
        await pilot.pause()
        assert label.size.height == 1


async def test_text_of_others_neither_steers_the_terminal_nor_turns_lines_around() -> None:
    app = Tabled()
    async with app.run_test(size=(40, 12)) as pilot:
        hostile = "a\u202eb\x1b[2J \N{MAN}\u200d\N{WOMAN} שלום [red]c[/]"
        app.table.set_rows(1, lambda offset, limit: [(hostile,)])
        retell(app.query_one(Static), hostile)
        await pilot.pause()
        assert app.table.render_line(1).text[1:].startswith("a\ufffdb\ufffd[2J \N{MAN}\N{WOMAN} שלום [red]c[/]")
        assert str(app.query_one(Static).content) == "a\ufffdb\ufffd[2J \N{MAN}\u200d\N{WOMAN} שלום [red]c[/]"
        assert not {"\u202e", "\x1b"} & set(painted(app.screen))
