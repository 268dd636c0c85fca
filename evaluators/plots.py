"""Plots of an evaluation as inline SVG: they scale, print, and follow the page's light and dark colours."""

import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from schemas.evaluation import Evaluation, Proportion
from schemas.study import Estimate

_TEXT, _BASE, _TUNED, _GRID = "#010101", "#010102", "#010103", "#010104"
"""Stand-ins that are replaced by the page's own colours."""
_COLOURS = {_TEXT: "currentColor", _BASE: "var(--base)", _TUNED: "var(--tuned)", _GRID: "var(--grid)"}
_BAR = 0.36
_SHORT = {
    "recall_natural": "natural wording",
    "recall_template": "held-out templates",
    "known_refused": "given facts refused\n(fewer is better)",
    "unknown_refused": 'never told,\n"I don\'t know"',
    "portability_reverse": "reverse",
    "portability_yes_no": "yes/no",
    "portability_composition": "two facts",
    "general": "general knowledge",
}
_TIERS = {
    "recall_tier_1": "1 simple",
    "recall_tier_2": "2 relational",
    "recall_tier_3": "3 temporal",
    "recall_tier_4": "4 multi-hop",
}


def metrics_plot(evaluation: Evaluation) -> str:
    """Base against tuned, every metric, with 95% intervals."""
    return _bars(evaluation, _SHORT, "metrics", "Base model against trained model, with 95% intervals")


def tiers_plot(evaluation: Evaluation) -> str:
    """Recall by tier, base against tuned, with 95% intervals."""
    return _bars(evaluation, _TIERS, "tiers", "Recall by tier, base model against trained model, with 95% intervals")


def _bars(evaluation: Evaluation, names: dict[str, str], key: str, title: str) -> str:
    """Horizontal bars, the base model's hatched; the same picture for the same numbers, byte for byte."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    there = [name for name in names if name in evaluation.metrics]
    settings: Any = {"svg.hashsalt": key, "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    with mpl.rc_context(settings):
        figure = Figure(figsize=(7.6, 0.9 + 0.56 * len(there)), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        both = [(0.5 * _BAR, "trained model", _TUNED, "", evaluation.metrics)]
        if evaluation.base_metrics:
            both.append((-0.5 * _BAR, "base model", _BASE, "////", evaluation.base_metrics))
        for shift, label, colour, hatch, metrics in both:
            known = [(at, metrics[name]) for at, name in enumerate(reversed(there)) if name in metrics]
            _draw(axes, [at + shift for at, _ in known], [one for _, one in known], label, colour, hatch)
        _dress(axes, [names[name] for name in reversed(there)])
        return _inline(figure, key, title)


def _draw(axes: Any, heights: list[float], found: Sequence[Proportion], label: str, colour: str, hatch: str) -> None:
    # The interval of a share of 0 or 1 can miss it by a rounding error, and lengths below zero are refused.
    below = [max(0.0, one.share - one.low) for one in found]
    above = [max(0.0, one.high - one.share) for one in found]
    axes.barh(
        heights,
        [one.share for one in found],
        height=_BAR,
        label=label,
        facecolor="none" if hatch else colour,
        edgecolor=colour,
        hatch=hatch,
        xerr=[below, above],
        error_kw={"ecolor": _TEXT, "elinewidth": 1.2, "capsize": 3},
    )


def _dress(axes: Any, labels: list[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0%", "25%", "50%", "75%", "100%"])
    _frame(axes)
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, frameon=False, labelcolor=_TEXT)


def study_plot(bars: Mapping[str, Sequence[tuple[str, Estimate]]], title: str) -> str:
    """One small chart a figure, a bar an arm, with 95% intervals over persons."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    settings: Any = {"svg.hashsalt": "study", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 9}
    with mpl.rc_context(settings):
        heights = [0.7 + 0.26 * len(found) for found in bars.values()]
        figure = Figure(figsize=(7.6, max(1.0, sum(heights))), layout="constrained")
        FigureCanvasSVG(figure)
        grid = figure.subplots(max(1, len(bars)), 1, squeeze=False, gridspec_kw={"height_ratios": heights or [1]})
        for axes, (name, found) in zip(grid[:, 0], bars.items(), strict=False):
            _draw_arms(axes, name, found)
        return _inline(figure, "study", title)


def _draw_arms(axes: Any, name: str, found: Sequence[tuple[str, Estimate]]) -> None:
    ordered = list(reversed(found))
    below = [max(0.0, one.mean - (one.mean if one.low is None else one.low)) for _, one in ordered]
    above = [max(0.0, (one.mean if one.high is None else one.high) - one.mean) for _, one in ordered]
    axes.barh(
        range(len(ordered)),
        [one.mean for _, one in ordered],
        height=0.6,
        facecolor=_TUNED,
        xerr=[below, above],
        error_kw={"ecolor": _TEXT, "elinewidth": 1.2, "capsize": 3},
    )
    axes.set_yticks(range(len(ordered)), [arm for arm, _ in ordered])
    axes.set_title(name, loc="left", fontsize=9, color=_TEXT)
    if all(one.mean <= 1 for _, one in ordered):
        axes.set_xlim(0, 1)
    _frame(axes)


def _frame(axes: Any) -> None:
    axes.tick_params(colors=_TEXT, length=0)
    axes.grid(axis="x", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _inline(figure: Any, key: str, title: str) -> str:
    """The drawing alone, with names of its own, a title for those who cannot see it, and the page's colours."""
    out = io.StringIO()
    quiet = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(out, format="svg", transparent=True, metadata=quiet)
    svg = out.getvalue()[out.getvalue().index("<svg") :]
    svg = re.sub(r'\bid="', f'id="{key}-', svg)
    svg = re.sub(r"url\(#", f"url(#{key}-", svg)
    svg = re.sub(r'href="#', f'href="#{key}-', svg)
    for stand_in, colour in _COLOURS.items():
        svg = svg.replace(stand_in, colour)
    svg = re.sub(r'<svg\b([^>]*?) height="[^"]*"', r"<svg\1", svg, count=1)
    svg = re.sub(r'<svg\b([^>]*?) width="[^"]*"', r"<svg\1", svg, count=1)
    head = f'<svg role="img" aria-labelledby="{key}-title"'
    body = svg[len("<svg") :]
    end = body.index(">") + 1
    return f'{head}{body[:end]}<title id="{key}-title">{escape(title)}</title>{body[end:]}'
