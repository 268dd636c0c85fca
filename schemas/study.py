"""What a study is made of: who is compared with whom, and what came out."""

from schemas.base import Noun


class Estimate(Noun):
    """A mean over persons with its 95% interval, which is unknown for a single person."""

    mean: float
    low: float | None
    high: float | None
    people: int
