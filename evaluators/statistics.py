"""Intervals and tests over scipy and statsmodels, which are imported when needed: they take a second to load.

The unit of a study is the person: a person's questions are not independent of each other, so a share is taken of each
person first, and intervals and tests are over persons.
"""

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from schemas.evaluation import Proportion
from schemas.study import Estimate

_RESAMPLES = 9_999
_RESAMPLES_OF_ITEMS = 1_999
_LEVEL = 0.95
Item = TypeVar("Item")


def wilson(hits: int, total: int) -> Proportion:
    """A share with its 95% Wilson interval (Wilson, 1927); (0, 1) when nothing was asked."""
    if not total:
        return Proportion(hits=0, total=0, share=0.0, low=0.0, high=1.0)
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, total, alpha=1 - _LEVEL, method="wilson")
    return Proportion(hits=hits, total=total, share=hits / total, low=max(0.0, float(low)), high=min(1.0, float(high)))


def mean_over_people(values: Sequence[float], seed: int = 0) -> Estimate:
    """Mean of one value a person, with the 95% percentile interval of a bootstrap that draws whole persons.

    No interval for fewer than two persons. Raises ValueError without any. Equal arguments give equal results.
    """
    if not values:
        raise ValueError("there is nobody to take a mean over")
    mean = sum(values) / len(values)
    if len(values) < 2:
        return Estimate(mean=mean, low=None, high=None, people=len(values))
    if len(set(values)) == 1:
        return Estimate(mean=mean, low=mean, high=mean, people=len(values))
    import numpy as np
    from scipy.stats import bootstrap

    found = bootstrap(
        (np.asarray(values, dtype=float),),
        np.mean,
        n_resamples=_RESAMPLES,
        confidence_level=_LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Estimate(mean=mean, low=float(found.low), high=float(found.high), people=len(values))


def paired_difference(ours: Mapping[str, float], theirs: Mapping[str, float], seed: int = 0) -> Estimate:
    """Mean of `ours - theirs` over the persons who are in both, with its bootstrap interval. Raises ValueError when
    nobody is."""
    return mean_over_people(differences(ours, theirs), seed)


def differences(ours: Mapping[str, float], theirs: Mapping[str, float]) -> list[float]:
    """`ours - theirs` for each person who is in both, in order of their names."""
    return [ours[person] - theirs[person] for person in sorted(ours.keys() & theirs.keys())]


def paired_test(found: Sequence[float], seed: int = 0) -> float:
    """Two-sided p that differences, one a person, are centred on 0: signs flipped at random (exact for few persons)."""
    if not any(found):
        return 1.0
    import numpy as np
    from scipy.stats import permutation_test

    values = np.asarray(found, dtype=float)
    result = permutation_test(
        (values, np.zeros_like(values)),
        lambda ours, theirs, axis: np.mean(ours - theirs, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def equivalence(found: Sequence[float], margin: float) -> float:
    """p of two one-sided t-tests (TOST): small when differences, one a person, average within +-margin of 0.

    Raises ValueError for fewer than two persons or a margin that is not above 0.
    """
    if len(found) < 2 or margin <= 0:
        raise ValueError("equivalence needs two persons and a margin above 0")
    if max(found) == min(found):
        return 0.0 if abs(found[0]) < margin else 1.0
    import numpy as np
    from statsmodels.stats.weightstats import DescrStatsW

    return float(DescrStatsW(np.asarray(found, dtype=float)).ttost_mean(-margin, margin)[0])


def mcnemar(better: int, worse: int) -> float:
    """Exact two-sided p: how often chance alone splits the changed answers at least this unevenly."""
    if better < 0 or worse < 0:
        raise ValueError("counts cannot be below 0")
    if not better + worse:
        return 1.0
    from statsmodels.stats.contingency_tables import mcnemar as test

    return min(1.0, float(test([[0, better], [worse, 0]], exact=True).pvalue))


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for there being several (Holm, 1979), under the same names."""
    if not chances:
        return {}
    from statsmodels.stats.multitest import multipletests

    corrected = multipletests(list(chances.values()), method="holm")[1]
    return {name: float(chance) for name, chance in zip(chances, corrected, strict=True)}


def cohens_kappa(pairs: Sequence[tuple[Hashable, Hashable]]) -> float:
    """Agreement of two raters beyond chance (Cohen, 1960), from what each said of every item.

    1 when both always say the same one thing. Raises ValueError without items.
    """
    if not pairs:
        raise ValueError("there is nothing that two raters rated")
    labels = sorted({label for pair in pairs for label in pair}, key=str)
    if len(labels) == 1:
        return 1.0
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa as kappa

    table = np.zeros((len(labels), len(labels)), dtype=int)
    for first, second in pairs:
        table[labels.index(first), labels.index(second)] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(kappa(table, return_results=False))


def krippendorffs_alpha(ratings: Sequence[Sequence[Hashable]]) -> float:
    """Agreement beyond chance of any number of raters: for each item the labels of those who rated it.

    For labels without an order (Krippendorff, 2011, "Computing Krippendorff's alpha-reliability"); items with one
    label say nothing. 1 when all labels are the same. Raises ValueError when no item has two labels.
    """
    items = [Counter(labels) for labels in ratings if len(labels) > 1]
    if not items:
        raise ValueError("there is nothing that two raters rated")
    totals = sum(items, Counter[Hashable]())
    count = totals.total()
    expected = (count**2 - sum(times**2 for times in totals.values())) / (count - 1)
    if not expected:
        return 1.0
    observed = sum(
        (item.total() ** 2 - sum(times**2 for times in item.values())) / (item.total() - 1) for item in items
    )
    return 1 - observed / expected


def interval_over_items(
    items: Sequence[Item], measure: Callable[[Sequence[Item]], float], seed: int = 0
) -> tuple[float, float] | None:
    """95% percentile interval of `measure` by a bootstrap that draws whole items; None for fewer than two."""
    if len(items) < 2:
        return None
    import numpy as np

    drawn = np.random.default_rng(seed).integers(len(items), size=(_RESAMPLES_OF_ITEMS, len(items)))
    values = [measure([items[number] for number in numbers]) for numbers in drawn.tolist()]
    low, high = np.quantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)
