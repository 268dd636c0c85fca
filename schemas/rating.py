"""Blind rating: what people said of pairs of answers whose sources they did not know, and what came of it."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Noun, Seed
from schemas.evaluation import Proportion

RaterName = Annotated[str, Field(min_length=1, max_length=40)]


class Choice(StrEnum):
    """What a rater says of a pair as it stands on the screen."""

    LEFT = "left"
    RIGHT = "right"
    BOTH_GOOD = "both_good"
    BOTH_BAD = "both_bad"
    SKIP = "skip"
    WITHDRAWN = "withdrawn"
    """The rater took his last word on this pair back."""


class Outcome(StrEnum):
    """The same with the sources known."""

    FIRST = "first"
    SECOND = "second"
    BOTH_GOOD = "both_good"
    BOTH_BAD = "both_bad"


class RatingPlan(Noun):
    """plan.json: how the pairs of two sources are shown. It is written once, before the first judgement."""

    sources: tuple[str, str]
    seed: Seed
    """Decides which pairs are shown, in what order, and what stands left."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Of all pairs; a larger share holds every pair of a smaller one."""


class Judgement(Noun):
    """A line of judgements.jsonl. The last line of a rater about a pair counts."""

    rater: RaterName
    pair: str
    """Made from the question and both answers: other answers are another pair."""
    question: str
    """Its id."""
    left: str
    """The source whose answer stood left."""
    right: str
    choice: Choice
    time: str


class Agreement(Noun):
    """How far labels of the same pairs agree beyond chance, with the 95% interval of a bootstrap over pairs."""

    measure: str
    value: float
    low: float | None
    """Unknown for fewer than two pairs."""
    high: float | None
    alike: Proportion
    """Pairs with the same label from all: where one label is rare, agreement beyond chance says little."""


class RaterCount(Noun):
    """What one rater said, pairs each."""

    first: int
    second: int
    both_good: int
    both_bad: int
    skipped: int


class RatingResult(Noun):
    """result.json: which source people prefer, and how far they and the program agree."""

    sources: tuple[str, str]
    """The first and the second one."""
    pairs: int
    """To be rated: those whose answers differ, or the planned share of them."""
    same: int
    """Pairs whose answers are equal; nobody is shown them."""
    rated: int
    """Pairs that somebody judged."""
    first: Proportion
    """Pairs that the first source wins, among those that one of them wins."""
    second: Proportion
    p: float
    """Of an exact sign test that neither is preferred."""
    both_good: int
    both_bad: int
    split: int
    """Pairs on which the raters have no most frequent word."""
    left: Proportion
    """How often the left answer was chosen among judgements for one side: far from half, the place decided."""
    raters: dict[str, RaterCount]
    agreement: Agreement | None
    """Among raters: Cohen's kappa of two, Krippendorff's alpha of more. None when no pair was judged by two."""
    scorer: Agreement | None
    """Of the raters' words with the verdicts of evaluators/scorer.py, Cohen's kappa."""
    notes: tuple[str, ...] = ()
    """What a reader must know besides."""
