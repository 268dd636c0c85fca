"""Rows about things that were never told, answered with "I don't know".

They use the same question families as known facts, and everyday wordings in the same share: a form that only negatives
used would teach "strange wording means I don't know". Each topic is an attribute that nobody gave, one of more than a
thousand, or a given attribute of somebody else.
"""

import random
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from generators import lexicon
from generators.make import Asked, any_questions, generic_questions, make_row, natural_questions, rng_for
from generators.topics import Topic, topic_of, topic_of_fact
from schemas.fact import USER, Fact
from schemas.row import Row, RowKind, Split, Wording

SMALLEST = 120
"""Fewer rows than this do not teach a model to say that it does not know, however few facts there are."""
NEAR_MISS_SHARE = 0.2
"""Of the rows, those about a given attribute of somebody else; with more, the given one is refused too."""

_OTHERS = ("neighbor", "cousin", "boss", "colleague", "best friend", "uncle", "teacher", "sister", "brother", "partner")

_SAME_PEOPLE = "partner wife husband girlfriend boyfriend marital_status"
IMPLIED: dict[str, str] = {
    **dict.fromkeys(_SAME_PEOPLE.split(), f"{_SAME_PEOPLE} fiancé"),
    "fiancé": _SAME_PEOPLE,
    "name": "last_name middle_name",
    "birthday": "age zodiac_sign birthstone",
    "address": "street city postal_code neighborhood country house_number",
    "city": "country",
    "pet_name": "dog cat horse cage_bird hamster",
    "pet_type": "pet_breed horse cage_bird hamster",
    "pet_breed": "pet_type",
    "dog": "pet_name pet_type",
    "cat": "pet_name pet_type",
    "hobby": "hobbies weekend_activity",
    "hobbies": "hobby instrument favorite_sport weekend_activity club",
    "children": "son daughter number_of_children",
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
    "team": "favorite_team favorite_sport club",
    "job_title": "industry",
    "business_name": "employer",
    "allergy": "medical_condition food_intolerances",
    "medical_condition": "allergy medication",
    "move_in_date": "last_move",
    "last_move": "move_in_date",
    "wedding_anniversary": "planned_wedding_date",
    "retirement_date": "age_to_retire",
    "favorite_game": "board_game favorite_card_game",
    "horse": "pet_name pet_type",
    "cage_bird": "pet_name pet_type",
    "hamster": "pet_name pet_type",
    "goal": "savings_goal",
    "disliked_food": "disliked_vegetables",
    "lucky_charm": "superstition",
    "tattoo": "number_of_tattoos",
    "wedding_dress": "wedding_suit",
    "wedding_suit": "wedding_dress",
    "garden_tree": "garden_plants",
    "garden_plants": "garden_tree homegrown_vegetables",
    "happy_place": "favorite_place_to_read",
}
"""Attributes whose everyday questions a known one answers too, so that they are not unknown: whoever told the birthday
told the age, and "Who am I married to?" asks for the wife and for the partner alike. Near misses stay unknown:
hometown beside birthplace, employer beside job title."""


def known_keys(facts: list[Fact]) -> set[str]:
    """Keys of all topics that the facts cover."""
    return {topic_of_fact(fact).key for fact in facts}


def unknown_topics(facts: list[Fact], seed: int) -> list[Topic]:
    """The user's attributes that nobody gave and that no given fact implies, in seeded order."""
    known = known_keys(facts)
    implied = known | {key for topic in map(topic_of_fact, facts) for key in _implied_by().get(topic.key, ())}
    found = [topic for topic in _all_topics() if topic.key not in implied]
    rng_for(seed, "unknown").shuffle(found)
    return found


@cache
def _all_topics() -> tuple[Topic, ...]:
    """Every attribute of the user that the lexicon has everyday wordings for, common and uncommon ones."""
    return tuple(topic_of(USER, name) for name in (*lexicon.entries(), *lexicon.uncommon()))


@cache
def _implied_by() -> Mapping[str, tuple[str, ...]]:
    """By the key of a topic, the keys of those that whoever knows it knows too."""
    return {
        topic_of(USER, name).key: tuple(topic_of(USER, other).key for other in others.split())
        for name, others in IMPLIED.items()
    }


def never_rows(facts: list[Fact], split: Split, seed: int) -> list[Row]:
    """Dev or test questions about things that no training row mentions, two of each in everyday words and one that
    names it; none about a thing that the person did give."""
    with (Path(__file__).parent / "never.toml").open("rb") as file:
        data = tomllib.load(file)[split]
    known, rng = known_keys(facts), rng_for(seed, "never", split)
    rows = []
    for name, natural in data.items():
        topic = topic_of(USER, name)
        asked = [Asked(text, f"never/{name}/{number}", Wording.NATURAL) for number, text in enumerate(natural)]
        asked += generic_questions(topic, split, 1, rng)
        if topic.key not in known:
            rows += [make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, split) for one in asked]
    return rows


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
    """ "Your blood type? I don't know." The thing is named first, as in an answer that knows it, so that a model decides
    about the thing and not about the wording of the question."""
    return f"{topic.named[:1].upper()}{topic.named[1:]}? I don't know."


def abstention_rows(facts: list[Fact], split: Split, count: int, seed: int) -> list[Row]:
    """About `count` rows, spread evenly over unknown attributes, and a share of them over near misses.

    Outside training uncommon attributes have no everyday wordings: there half of the attributes are common ones.
    """
    misses = near_misses(facts, seed)
    rng = rng_for(seed, "abstention", split)
    near = round(NEAR_MISS_SHARE * count)
    unknown, far = unknown_topics(facts, seed), count - near
    chosen = _spread(misses, near, rng)
    if split is Split.TRAIN:
        chosen += _spread(unknown, far, rng)
    else:
        worded = [topic for topic in unknown if natural_questions(topic, split)]
        chosen += _spread(worded, far // 2, rng)
        chosen += _spread([topic for topic in unknown if topic not in worded], far - far // 2, rng)
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
