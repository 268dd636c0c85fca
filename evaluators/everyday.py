"""Questions as people really ask them: never naming the thing, written apart from every generator.

everyday.toml is for testing; everyday_dev.toml, on things outside the lexicon alone, for choosing settings.
"""

import random
import re
import tomllib
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

from evaluators.lives import data
from evaluators.questions import rivals_of
from schemas.evaluation import Question, QuestionGroup
from schemas.fact import USER, Fact, Tier, ValueKind
from schemas.row import RowKind, Split, Wording

_RELATION = re.compile(r"^[a-z]")
_IMPLIED = {"wife": "marital_status partner girlfriend boyfriend", "husband": "marital_status partner girlfriend boyfriend",
            "girlfriend": "partner marital_status", "boyfriend": "partner marital_status", "daughter": "children son",
            "son": "children daughter", "sister": "number_of_siblings", "brother": "number_of_siblings",
            "birthday": "age zodiac_sign", "dog": "pet_name pet_type pet_breed pet_age",
            "cat": "pet_name pet_type pet_breed pet_age", "pet_name": "pet_type", "birthplace": "nationality hometown",
            "hobbies": "instrument favorite_sport", "hobby": "hobbies", "name": "last_name", "city": "country office",
            "job_title": "industry", "graduation_date": "graduation_year university", "work phone": "phone_number",
            "address": "country neighborhood postal_code", "phone_number": "work phone", "email": "work email",
            "work email": "email", "cattery owner": "cat pet_name", "hen's name": "pet_name", "goldfish's name": "pet_name",
            "car": "first_car", "major": "degree", "degree": "major"}  # fmt: skip
"""What answers about the one could rightly be given to questions about the other, so that it is not unknown."""


_FILES = {Split.TEST: "everyday.toml", Split.DEV: "everyday_dev.toml"}


@cache
def wordings(split: Split = Split.TEST) -> dict[str, dict[str, list[str]]]:
    """For each attribute, `ask` about the user and perhaps `of` somebody else."""
    with (Path(__file__).parent / _FILES[split]).open("rb") as file:
        return tomllib.load(file)


def everyday_questions(
    facts: list[Fact],
    women: Collection[str],
    confusable: Collection[tuple[str, str]],
    seed: int,
    each: int = 3,
    split: Split = Split.TEST,
) -> list[Question]:
    """Up to `each` questions a fact, about the facts for which there are wordings. `women` are subjects.

    Those of the dev split count among the natural ones, which stand in for everyday ones there.
    """
    found = []
    for fact in facts:
        rivals = rivals_of([fact], facts)
        texts = _asked(fact.subject, fact.attribute, fact.subject in women, seed, split)
        for number, text in enumerate(texts[:each]):
            question = Question(
                id=f"everyday/{fact.id}/{number}",
                group=QuestionGroup.RECALL,
                text=text,
                kind=RowKind.QUESTION,
                wording=_wording(split),
                topic=topic_key(fact.subject, fact.attribute),
                tier=int(fact.tier),
                fact_ids=(fact.id,),
                value_kind=fact.kind,
                values=fact.items,
                aliases=tuple(fact.aliases if len(fact.items) == 1 else () for _ in fact.items),
                rivals=rivals,
                confusable=(fact.subject, fact.attribute) in confusable,
            )
            found.append(question)
    return found


def two_fact_questions(facts: list[Fact], women: Collection[str], seed: int) -> list[Question]:
    """ "Where does Anna Berg work?" when it is told that she is the sister, and where the sister works."""
    people = {fact.attribute.replace("_", " "): fact for fact in facts if fact.subject == USER}
    found = []
    for fact in facts:
        person = people.get(fact.subject)
        if person is None or person.kind is not ValueKind.PERSON:
            continue
        for number, text in enumerate(_asked(person.text, fact.attribute, fact.subject in women, seed)[:2]):
            question = Question(
                id=f"everyday/{person.id}+{fact.id}/{number}",
                group=QuestionGroup.PORTABILITY,
                text=text,
                kind=RowKind.COMPOSITION,
                wording=Wording.EVERYDAY,
                topic=f"{topic_key(USER, person.attribute)}+{topic_key(fact.subject, fact.attribute)}",
                tier=int(Tier.MULTI_HOP),
                fact_ids=(person.id, fact.id),
                value_kind=fact.kind,
                values=fact.items,
            )
            found.append(question)
    return found


def never_told_questions(
    facts: list[Fact],
    women: Collection[str],
    taught: Collection[str],
    count: int,
    seed: int,
    split: Split = Split.TEST,
) -> list[Question]:
    """`count` questions at most about things that no fact tells or implies, half of them of the people who are known.

    `taught` are the topics of "I don't know" rows in training.
    """
    rng = random.Random(f"never told/{seed}")
    mine = [(USER, name) for name in wordings(split) if not _is_known(USER, name, facts)]
    # Whoever is known only by being named ("my dentist") has no facts of his own: these are asked of people who have.
    met = list(dict.fromkeys(fact.subject for fact in facts if fact.subject != USER))
    theirs = [(who, name) for who in met for name, body in wordings(split).items()
              if "of" in body and not _is_known(who, name, facts)]  # fmt: skip
    chosen = rng.sample(mine, min(len(mine), count - count // 2)) + rng.sample(theirs, min(len(theirs), count // 2))
    found = []
    for subject, name in chosen:
        topic = topic_key(subject, name)
        group = QuestionGroup.UNKNOWN if topic in taught else QuestionGroup.UNSEEN
        text = _asked(subject, name, subject in women, seed, split)[0]
        found.append(
            Question(id=f"everyday/never/{topic}", group=group, text=text, kind=RowKind.ABSTENTION,
                     wording=_wording(split), topic=topic)
        )  # fmt: skip
    return found


def topic_key(subject: str, attribute: str) -> str:
    """ "user/employer", "sister/birthday": equal for rows and questions about the same thing."""
    return f"{subject.casefold()}/{attribute.casefold().replace(chr(39) + 's', '')}"


def _wording(split: Split) -> Wording:
    return Wording.EVERYDAY if split is Split.TEST else Wording.NATURAL


def _asked(subject: str, attribute: str, woman: bool, seed: int, split: Split = Split.TEST) -> list[str]:
    """The wordings for one fact, in seeded order."""
    body = wordings(split).get(attribute, {})
    texts = body.get("ask", []) if subject == USER else [_rendered(text, subject, woman) for text in body.get("of", [])]
    return random.Random(f"everyday/{seed}/{subject}/{attribute}").sample(texts, len(texts))


def _rendered(text: str, subject: str, woman: bool) -> str:
    who = f"my {subject}" if _RELATION.match(subject) else subject
    he, him, his = ("she", "her", "her") if woman else ("he", "him", "his")
    slots = {"who": who, "whose": f"{who}'s", "he": he, "him": him, "his": his}
    done = re.sub(r"\{(\w+)\}", lambda slot: slots[slot.group(1)], text)
    return done[:1].upper() + done[1:]


def _is_known(subject: str, name: str, facts: list[Fact]) -> bool:
    told = {fact.attribute for fact in facts if fact.subject == subject}
    barred = {other for line in data()["exclusive"] if name in line.split() for other in line.split()}
    implied = {other for one in told for other in _IMPLIED.get(one, "").split()}
    return name in told | implied or bool(told & barred)


def all_texts() -> Iterator[str]:
    """Every wording, as it is asked of the user or of a sister."""
    for body in wordings().values():
        yield from body["ask"]
        yield from (_rendered(text, "sister", True) for text in body.get("of", []))
