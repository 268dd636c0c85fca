"""From judgements of pairs to a result: who is preferred, and how far raters and the scorer agree."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from evaluators.pairs import Pair
from evaluators.statistics import Item, cohens_kappa, interval_over_items, krippendorffs_alpha, mcnemar, wilson
from schemas.rating import Agreement, Choice, Judgement, Outcome, RaterCount, RatingResult

_SIDES = frozenset({Choice.LEFT, Choice.RIGHT})


def standing(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The last word of each rater about each pair, in the order in which they fell; what was taken back is gone."""
    found: dict[tuple[str, str], Judgement] = {}
    for one in judgements:
        found.pop((one.rater, one.pair), None)
        if one.choice is not Choice.WITHDRAWN:
            found[one.rater, one.pair] = one
    return list(found.values())


def rating_result(
    sources: tuple[str, str], pairs: Sequence[Pair], same: int, judgements: Iterable[Judgement], damaged: int = 0
) -> RatingResult:
    """The result over `pairs`, those that raters are shown. `damaged` are lines that could not be read.

    A pair judged by several counts once, with the most frequent word. Equal arguments give equal results.
    """
    here = {pair.id: pair for pair in pairs}
    all_standing = standing(judgements)
    counted = [one for one in all_standing if one.pair in here]
    votes: dict[str, dict[str, Outcome]] = {}
    for one in counted:
        if one.choice is not Choice.SKIP:
            votes.setdefault(one.pair, {})[one.rater] = _outcome(one, sources)
    together = Counter(_together(said.values()) for said in votes.values())
    first, second = together[Outcome.FIRST], together[Outcome.SECOND]
    chosen = [one.choice for one in counted if one.choice in _SIDES]
    return RatingResult(
        sources=sources,
        pairs=len(here),
        same=same,
        rated=len(votes),
        first=wilson(first, first + second),
        second=wilson(second, first + second),
        p=mcnemar(first, second),
        both_good=together[Outcome.BOTH_GOOD],
        both_bad=together[Outcome.BOTH_BAD],
        split=together[None],
        left=wilson(chosen.count(Choice.LEFT), len(chosen)),
        raters=_counts(counted, sources),
        agreement=_among_raters(votes),
        scorer=_with_scorer(votes, here, sources),
        notes=_notes(len(all_standing) - len(counted), damaged),
    )


def results_in(folder: Path) -> list[RatingResult]:
    """Every result that was saved in the folder of a run or a study. Raises ValidationError when one is damaged."""
    return [
        RatingResult.model_validate_json(path.read_bytes()) for path in sorted(folder.glob("ratings/*/result.json"))
    ]


def _outcome(one: Judgement, sources: tuple[str, str]) -> Outcome:
    if one.choice not in _SIDES:
        return Outcome(one.choice.value)
    winner = one.left if one.choice is Choice.LEFT else one.right
    return Outcome.FIRST if winner == sources[0] else Outcome.SECOND


def _together(said: Iterable[Outcome]) -> Outcome | None:
    """The most frequent word, None when there is no single one."""
    (best, times), *others = Counter(said).most_common(2)
    return None if others and others[0][1] == times else best


def _counts(counted: Sequence[Judgement], sources: tuple[str, str]) -> dict[str, RaterCount]:
    found: dict[str, Counter[str]] = {}
    for one in counted:
        said = "skipped" if one.choice is Choice.SKIP else _outcome(one, sources).value
        found.setdefault(one.rater, Counter())[said] += 1
    return {
        rater: RaterCount(**{name: counts[name] for name in RaterCount.model_fields})
        for rater, counts in sorted(found.items())
    }


def _among_raters(votes: Mapping[str, Mapping[str, Outcome]]) -> Agreement | None:
    raters = sorted({rater for said in votes.values() for rater in said})
    shared = [[said[rater] for rater in raters if rater in said] for _, said in sorted(votes.items()) if len(said) > 1]
    if not shared:
        return None
    alike = sum(len(set(said)) == 1 for said in shared)
    if len(raters) > 2:
        return _agreement("Krippendorff's alpha", shared, krippendorffs_alpha, alike)
    return _agreement("Cohen's kappa", [(first, second) for first, second in shared], cohens_kappa, alike)


def _with_scorer(
    votes: Mapping[str, Mapping[str, Outcome]], pairs: Mapping[str, Pair], sources: tuple[str, str]
) -> Agreement | None:
    """All words of all raters beside the scorer's; the bootstrap draws pairs with all words on them."""
    if not votes:
        return None
    items = [
        [(word, _scored(pairs[pair], sources)) for _, word in sorted(votes[pair].items())] for pair in sorted(votes)
    ]

    def kappa(drawn: Sequence[list[tuple[Outcome, Outcome]]]) -> float:
        return cohens_kappa([word for item in drawn for word in item])

    return _agreement("Cohen's kappa", items, kappa, sum(all(one is other for one, other in item) for item in items))


def _agreement(measure: str, items: Sequence[Item], value: Callable[[Sequence[Item]], float], alike: int) -> Agreement:
    low, high = interval_over_items(items, value) or (None, None)
    return Agreement(measure=measure, value=value(items), low=low, high=high, alike=wilson(alike, len(items)))


def _scored(pair: Pair, sources: tuple[str, str]) -> Outcome:
    right = {said.source: said.right for said in pair.said}
    first, second = (right[source] for source in sources)
    if first is second:
        return Outcome.BOTH_GOOD if first else Outcome.BOTH_BAD
    return Outcome.FIRST if first else Outcome.SECOND


def _notes(elsewhere: int, damaged: int) -> tuple[str, ...]:
    found = [
        "Several questions can be about one fact or one person: the true intervals are somewhat wider.",
        "Sources were hidden, but the style of an answer can give its source away.",
    ]
    if elsewhere:
        found.append(f"Judgements of pairs that are not shown now do not count: {elsewhere}.")
    if damaged:
        found.append(f"Lines of judgements that could not be read: {damaged}.")
    return tuple(found)
