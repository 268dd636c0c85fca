"""What a right answer may not name."""

from evaluators.questions import rivals_of
from tests.generators.facts import fact


def test_whoever_a_fact_is_about_is_no_rival_of_its_value() -> None:
    bird = fact("best pigeon", "Sultan")
    ring = fact("ring number", "DV-21", subject="Sultan", kind="text")
    club = fact("club", "Blue Wing")
    assert rivals_of([ring], [bird, ring, club]) == ("Blue Wing",)
    assert rivals_of([club], [bird, ring, club]) == ("Sultan", "DV-21")
