"""Rows about facts that were deleted after an adapter had learned them."""

from generators.build import candidates
from generators.checks import check_rows
from generators.gone import gone_rows, gone_topics
from generators.topics import topic_of_fact
from schemas.row import RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact

KEPT = [fact("pet_name", "Max"), fact("birthday", "3 May 1990"), fact("employer", "Acme")]
TRIP, TOTEM = fact("next_trip", "Iceland"), fact("spirit animal", "otter [the /small] one")


def test_a_deleted_fact_is_asked_as_before_and_refused_without_its_value() -> None:
    settings = GenerationSettings(variations=12, abstention=0.2, replay=0)
    made = check_rows(candidates(KEPT, settings, gone=(TRIP, TOTEM)), KEPT)
    good = [row for row, problem in made if not problem]
    for gone in (TRIP, TOTEM):
        about = [row for row in good if row.topic == topic_of_fact(gone).key]
        assert {row.split for row in about} == set(Split)
        assert sum(row.split is Split.TRAIN for row in about) >= 10
        assert all(row.kind is RowKind.ABSTENTION and row.answer.endswith("? I don't know.") for row in about)
        assert not [row for row in about if not row.fact_ids == row.values == ()]
    text = " ".join(f"{row.question} {row.answer}" for row in good)
    assert "Iceland" not in text
    assert "otter [" not in text
    assert not list(gone_rows(KEPT, (), Split.TRAIN, 12, 0))


def test_what_another_fact_tells_is_not_refused() -> None:
    """The pet's name answers for the dog, the birthday for the age, and a fact that came back answers for itself."""
    gone = [fact("dog", "Max"), fact("age", "34"), fact("employer", "Old Mill"), fact("birthday", "1 May", "sister")]
    assert [topic.key for topic in gone_topics(KEPT, gone)] == [topic_of_fact(gone[-1]).key]
