"""A table that paints only what is seen: 30,000 rows cost as much as 30."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip


@dataclass(frozen=True)
class Column:
    """A column: its title and its width in cells; one column without a width takes what is left."""

    title: str
    width: int | None = None


Cells = Sequence[str]
_PAGE = 64


class WindowTable(ScrollView, can_focus=True):
    """Rows of plain text, fetched page by page while they come into view, one of them under the cursor.

    `fetch(offset, limit)` gives the cells of these rows. Text is painted as it is: brackets mean nothing here, control
    characters are replaced, what is too long ends in an ellipsis.

    `on_move` is called when a key or the mouse moved the cursor; who gives other rows knows of it. It is a call and no
    message, because a message comes after the frame with the new cursor, and what it changes would be seen a frame later.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"window-table--head", "window-table--cursor", "window-table--row"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "go(0)", "First", show=False),
        Binding("end,G", "go(-1)", "Last", show=False),
        Binding("enter", "choose", "Open", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    class Chosen(Message):
        """Enter or a click on the row under the cursor."""

        def __init__(self, table: WindowTable, index: int) -> None:
            super().__init__()
            self.table, self.index = table, index

        @property
        def control(self) -> WindowTable:
            """The table, for @on(WindowTable.Chosen, "#id")."""
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        on_move: Callable[[], object] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._on_move = on_move
        self._fetch: Callable[[int, int], Sequence[Cells]] = lambda offset, limit: ()
        self._count = 0
        self._pages: dict[int, Sequence[Cells]] = {}
        self._laid_out = Size(0, 0)

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return self._count

    def set_rows(self, count: int, fetch: Callable[[int, int], Sequence[Cells]], *, cursor: int | None = None) -> None:
        """Show other rows. The cursor stays where it is as far as it can, or goes to `cursor`."""
        self._fetch, self._count = fetch, count
        self._pages.clear()
        self._set_height()
        wanted = self.cursor if cursor is None else cursor
        self.set_reactive(WindowTable.cursor, max(0, min(wanted, count - 1)))
        self._show_cursor()
        self.refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns: `fetch` gives other cells from now on."""
        self._columns = tuple(columns)
        self.forget()

    def forget(self) -> None:
        """The rows' cells have changed: fetch them again when they are painted."""
        self._pages.clear()
        self.refresh()

    def row_at(self, index: int) -> Cells:
        """The cells of a row."""
        page, at = divmod(index, _PAGE)
        if page not in self._pages:
            if len(self._pages) > 32:
                self._pages.clear()
            self._pages[page] = self._fetch(page * _PAGE, _PAGE)
        rows = self._pages[page]
        return rows[at] if at < len(rows) else ()

    def render_line(self, y: int) -> Strip:
        """The head on the first line, rows below it."""
        width = self.size.width
        if y == 0:
            cells: Cells = [column.title for column in self._columns]
            return self._strip(cells, width, self.get_component_rich_style("window-table--head"))
        index = y - 1 + int(self.scroll_offset.y)
        if index >= self._count:
            return Strip.blank(width, self.rich_style)
        name = "window-table--cursor" if index == self.cursor else "window-table--row"
        mark = "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}" if index == self.cursor else " "
        return self._strip(self.row_at(index), width, self.get_component_rich_style(name), mark)

    def _strip(self, cells: Cells, width: int, style: Style, mark: str = " ") -> Strip:
        fixed = sum((column.width or 0) + 1 for column in self._columns) + 1
        rest = max(6, width - fixed)
        parts = [mark]
        for column, cell in zip(self._columns, (*cells, *[""] * len(self._columns)), strict=False):
            parts.append(_fit(cell, rest if column.width is None else column.width) + " ")
        return Strip([Segment(set_cell_size("".join(parts), width), style)], width)

    def watch_cursor(self) -> None:
        """Paint the two rows, keep the new one in view, tell."""
        self._show_cursor()
        self.refresh()
        if self._count and self._on_move:
            self._on_move()

    def validate_cursor(self, value: int) -> int:
        """Inside the rows."""
        return max(0, min(value, self._count - 1)) if self._count else 0

    def _show_cursor(self) -> None:
        if self.size.height > 1:
            height = self.size.height - 1
            top = int(self.scroll_offset.y)
            if not top <= self.cursor < top + height:
                self.scroll_to(y=self.cursor - (0 if self.cursor < top else height - 1), animate=False, immediate=True)

    def on_resize(self) -> None:
        """The width belongs to the window, the height to the rows."""
        self._set_height()

    def _set_height(self) -> None:
        """Other rows change the scroll bar in this frame: setting `virtual_size` would lay the whole screen out for it."""
        self.set_reactive(WindowTable.virtual_size, Size(self.size.width, self._count + 1))
        self._scroll_update(self.virtual_size)
        self._laid_out = self.virtual_size

    def _size_updated(self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True) -> bool:
        """ScrollView paints its scroll bar again, one frame later, whenever the screen is laid out: only when it must."""
        if (size, self.virtual_size) == (self._size, self._laid_out):
            return False
        self._laid_out = self.virtual_size
        return super()._size_updated(size, virtual_size, container_size, layout)

    def on_click(self, event: Click) -> None:
        """A click moves the cursor; on the row under the cursor it opens it."""
        at = event.get_content_offset(self)
        index = -1 if at is None else at.y - 1 + int(self.scroll_offset.y)
        if at is not None and at.y >= 1 and index < self._count:
            if index == self.cursor:
                self.action_choose()
            self.cursor = index

    def action_move(self, by: int) -> None:
        """Arrow keys."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """A window's height."""
        self.cursor += by * max(1, self.size.height - 2)

    def action_go(self, index: int) -> None:
        """First or last."""
        self.cursor = index if index >= 0 else self._count - 1

    def action_choose(self) -> None:
        """Enter."""
        if self._count:
            self.post_message(self.Chosen(self, self.cursor))

    def region_of(self, index: int) -> Region:
        """Where a row is on the widget, for tests and hints."""
        line = index + 1 - int(self.scroll_offset.y)
        return Region(self.gutter.left, self.gutter.top + line, self.size.width, 1)


def _fit(text: str, width: int) -> str:
    """Exactly `width` cells."""
    shown = "".join(_one_cell(char) for char in text[: width * 4])
    if cell_len(shown) > width:
        shown = set_cell_size(shown, max(0, width - 1)) + "\N{HORIZONTAL ELLIPSIS}"
    return set_cell_size(shown, width)


def _one_cell(char: str) -> str:
    """Joiners and directions have no width of their own, and terminals differ in what they make of them."""
    return char if char.isprintable() else "" if char in "\u200c\u200d\u200e\u200f" else "\N{REPLACEMENT CHARACTER}"
