"""What a told thing is one of: a law firm is an employer, a hockey team is a team, the current truck is a car. Whoever told it
and nothing nearer asks "Where do I work?" and means it, so it is asked for in those words, too, and they ask for nothing that
was never told."""

from collections import Counter
from collections.abc import Mapping, Sequence

from generators import lexicon
from generators.language import is_relation
from generators.topics import Topic, topic_of_fact
from schemas.fact import Fact, ValueKind

_KINDS = {
    **dict.fromkeys("firm studio agency practice salon".split(), "employer"),
    **dict.fromkeys("van truck pickup jeep suv hatchback sedan minivan".split(), "car"),
    **dict.fromkeys(("estate", "village"), "neighborhood"),
    **dict.fromkeys(
        "terrier labrador poodle spaniel beagle dachshund greyhound collie retriever sheepdog".split(), "dog"
    ),
    **dict.fromkeys(
        "synth synthesizer guitar ukulele mandolin banjo harp oboe clarinet bassoon flute trumpet trombone tuba sax saxophone "
        "accordion cello viola violin fiddle piano harmonica drums".split(),
        "instrument",
    ),
    "birth year": "birthday",
    "job": "job_title",
}
"""Words of things that are one of the lexicon's, and are no other name for it."""
_ONE_OF = frozenset(
    "employer car bike team boss coworker roommate wife husband girlfriend boyfriend son daughter sister brother allergy "
    "medication medical_condition instrument laptop camera gym school university dog cat hobby project doctor dentist "
    "neighborhood city".split()
)
"""Entries of which there are kinds: a "knee surgeon" is a surgeon, but the "shop name" is nobody's name."""
_VALUES = frozenset({ValueKind.TEXT, ValueKind.PERSON, ValueKind.PLACE, ValueKind.LIST})
"""Kinds of value that stand for each other."""
_NOW = frozenset("current new present own my".split())
_BEFORE: Mapping[str, frozenset[str]] = {
    name: _NOW | frozenset(words.split())
    for name, words in {
        "employer": "law design architecture accounting engineering consulting advertising marketing software tech news film "
        "animation game games tax family",
        "boss": "direct line head shift night day team department store floor kitchen gang",
        "school": "law medical business art film drama graduate grad high grammar secondary boarding nursing design",
        "neighborhood": "home council housing",
        "city": "home",
        "wife": "late",
        "husband": "late",
        "sister": "twin big little baby late",
        "brother": "twin big little baby late",
        "truck": "pickup work farm",
        "pickup": "work farm",
    }.items()
}
"""Before some, by the entry or the word itself, nothing but these: an "insurance company" is not where one works, a "hair salon"
neither, a "project manager" not as a rule one's own, and a "food truck" is no car."""
_NOT_THAT = frozenset(
    "old older previous former first last next dream future ex other second third past childhood youngest younger eldest "
    "oldest favorite favourite best worst least rental rented hire borrowed toy model".split()
)
"""Words before a thing that say that it is not the one there is now, or not the only one, or no such thing."""


def broader(facts: Sequence[Fact]) -> Mapping[str, str]:
    """By the id of a fact, the entry of the lexicon of which it tells the only one: no fact tells that itself."""
    topics = {fact.id: topic_of_fact(fact) for fact in facts}
    known = {topic.key for topic in topics.values()}
    found = {key: (topic.owner.key, name) for key, topic in topics.items() if (name := _entry_of(topic))}
    told = Counter(found.values())
    return {
        key: name for key, (owner, name) in found.items() if told[owner, name] == 1 and f"{owner}/{name}" not in known
    }


def _entry_of(topic: Topic) -> str:
    """The id of what it is one of; empty where it is none, or is in the lists itself."""
    phrase = lexicon.normalise(topic.phrase)
    if topic.entry or "'" in phrase or "’" in phrase:  # the plumber's car is the plumber's
        return ""
    words = phrase.split(" of ", 1)[0].removesuffix(" now").split(" ")
    if not _NOT_THAT.isdisjoint(words):
        return ""
    for start in range(len(words)):
        before, name = words[:start], " ".join(words[start:])
        entry = lexicon.find(_KINDS.get(name, name))
        if entry and (entry.id in _ONE_OF or name in _KINDS):
            return entry.id if _may_be(entry, name, before, topic.kind) else ""
    return ""


def _may_be(entry: lexicon.Entry, name: str, before: Sequence[str], kind: ValueKind) -> bool:
    """Whether what has these words before it can be that entry, with a value of this kind."""
    if before and is_relation(" ".join(before)):  # "daughter boyfriend"
        return False
    # A year tells when somebody was born, a date not where one works.
    if kind not in _VALUES and kind is not entry.kind and (kind, entry.kind) != (ValueKind.NUMBER, ValueKind.DATE):
        return False
    allowed = _BEFORE.get(name, _BEFORE.get(entry.id))
    return allowed is None or allowed.issuperset(before)
