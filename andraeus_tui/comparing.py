"""One run beside another: numbers with their differences, and the questions that flipped."""

from dataclasses import dataclass

from andraeus_tui.evidence import Overview, examined_of, label_of
from andraeus_tui.runs import Run
from evaluators.statistics import mcnemar
from evaluators.summary import FEWER_IS_BETTER, NAMES, is_right
from schemas.evaluation import Evaluation, Judged, Proportion, Question


@dataclass(frozen=True)
class Change:
    """One number of two runs."""

    label: str
    now: Proportion
    other: Proportion | None
    fewer_is_better: bool

    @property
    def verdict(self) -> str:
        """Whether this run is better, in a word."""
        if not self.points:
            return "same" if self.other else ""
        return "better" if (self.points > 0) is not self.fewer_is_better else "worse"

    @property
    def points(self) -> float | None:
        """The difference in percentage points, None when the other run has no such number."""
        return 100 * (self.now.share - self.other.share) if self.other else None


@dataclass(frozen=True)
class Flip:
    """A question of which one run's answer is right and the other's is not."""

    question: Question
    now: str
    other: str
    better: bool
    """Whether this run is the one that is right."""


@dataclass(frozen=True)
class Comparison:
    """One run beside another."""

    other: Run
    changes: tuple[Change, ...]
    shared: int
    """Questions asked in both."""
    flips: tuple[Flip, ...]
    chance: float
    """How often chance alone would split the flips at least this unevenly (exact McNemar test)."""
    proof_failed: bool
    """Whether the other run's proof failed: then its numbers show nothing."""

    @property
    def better(self) -> int:
        """Flips in favour of this run."""
        return sum(flip.better for flip in self.flips)


def compare(now: Evaluation, other: Evaluation, other_run: Run) -> Comparison:
    """Numbers side by side, and the questions of both runs that flipped, those that got worse first."""
    before = {one.question.id: one for one in other.judged}
    pairs = [(one, before[one.question.id]) for one in now.judged if one.question.id in before]
    flips = [_flip(one, then) for one, then in pairs if _right(one) is not _right(then)]
    better = sum(flip.better for flip in flips)
    return Comparison(
        other=other_run,
        changes=tuple(
            Change(label_of(name, label), now.metrics[name], other.metrics.get(name), name in FEWER_IS_BETTER)
            for name, label in NAMES.items()
            if name in now.metrics
        ),
        shared=len(pairs),
        flips=tuple(sorted(flips, key=lambda flip: flip.better)),
        chance=mcnemar(better, len(flips) - better),
        proof_failed=not other.proof.passed,
    )


def _right(one: Judged) -> bool:
    return is_right(one.question, one.tuned_verdict)


def _flip(now: Judged, other: Judged) -> Flip:
    return Flip(now.question, now.tuned, other.tuned, _right(now))


def compare_with(found: Overview, name: str | None) -> Comparison | None:
    """The run that is shown beside the named one; None when one of them was not examined. Raises InputError."""
    beside = next((run for run in found.runs if run.name == name and run != found.run), None)
    other = examined_of(beside) if beside else None
    if beside is None or other is None or found.examined is None:
        return None
    return compare(found.examined.evaluation, other.evaluation, beside)
