"""What nobody told of the very things and people that facts speak of: the boat's price beside its name, the apprentice's
phone number beside what the apprentice is called. Such questions name something told, so they are the first to be answered
with it."""

from collections.abc import Iterator, Sequence

from generators import described, lexicon
from generators.language import Owner, is_relation
from generators.make import rng_for
from generators.topics import Topic, topic_of, topic_of_fact
from generators.unknown import implied_by, known_keys, told_of
from schemas.fact import Fact, ValueKind

_OF_SOMEBODY = (
    "phone_number email address city age birthday birthplace hometown nationality job_title employer salary hobby car "
    "favorite_food favorite_color height religion allergy pet_name wake_up_time university".split()
)
"""Common attributes of the lexicon that are asked for of whoever one knows."""
_OF_SOMETHING = (
    "price color brand age size weight material model shop repairer seller maker owner place number code insurer year "
    "date time duration nickname".split()
)
"""Heads (descriptions/heads.toml) that go with most things and events."""
_MAYBE_IN_VALUE = frozenset("color brand size weight material model maker number nickname place shop".split())
"""What a value may tell of the thing that it is: "boat: a blue Laser"."""
_ALIKE = tuple(
    frozenset(names.split())
    for names in (
        "date day night evening year time age deadline start end birthday anniversary",
        "number code id route channel registration licence license plate model",
        "place location spot shop seller address room street city supplier source",
        "brand model maker manufacturer type breed variety kind",
        "size weight length height volume thickness count",
        "price rate payment contribution fee cost",
    )
)
"""Heads of which whoever told one may have told another."""


def beside_told(facts: Sequence[Fact], seed: int) -> list[Topic]:
    """Topics never told of the things and people that the facts are about, in seeded order, each once."""
    topics = [topic_of_fact(fact) for fact in facts]
    known = known_keys(facts)
    told = {(topic.owner.key, topic.thing) for topic in topics}
    found: dict[str, Topic] = {}
    for fact, topic in zip(facts, topics, strict=True):
        for subject, name in _of(topic, told_of(fact)):
            miss = topic_of(subject, name)
            near = {own for key, own in told if key == miss.owner.key}
            if miss.key not in known and miss.thing not in implied_by(near):
                found.setdefault(miss.key, miss)
    rng = rng_for(seed, "beside")
    return rng.sample(list(found.values()), len(found))


def _of(topic: Topic, whose: Owner) -> Iterator[tuple[str, str]]:
    """(subject, attribute) of what could be asked beside it, and of `whose` it is. Somebody who is told of as the person's
    alone ("uncle: Tobin") is left out: "What have you got on my uncle?" was then taken for one of the uncle's things
    (docs/results, round 24). Whoever is a fact's subject ("name" of the "apprentice") is not."""
    words = lexicon.normalise(topic.phrase)
    if not whose.is_user:
        thing = whose.noun.removeprefix("my ")
        is_thing = thing in described.nouns() and not is_relation(thing)
        yield from ((whose.noun, name) for name in (*_OF_SOMEBODY, *(_OF_SOMETHING if is_thing else ())))
    is_said = topic.is_common and (topic.kind is not ValueKind.TEXT or words not in described.nouns())
    if not is_said and not topic.is_person and not is_relation(words):
        owner = topic.owner
        rest = "" if words in described.nouns() else described.owner_of_head(words)
        shut = _like(words.rsplit(" ", 1)[-1]) if rest else _MAYBE_IN_VALUE
        left = [name for name in _OF_SOMETHING if name not in shut]
        yield from ((owner.key if owner.is_user else owner.noun, f"{rest or words}'s {name}") for name in left)


def _like(head: str) -> frozenset[str]:
    return frozenset().union(*(names for names in _ALIKE if head in names))
