"""Invented facts for the measurement of paraphrases: most from the lexicon, fifteen whose attributes it does not have."""

from benchmarks.recipes import person
from generators import lexicon
from generators.topics import complete
from schemas.fact import Fact, ImportedFact

_OUTSIDE: tuple[tuple[str, str, str | int], ...] = (
    ("user", "spirit animal", "otter"),
    ("user", "stall number", 417),
    ("user", "accordion repairer", "Ilse Vermeer"),
    ("user", "pub quiz team", "The Quizzard of Oz"),
    ("user", "paper round street", "Canal Street"),
    ("user", "escape room record", "31 minutes"),
    ("user", "falconry teacher", "Marek Dvorak"),
    ("user", "pilgrimage start", "9 August 2018"),
    ("user", "unicycle", "Nimbus II"),
    ("user", "sauna day", "Thursday"),
    ("user", "debut novel", "The Salt Road"),
    ("user", "telescope", "an eight-inch Dobsonian"),
    ("user", "allotment", "plot 12 behind the brewery"),
    ("sister", "half-marathon time", "1 hour 52 minutes"),
    ("Anna", "tea merchant", "Ronnefeldt"),
)


def facts(count: int) -> list[Fact]:
    """`count` facts of one person, always the same ones."""
    outside = [complete(ImportedFact(subject=who, attribute=what, value=value)) for who, what, value in _OUTSIDE]
    assert not any(lexicon.find(fact.attribute) for fact in outside)
    known = person(7, count)
    kept = [fact for fact in known if fact.id not in {one.id for one in outside}][: max(0, count - len(outside))]
    return [*kept, *outside][:count]
