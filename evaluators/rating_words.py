"""A result of blind rating in words."""

from evaluators.summary import count, interval, percent
from schemas.evaluation import Proportion
from schemas.rating import Agreement, RatingResult


def result_lines(result: RatingResult) -> list[str]:
    """The whole result, a line each; what counts comes first."""
    names = result.sources
    width = max(map(len, names))
    found = [
        f"{names[0]} against {names[1]}: {result.rated} of {result.pairs} pairs rated.",
        f"Questions answered in the same words by both, not shown: {result.same}.",
        "",
        f"Pairs that one of them wins: {result.first.total}. Preferred (95% interval):",
        *(
            f"  {name:<{width}}  {preferred(share)}"
            for name, share in zip(names, (result.first, result.second), strict=True)
        ),
        f"If neither were preferred, chance would split them as unevenly with {_chance(result.p)} (sign test).",
        f"Both good: {result.both_good}. Both bad: {result.both_bad}. Raters split: {result.split}.",
        "",
        f"Agreement among raters: {agreement(result.agreement, _why_none(result))}",
        f"Agreement of raters with the scorer: {agreement(result.scorer, 'nothing was judged.')}",
        f"The left answer was chosen: {preferred(result.left)}; far from half, the place decided and not the answer.",
        "",
    ]
    found += [
        f"Rater {name}: {names[0]} {one.first}, {names[1]} {one.second}, both good {one.both_good}, "
        f"both bad {one.both_bad}, skipped {one.skipped}."
        for name, one in result.raters.items()
    ]
    return [*found, *(f"Note: {note}" for note in result.notes)]


def preferred(share: Proportion) -> str:
    """ "27 of 30, 90.0% (74.4% to 96.5%)"."""
    return f"{count(share)}, {percent(share.share)} ({interval(share)})" if share.total else "no pair decided"


def agreement(found: Agreement | None, otherwise: str) -> str:
    """ "alike in 36 of 40 pairs; Cohen's kappa 0.81 (0.60 to 0.95)."."""
    if found is None:
        return otherwise
    between = "no interval" if found.low is None or found.high is None else f"{found.low:.2f} to {found.high:.2f}"
    return f"alike in {count(found.alike)} pairs; {found.measure} {found.value:.2f} ({between})."


def _chance(p: float) -> str:
    return "p < 0.0001" if p < 0.0001 else f"p = {p:.4f}"


def _why_none(result: RatingResult) -> str:
    return "there is one rater." if len(result.raters) < 2 else "no pair was judged by two of them."
