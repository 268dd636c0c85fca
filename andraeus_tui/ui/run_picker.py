"""Choose one of the trained runs."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from andraeus_tui.runs import Run
from andraeus_tui.ui.table import Column, WindowTable


class PickRun(ModalScreen[str | None]):
    """A list of runs; Enter gives the name of the one under the cursor, Escape gives None."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]
    DEFAULT_CSS = """
    PickRun WindowTable { height: auto; min-height: 4; max-height: 14; margin-top: 1; }
    """

    def __init__(self, question: str, runs: Sequence[Run], present: str | None = None) -> None:
        super().__init__()
        self._question, self._runs, self._present = question, tuple(runs), present

    def compose(self) -> ComposeResult:
        """The question and the runs."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield WindowTable((Column("run"), Column("dev recall", 10), Column("examined", 8)), id="runs")

    def on_mount(self) -> None:
        """Fill the list, the present run under the cursor."""
        table = self.query_one(WindowTable)
        table.styles.height = min(14, len(self._runs) + 1)
        names = [run.name for run in self._runs]
        cursor = names.index(self._present) if self._present in names else 0
        table.set_rows(len(names), self._cells, cursor=cursor)
        table.focus()

    def _cells(self, offset: int, limit: int) -> list[tuple[str, str, str]]:
        return [
            (
                run.name,
                "-" if run.dev_recall is None else f"{run.dev_recall:.2f}",
                "yes" if run.evaluated else "no",
            )
            for run in self._runs[offset : offset + limit]
        ]

    def on_window_table_chosen(self, event: WindowTable.Chosen) -> None:
        """Enter, or a click on the row under the cursor."""
        self.dismiss(self._runs[event.index].name)

    def action_cancel(self) -> None:
        """Escape."""
        self.dismiss(None)
