"""Two small plots: the loss, and how the dev questions are answered. The one place that knows the plotting library."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual_plotext import PlotextPlot

from andraeus_tui.progress import Training

Points = Sequence[tuple[float, float]]


class Curves(Horizontal):
    """Loss on the left, dev recall and dev "I don't know" on the right."""

    DEFAULT_CSS = """
    Curves { height: 8; }
    Curves > PlotextPlot { width: 1fr; height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """The plots."""
        yield PlotextPlot(id="loss")
        yield PlotextPlot(id="dev")

    def show(self, state: Training) -> None:
        """Draw the curves of a run."""
        end = max(state.total_steps, state.step, 1)
        self._draw("#loss", "loss", end, None, [(state.loss.shown, "braille")])
        # Told apart by the shape of the line, not by its colour.
        shares = [(state.dev_recall.shown, "braille"), (state.dev_abstention.shown, "x")]
        self._draw("#dev", 'recall (line), "I don\'t know" (x)', end, 1.0, shares)

    def _draw(self, name: str, title: str, end: int, top: float | None, lines: Sequence[tuple[Points, str]]) -> None:
        widget = self.query_one(name, PlotextPlot)
        plot = widget.plt
        plot.clear_data()
        plot.title(title)
        plot.xlim(0, end)
        plot.xticks([0, end // 2, end], ["0", str(end // 2), f"step {end}"])
        highest = top or max((value for points, _ in lines for _, value in points), default=1.0) * 1.05
        plot.ylim(0, highest)
        ticks = [0.0, highest / 2, highest]
        plot.yticks(ticks, [f"{tick:.2f}" for tick in ticks])
        for points, marker in lines:
            if points:
                steps, values = [step for step, _ in points], [value for _, value in points]
                (plot.scatter if marker == "x" else plot.plot)(steps, values, marker=marker)
        if not any(points for points, _ in lines):
            # Without data the library draws no axes.
            plot.scatter([0], [0], marker=" ")
        widget.refresh()
