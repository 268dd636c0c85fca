"""What a told thing is one of: a law firm is an employer, a hockey team is a team, the current truck is a car. Whoever told it
and nothing nearer asks "Where do I work?" and means it, so it is asked for in those words, too, and they ask for nothing that
was never told."""

from collections import Counter
from collections.abc import Mapping, Sequence

from generators import lexicon
from generators.topics import Topic, topic_of_fact
from schemas.fact import Fact

_KINDS = {
    **dict.fromkeys(("firm", "studio", "agency", "practice", "salon"), "employer"),
    **dict.fromkeys(("van", "truck", "pickup", "jeep"), "car"),
    **dict.fromkeys(("estate", "village"), "neighborhood"),
    "birth year": "birthday",
    "job": "job_title",
}
"""Words of things that are one of the lexicon's, and are no other name for it."""
_ONE_OF = frozenset(
    "employer car bike team boss coworker roommate wife husband girlfriend boyfriend son daughter sister brother allergy "
    "medication medical_condition instrument laptop camera gym school university dog cat hobby project mentor doctor dentist "
    "neighborhood city".split()
)
"""Entries of which there are kinds: a "knee surgeon" is a surgeon, but the "shop name" is nobody's name."""
_NOT_NOW = frozenset(
    "old older previous former first last next dream future ex other second third past childhood youngest younger eldest "
    "oldest".split()
)
"""Words before a thing that say that it is not the one there is now, or not the only one."""


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
    if topic.is_common:
        return ""
    words = lexicon.normalise(topic.phrase).split(" of ", 1)[0].removesuffix(" now").split(" ")
    if not _NOT_NOW.isdisjoint(words):
        return ""
    for start in range(len(words)):
        name = " ".join(words[start:])
        entry = lexicon.find(_KINDS.get(name, name))
        if entry and (entry.id in _ONE_OF or name in _KINDS):
            return entry.id
    return ""
