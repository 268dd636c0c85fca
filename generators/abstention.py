"""Rows about things that were never told, answered with "I don't know".

They use the same question families as known facts: a form that only negatives used would teach "strange wording means
I don't know". Each topic is an attribute that nobody gave, or a given attribute of somebody else.
"""

import random

from generators import lexicon
from generators.language import possessive, towards_user
from generators.make import any_questions, make_row, rng_for
from generators.topics import Topic, topic_of, topic_of_fact
from schemas.fact import USER, Fact
from schemas.row import Row, RowKind, Split

SMALLEST = 120
"""Fewer rows than this do not teach a model to say that it does not know, however few facts there are."""
NEAR_MISS_SHARE = 0.2
"""Of the rows, those about a given attribute of somebody else; with more, the given one is refused too."""
RESERVED_SHARE = 0.15
"""Of the unknown attributes, the share that no row ever mentions, so that the evaluation can ask for them."""

_OTHERS = ("neighbor", "cousin", "boss", "colleague", "best friend", "uncle", "teacher", "sister", "brother", "partner")

# Attributes whose everyday questions a known one answers too, so that they are not unknown: whoever told the birthday
# told the age, and "Who am I married to?" asks for the wife and for the partner alike. Near misses stay unknown:
# hometown beside birthplace, employer beside job title.
_SAME_PEOPLE = "partner wife husband girlfriend boyfriend marital_status"
_IMPLIED: dict[str, str] = {
    **dict.fromkeys(_SAME_PEOPLE.split(), _SAME_PEOPLE),
    "name": "last_name middle_name",
    "birthday": "age zodiac_sign",
    "address": "street city postal_code neighborhood country",
    "city": "country",
    "pet_name": "dog cat",
    "dog": "pet_name pet_type",
    "cat": "pet_name pet_type",
    "hobby": "hobbies",
    "hobbies": "hobby instrument favorite_sport",
    "children": "son daughter",
    "son": "children",
    "daughter": "children",
    "sister": "number_of_siblings",
    "brother": "number_of_siblings",
    "graduation_date": "graduation_year",
    "graduation_year": "graduation_date",
    "degree": "major",
    "major": "degree",
    "birthplace": "nationality",
    "nationality": "country",
    "coffee_order": "favorite_drink",
    "favorite_food": "favorite_dish",
    "favorite_dish": "favorite_food",
    "favorite_team": "favorite_sport",
    "team": "favorite_team favorite_sport",
    "job_title": "industry",
    "business_name": "employer",
    "allergy": "medical_condition",
    "medical_condition": "allergy medication",
}


def known_keys(facts: list[Fact]) -> set[str]:
    """Keys of all topics that the facts cover."""
    return {topic_of_fact(fact).key for fact in facts}


def unknown_topics(facts: list[Fact], seed: int) -> tuple[list[Topic], list[Topic]]:
    """(topics for abstention rows, topics that are kept for the evaluation), both in seeded order."""
    known = known_keys(facts)
    known_ids = {topic.entry.id for topic in map(topic_of_fact, facts) if topic.entry and topic.owner.is_user}
    implied = known_ids.union(*(_IMPLIED.get(name, "").split() for name in known_ids))
    open_ids = [name for name in lexicon.entries() if name not in implied]
    rng = rng_for(seed, "unknown")
    rng.shuffle(open_ids)
    reserved = open_ids[: round(RESERVED_SHARE * len(open_ids))]
    taught = [topic_of(USER, name) for name in open_ids[len(reserved) :]]
    return taught, [topic for topic in (topic_of(USER, name) for name in reserved) if topic.key not in known]


def near_misses(facts: list[Fact], seed: int) -> list[Topic]:
    """Attributes that are known of one person, asked of another: the neighbor's birthday, the brother's employer."""
    topics = [topic_of_fact(fact) for fact in facts]
    known = {topic.key for topic in topics}
    relatives = {topic.phrase.casefold() for topic in topics}
    found = []
    for fact, topic in zip(facts, topics, strict=True):
        rng = rng_for(seed, "near", fact.id)
        # Whoever is himself a known value ("my sister is Anna") may be known by name elsewhere: ask about others.
        others = [who for who in _OTHERS if who not in relatives and who != topic.owner.key]
        for who in rng.sample(others, 2):
            miss = topic_of(f"my {who}", topic.entry.id if topic.entry else topic.phrase, fact.kind)
            if miss.key not in known:
                found.append(miss)
        own = topic_of(USER, topic.entry.id if topic.entry else topic.phrase, fact.kind)
        if not topic.owner.is_user and own.key not in known:
            found.append(own)
    return list({topic.key: topic for topic in found}.values())


def refusal(topic: Topic) -> str:
    """ "I don't know your blood type." A person who is asked for is named by name."""
    phrase = f"{possessive(topic.phrase)} name" if topic.is_person and not topic.plural else topic.phrase
    return f"I don't know {towards_user(topic.owner)} {phrase}."


def abstention_rows(facts: list[Fact], split: Split, count: int, seed: int) -> list[Row]:
    """About `count` rows, spread evenly over unknown attributes, and a share of them over near misses."""
    taught, _ = unknown_topics(facts, seed)
    misses = near_misses(facts, seed)
    rng = rng_for(seed, "abstention", split)
    near = round(NEAR_MISS_SHARE * count)
    chosen = _spread(misses, near, rng) + _spread(taught, count - near, rng)
    return [row for topic, times in chosen for row in unknown_rows(topic, split, times, rng)]


def unknown_rows(topic: Topic, split: Split, count: int, rng: random.Random) -> list[Row]:
    """`count` questions about a thing never told."""
    asked = any_questions(topic, split, count, rng)
    return [make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, split) for one in asked]


def _spread(topics: list[Topic], count: int, rng: random.Random) -> list[tuple[Topic, int]]:
    """Each topic with how many rows it gets, `count` in all."""
    if not topics:
        return []
    order = rng.sample(topics, len(topics))
    share, rest = divmod(count, len(order))
    return [(topic, share + (number < rest)) for number, topic in enumerate(order) if share + (number < rest)]
