"""Which things were never told: attributes of the person, of people of whom something else is known, and near misses."""

from collections.abc import Iterable, Mapping
from functools import cache

from generators import lexicon
from generators.broader import broader
from generators.language import Owner
from generators.make import rng_for
from generators.owners import meant_by
from generators.topics import Topic, split_owner, topic_of, topic_of_fact
from schemas.fact import USER, Fact
from schemas.row import Split

THINGS_SHARE = 0.1
"""Of the topics of the user, those from the nouns of things.toml; the rest are attributes of the lexicon."""

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


def known_keys(facts: Iterable[Fact]) -> set[str]:
    """Keys of all topics that the facts cover, whichever way they were told."""
    return {key for fact in facts for key in keys_of(topic_of_fact(fact))}


def keys_of(topic: Topic) -> set[str]:
    """All keys under which the same is asked for: the "birthday" of the mother is also what the lexicon lists as the person's
    own "mother's birthday"."""
    if not topic.owner.is_user:
        listed = lexicon.find(f"{topic.owner.key} {topic.phrase}")
        return {topic.key, f"{USER}/{listed.id}"} if listed else {topic.key}
    split = split_owner(topic.phrase)
    return {topic.key, topic_of(split[0].key, split[1]).key} if split else {topic.key}


def unknown_topics(facts: list[Fact], seed: int) -> list[Topic]:
    """The user's attributes that nobody gave and that no given fact implies, in seeded order: of the lexicon's common and
    uncommon ones all, and so many of the things with which they are THINGS_SHARE."""
    kinds = broader(facts)
    told = {fact.id: topic_of_fact(fact) for fact in facts}
    own = [(key, topic) for key, topic in told.items() if topic.owner.is_user]
    implied = implied_by(
        {name for key, topic in own for name in (topic.entry.id if topic.entry else "", kinds.get(key, ""))}
    )
    keys = known_keys(facts)
    listed, things = (
        [topic for topic in topics if topic.key not in keys and topic.entry and topic.entry.id not in implied]
        for topics in (_listed(), _things())
    )
    # Whoever has told something about the kettle may have told enough to answer other questions about it.
    words = " ".join(f"{fact.attribute} {fact.text}".casefold() for fact in facts)
    things = [topic for topic in things if _noun(topic) not in words]
    rng = rng_for(seed, "unknown")
    things = rng.sample(things, min(len(things), round(len(listed) * THINGS_SHARE / (1 - THINGS_SHARE))))
    found = [*listed, *things]
    rng.shuffle(found)
    return found


@cache
def _listed() -> tuple[Topic, ...]:
    """Every attribute of the user that the lexicon lists, common and uncommon ones."""
    return tuple(topic_of(USER, name) for name in (*lexicon.entries(), *lexicon.uncommon()))


@cache
def _things() -> tuple[Topic, ...]:
    return tuple(topic_of(USER, name) for name in lexicon.things())


def _noun(topic: Topic) -> str:
    """ "kettle" of "kettle's price", "job interview" of "job interview venue", "cheese" of "favorite cheese"."""
    phrase = topic.phrase.casefold()
    return (
        phrase.removeprefix("least ").removeprefix("favorite ")
        if "favorite" in phrase
        else phrase.split("'")[0].rsplit(" ", 1)[0]
    )


def implied_by(known: set[str]) -> set[str]:
    """Ids of lexicon entries that whoever knows these entries knows too."""
    return known | {other for name in known for other in _implied_by().get(name, ())}


@cache
def _implied_by() -> Mapping[str, tuple[str, ...]]:
    """By the id of an entry, the ids of those that whoever knows it knows too."""
    found: dict[str, tuple[str, ...]] = {}
    for name, others in IMPLIED.items():
        entry = lexicon.find(name)
        if entry:
            found[entry.id] = tuple(other.id for text in others.split() if (other := lexicon.find(text)))
    return found


_OF_ANYBODY = frozenset({"name", "last_name", "middle_name", "nickname", "marital_status"})
"""Whoever says "my sister Anna" has told these, or half of them."""


def told_of(fact: Fact) -> Owner:
    """Of whom a fact tells something: the "name" of the "wife" tells of the wife, though the wife is the person's."""
    owner = topic_of_fact(fact).owner
    return meant_by(fact.subject) if owner.is_user else owner


def of_known_people(facts: list[Fact], seed: int) -> list[Topic]:
    """What nobody gave of people of whom something else is known, in seeded order: the sister's employer beside her
    birthday."""
    told: dict[str, set[str]] = {}
    subjects: dict[str, str] = {}
    same, kinds, known = _other_names(facts), broader(facts), known_keys(facts)
    for fact in facts:
        topic, owner = topic_of_fact(fact), told_of(fact)
        if not owner.is_user:
            own = owner.key.casefold()
            subjects[own] = owner.noun
            for key in {own, *same.get(own, ())}:
                told.setdefault(key, set()).update({topic.thing, kinds.get(fact.id, topic.thing)})
    found = []
    for key, subject in subjects.items():
        implied = implied_by(told[key]) | _OF_ANYBODY
        topics = (topic_of(subject, name) for name in _of_others() if name not in implied)
        found += [topic for topic in topics if topic.key not in known]
    rng_for(seed, "of known people").shuffle(found)
    return found


def _other_names(facts: list[Fact]) -> dict[str, set[str]]:
    """For the key of a person ("sister", "anna berg") the other keys under which facts speak of the same one."""
    found: dict[str, set[str]] = {}
    for fact, topic in zip(facts, map(topic_of_fact, facts), strict=True):
        if topic.is_person and topic.owner.is_user:
            names = {topic.phrase.casefold(), fact.text.casefold(), fact.text.split(" ")[0].casefold()}
            for name in names:
                found.setdefault(name, set()).update(names - {name})
    return found


@cache
def _of_others() -> tuple[str, ...]:
    """Names of entries that can be asked of anybody in everyday words."""
    listed = (*lexicon.entries().values(), *lexicon.uncommon().values())
    return tuple(entry.id for entry in listed if any("{" in form for form in entry.forms[Split.TRAIN]))


def near_misses(facts: list[Fact], seed: int) -> list[Topic]:
    """Attributes that are known of one person, asked of another: the neighbor's birthday, the brother's employer."""
    topics = [topic_of_fact(fact) for fact in facts]
    known = known_keys(facts)
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
