"""The little English that templates need: whose fact it is, and the words that must agree with that person.

A form such as "Where {do} {I} work?" renders as "Where do I work?" for the user and "Where does my sister work?" for
somebody else. Slots: {I} {me} {my} at first mention; {he} {him} {his} at later ones; {do} {don't} {am} {was} {have} {s}
{es} agree with {I}; {attr} {wh} {is} stand for the attribute in generic families.
"""

import re
from dataclasses import dataclass
from typing import Literal

_SLOT = re.compile(r"\{([A-Za-z']+)\}")

_FEMALE = frozenset(
    [
        "mother",
        "mom",
        "mum",
        "mummy",
        "stepmother",
        "sister",
        "stepsister",
        "wife",
        "girlfriend",
        "daughter",
        "stepdaughter",
        "grandmother",
        "grandma",
        "granny",
        "granddaughter",
        "aunt",
        "auntie",
        "niece",
        "fiancee",
        "fiancée",
        "mother-in-law",
        "sister-in-law",
        "daughter-in-law",
        "goddaughter",
        "godmother",
    ]
)
_MALE = frozenset(
    [
        "father",
        "dad",
        "daddy",
        "stepfather",
        "brother",
        "stepbrother",
        "husband",
        "boyfriend",
        "son",
        "stepson",
        "grandfather",
        "grandpa",
        "grandson",
        "uncle",
        "nephew",
        "fiance",
        "fiancé",
        "father-in-law",
        "brother-in-law",
        "son-in-law",
        "godson",
        "godfather",
    ]
)
_NEUTRAL = frozenset(
    [
        "partner",
        "spouse",
        "child",
        "kid",
        "baby",
        "sibling",
        "parent",
        "cousin",
        "friend",
        "best-friend",
        "roommate",
        "flatmate",
        "housemate",
        "neighbor",
        "neighbour",
        "boss",
        "manager",
        "colleague",
        "coworker",
        "mentor",
        "teacher",
        "tutor",
        "landlord",
        "landlady",
        "doctor",
        "dentist",
        "barber",
        "hairdresser",
        "therapist",
        "lawyer",
        "accountant",
        "mechanic",
        "babysitter",
        "nanny",
        "vet",
        "trainer",
        "coach",
        "assistant",
        "client",
        "twin",
        "grandchild",
        "dog",
        "cat",
        "pet",
        "puppy",
        "kitten",
        "horse",
        "rabbit",
        "hamster",
        "parrot",
        "bird",
        "ex",
        "team",
        "company",
    ]
)
_PLURAL = frozenset(
    [
        "parents",
        "kids",
        "children",
        "siblings",
        "friends",
        "grandparents",
        "neighbors",
        "neighbours",
        "sons",
        "daughters",
        "brothers",
        "sisters",
        "twins",
        "pets",
        "dogs",
        "cats",
        "cousins",
        "colleagues",
        "coworkers",
        "in-laws",
        "roommates",
    ]
)
_RELATION_HEADS = _FEMALE | _MALE | _NEUTRAL | _PLURAL

_OF_MANY = {"do": "do", "don't": "don't", "am": "are", "was": "were", "have": "have", "s": "", "es": ""}
_VERB = re.compile(r"\{(do|don't|am|was|have|s|es)\}")
_BESIDE_PRONOUN = re.compile(rf"\{{he\}} (?:\w+ )?\w*{_VERB.pattern}|{_VERB.pattern} \{{he\}}")
Gender = Literal["she", "he", "they"]


@dataclass(frozen=True)
class Owner:
    """Whose fact it is. `noun` is how the user names that person: "I", "my sister", "Anna"."""

    key: str
    noun: str
    gender: Gender = "they"
    plural: bool = False

    @property
    def is_user(self) -> bool:
        """Whether the person who asks is meant."""
        return self.key == "user"


USER = Owner("user", "I")


def owner_of(subject: str) -> Owner:
    """The owner for a fact's subject: the user, a relation ("sister", "my best friend") or a name ("Anna").

    A relation in lower case gets "my" in front; anything else is taken as a name. "sister's husband" nests.
    """
    text = re.sub(r"\s+", " ", subject.replace("_", " ").strip())
    if text.casefold() in {"user", "me", "i", "my", "myself", "self"}:
        return USER
    bare = re.sub(r"^my\s+", "", text, flags=re.IGNORECASE)
    head = bare.split(" ")[-1].casefold()
    first = re.split(r"['’]s?\s", bare, maxsplit=1)[0].split(" ")[-1].casefold()
    related = head in _RELATION_HEADS or bare != text
    starts_related = first in _RELATION_HEADS or not re.search(r"['’]s?\s", bare)
    noun = f"my {_lower_first(bare) if head in _RELATION_HEADS else bare}" if related and starts_related else bare
    gender: Gender = "she" if head in _FEMALE else "he" if head in _MALE else "they"
    return Owner(bare.casefold(), noun, gender, plural=head in _PLURAL)


def is_relation(words: str) -> bool:
    """Whether the words name a relative, friend or animal of the user ("sister", "best friend")."""
    return words.split(" ")[-1].casefold() in _RELATION_HEADS


def possessive(noun: str) -> str:
    """ "Anna" -> "Anna's", "my parents" -> "my parents'"."""
    return f"{noun}'" if noun.endswith("s") and noun.split(" ")[-1].casefold() in _PLURAL else f"{noun}'s"


def towards_user(owner: Owner) -> str:
    """The owner's possessive as the assistant says it: "your", "your sister's", "Anna's"."""
    if owner.is_user:
        return "your"
    return possessive(re.sub(r"^my ", "your ", owner.noun))


def _slots(owner: Owner) -> dict[str, str]:
    if owner.is_user:
        return {
            "I": "I",
            "me": "me",
            "my": "my",
            "he": "I",
            "him": "me",
            "his": "my",
            "do": "do",
            "don't": "don't",
            "am": "am",
            "was": "was",
            "have": "have",
            "s": "",
            "es": "",
        }
    pronouns = {"she": ("she", "her", "her"), "he": ("he", "him", "his"), "they": ("they", "them", "their")}
    he, him, his = pronouns["they" if owner.plural else owner.gender]
    verbs = (
        _OF_MANY
        if owner.plural
        else {"do": "does", "don't": "doesn't", "am": "is", "was": "was", "have": "has", "s": "s", "es": "es"}
    )
    named = {"I": owner.noun, "me": owner.noun, "my": possessive(owner.noun)}
    return {**named, "he": he, "him": him, "his": his, **verbs}


def render(form: str, owner: Owner, **extra: str) -> str:
    """Fill a form's slots in one pass (so braces in a value stay as they are) and capitalise its first letter.

    A form written without any capital keeps its lower case, as people type in a hurry. Raises KeyError for an unknown
    slot.
    """
    slots = _slots(owner) | extra
    if slots["he"] == "they":
        # "What is my cousin called when they perform?": the noun takes "is", the pronoun does not.
        form = _BESIDE_PRONOUN.sub(lambda found: _VERB.sub(lambda verb: _OF_MANY[verb.group(1)], found.group()), form)
    text = _SLOT.sub(lambda match: slots[match.group(1)], form)
    terse = form == form.lower().replace("{i}", "{I}") and not form.endswith(("?", ".", "!"))
    return text if terse else text[:1].upper() + text[1:]


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


def ends_sentence(text: str) -> str:
    """The text with a full stop, unless it ends in one already."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
