"""What a fact is about: whose attribute, how it is called, and what kind of value and tier it suggests."""

import hashlib
import re
from dataclasses import dataclass, replace
from functools import lru_cache

from generators import described, lexicon
from generators.language import USER, Owner, is_relation, owner_of, possessive, towards_user
from generators.owners import is_role, meant_by
from schemas.fact import Fact, ImportedFact, Tier, ValueKind, plain_text

_DATE = re.compile(
    r"^(?:\d{4}-\d{1,2}(?:-\d{1,2})?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|(?:18|19|20)\d\d|"
    r"(?:\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?)?(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|"
    r"may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
    r"(?:\s+\d{1,2}(?:st|nd|rd|th)?)?(?:,?\s+\d{4})?)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^[+-]?\d[\d,]*(?:\.\d+)?$")
_TEMPORAL = re.compile(
    r"\b(?:date|day|birthday|anniversary|year|since|when|last|next|first|deadline|appointment|history|moved|started|"
    r"graduat\w+|wedding|trip|vacation|holiday|event|schedule|begins?|until)\b"
)
# Keys like "works at" or "born in" are no nouns: "my works at" is not English.
_CLAUSE = re.compile(
    r"^(?:works?|lives?|is|was|are|has|have|born|likes?|loves?|hates?|owns?|plays?|speaks?|studi\w+|employed|drives?|"
    r"married|moved|goes|got|allergic|afraid|wakes?|name of|located|dating|reports?|grew|from|when|where|who|what|how)\b|"
    r" (?:at|in|for|on|by|from|to|as|of|with|old|born)$"
)
_VERB_AS_NOUN = {
    "expires": "expiry",
    "ends": "end",
    "starts": "start",
    "begins": "start",
    "opens": "opening",
    "closes": "closing",
}
"""What happens to a thing, as a noun: "permit expires" is the permit's expiry."""
_PARTICIPLE = re.compile(
    r"^(?:fitt|install|issu|renew|servic|repair|inspect|replac|adopt|vaccinat|neuter|diagnos|hir|found|sign)ed$"
)
"""What was done to it, as a rule on a day."""
_OF_MY = re.compile(r"^(\w+(?: \w+)?) of my (.+)$", re.IGNORECASE)
_APPOINTMENTS = frozenset(["appointment", "appointments"])
"""What I have with somebody is mine: a "dentist appointment" is no dentist's."""
_RELATIONAL = re.compile(r"\b(?:favou?rite|likes?|dislikes?|loves?|hates?|prefer\w*|friend|best)\b")


@dataclass(frozen=True)
class Noun:
    """One way to name the attribute after "my", with the words that go with it."""

    text: str
    wh: str
    plural: bool


@dataclass(frozen=True)
class Topic:
    """Whose what. `key` is equal for two facts that ask for the same thing."""

    owner: Owner
    phrase: str
    entry: lexicon.Entry | None
    kind: ValueKind
    plural: bool
    nouns: tuple[Noun, ...]
    """Ways to name it, the plainest first: "barber" (who), "barber's name" (what), "hairdresser" (who)."""

    @property
    def key(self) -> str:
        """ "user/employer", "sister/birthday"."""
        return f"{self.owner.key}/{self.thing}"

    @property
    def thing(self) -> str:
        """What it is of whomever: "employer", "birthday", "spirit animal"."""
        return self.entry.id if self.entry else lexicon.normalise(self.phrase)

    @property
    def named(self) -> str:
        """As the assistant names it: "your employer", "your sister's birthday"."""
        return f"{towards_user(self.owner)} {self.phrase}"

    @property
    def is_common(self) -> bool:
        """Whether the lexicon lists it among what many people have, with some hundred everyday wordings."""
        return self.entry is not None and self.entry.id in lexicon.entries()

    @property
    def is_person(self) -> bool:
        """Whether the value names somebody else, so that one asks "who"."""
        return self.kind is ValueKind.PERSON and not re.search(r"\bname$", self.phrase)


def split_owner(attribute: str) -> tuple[Owner, str] | None:
    """ "sister_birthday" or "sister's birthday" -> (my sister, "birthday"), unless the lexicon knows it as a whole."""
    words = re.sub(r"[_\s]+", " ", attribute).strip()
    words = re.sub(r"^(?:user|my) (?=\S)", "", words, flags=re.IGNORECASE)
    parts = words.split(" ")
    for cut in range(len(parts) - 1, 0, -1):
        head, tail = " ".join(parts[:cut]), " ".join(parts[cut:])
        bare = re.sub(r"['’]s?$", "", head)
        inner = re.split(r"['’]s? ", bare)
        if not all(is_relation(part) for part in inner):
            continue
        if head == bare and lexicon.find(tail) is None and tail.casefold() not in {"name", "names"}:
            continue
        if head == bare and tail.casefold() in _APPOINTMENTS:
            continue
        return owner_of(f"my {bare}"), tail
    return None


@lru_cache(maxsize=8192)
def topic_of(subject: str, attribute: str, kind: ValueKind | None = None) -> Topic:
    """The topic of a fact. The key "sister_birthday" of a flat file is understood as the sister's birthday, and the "name" of
    the "sister" as who the sister is."""
    owner, attribute = meant_by(subject), _turned(attribute)
    entry = lexicon.find(attribute)
    if entry and entry.id == "name" and owner.noun.startswith("my "):
        return _who_it_is(owner, kind)
    return _as_said(owner, attribute, kind)


def _turned(attribute: str) -> str:
    """ "birthday of my mother" -> "mother's birthday"."""
    found = _OF_MY.match(attribute.replace("_", " "))
    return f"{possessive(found.group(2))} {found.group(1)}" if found else attribute


def _who_it_is(owner: Owner, kind: ValueKind | None) -> Topic:
    """ "Your wife is Ann" tells her name: whoever asks for either asks for the same."""
    who = owner.noun.removeprefix("my ")
    is_person = is_relation(who) or is_role(who)
    named = who if lexicon.find(who) or is_person else f"{who}'s name"
    return _as_said(USER, named, ValueKind.PERSON if is_person and not lexicon.find(who) else kind)


def _as_said(owner: Owner, attribute: str, kind: ValueKind | None) -> Topic:
    """The same, where the sister's name is not the sister."""
    given = readable(attribute)
    if owner.is_user and lexicon.find(attribute) is None and (split := split_owner(attribute)):
        inner, tail = split
        if tail.casefold() == "name" and lexicon.find(inner.key):
            return _of_the_user(inner.key, given, kind)
        return replace(_of_the_user(tail, given, kind), owner=inner)
    return replace(_of_the_user(attribute, given, kind), owner=owner)


@lru_cache(maxsize=8192)
def _of_the_user(attribute: str, given: str, kind: ValueKind | None) -> Topic:
    """The attribute's topic without a look at whose it may be; `given` is how the person called it."""
    entry = lexicon.find(attribute)
    phrase = entry.phrase if entry else readable(attribute)
    decided = kind or (entry.kind if entry else ValueKind.TEXT)
    plural = entry.plural if entry else lexicon.looks_plural(phrase)
    bare = Topic(USER, phrase, entry, decided, plural, ())
    return replace(bare, nouns=_nouns(bare, given))


def _nouns(topic: Topic, given: str) -> tuple[Noun, ...]:
    """The topic's own phrase, for people also "X's name", then the user's own word."""
    wh = "who" if topic.is_person else "what"
    nouns = [Noun(topic.phrase, wh, topic.plural)]
    if topic.is_person and not topic.plural:
        nouns.append(Noun(f"{topic.phrase}'s name", "what", False))
    if topic.entry:
        name = _possessed(given)
        taken = {lexicon.normalise(noun.text) for noun in nouns}
        own_word = lexicon.find(given) == topic.entry and lexicon.normalise(name) not in taken
        if own_word and not _CLAUSE.search(name.casefold()):
            nouns.append(Noun(name, "what" if name.casefold().endswith("name") else wh, topic.plural))
    return tuple(nouns)


def _possessed(name: str) -> str:
    """ "sister name" -> "sister's name": what key-like names mean when they stand in a sentence."""
    return re.sub(r"^((?:\w+ )*\w+[^s\W]) name$", r"\1's name", name) if not name.startswith("nick") else name


def wordings_text(topic: Topic) -> str:
    """How well the topic can be worded: from the lexicon, put together from other words for it, or by its name alone."""
    if topic.entry:
        return "has everyday wordings"
    return "everyday wordings made by rule" if described.forms(topic.phrase, topic.kind) else "generic wordings only"


def topic_of_fact(fact: Fact) -> Topic:
    """The topic of a stored fact."""
    return topic_of(fact.subject, fact.attribute, fact.kind)


def readable(attribute: str) -> str:
    """An attribute's name as it stands after "my": "spirit_animal" -> "spirit animal", "permit expires" -> "permit expiry"."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", attribute)
    text = re.sub(r"[_\s]+", " ", text).strip()
    text = re.sub(r"^(?:user|my|the) (?=\S)", "", text, flags=re.IGNORECASE)
    thing, _, last = text.rpartition(" ")
    if thing and last in _VERB_AS_NOUN:
        return f"{thing} {_VERB_AS_NOUN[last]}"
    if thing and _PARTICIPLE.match(last):
        return f"{thing} {last[:-2]}ing date"
    return text


def explain_kind(imported: ImportedFact) -> tuple[ValueKind, str]:
    """The kind of value and why: what was given, else the look of the value, else what the lexicon expects."""
    if imported.kind:
        return imported.kind, "you chose it"
    if isinstance(imported.value, list):
        return ValueKind.LIST, "there are several values"
    text = plain_text(imported.value)
    topic = topic_of(imported.subject, imported.attribute)
    expected = topic.kind
    if _NUMBER.match(text):
        if expected is ValueKind.DATE and re.match(r"^(?:18|19|20)\d\d$", text):
            return ValueKind.DATE, f"{topic.phrase!r} is about time, and the value is a year"
        return ValueKind.NUMBER, "the value is a number"
    # "May" alone is a name as well.
    is_date = _DATE.match(text) and (expected is ValueKind.DATE or re.search(r"\d", text))
    if is_date and expected is not ValueKind.PERSON:
        return ValueKind.DATE, "the value looks like a date"
    if expected in {ValueKind.NUMBER, ValueKind.DATE}:
        return ValueKind.TEXT, f"the value does not look like a {expected.value}"
    if topic.entry:
        return expected, f"{topic.phrase!r} is usually {'text' if expected is ValueKind.TEXT else f'a {expected}'}"
    return expected, "nothing points to another kind"


def explain_tier(imported: ImportedFact) -> tuple[Tier, str]:
    """The tier and why: two possessors are multi-hop, time is temporal, people and tastes are relational."""
    if imported.tier:
        return imported.tier, "you chose it"
    topic = topic_of(imported.subject, imported.attribute)
    hops = len(re.findall(r"['’]s?\s|\bof\b", f"{imported.subject} {imported.attribute}"))
    if hops >= 2 or (not topic.owner.is_user and "'" in topic.owner.noun):
        return Tier.MULTI_HOP, "it goes through two people or things"
    words = lexicon.normalise(topic.phrase)
    if _TEMPORAL.search(words):
        return Tier.TEMPORAL, f"{topic.phrase!r} is about time"
    if suggest_kind(imported) is ValueKind.DATE:
        return Tier.TEMPORAL, "the value is a date"
    if not topic.owner.is_user:
        return Tier.RELATIONAL, f"it is about {re.sub('^my ', 'your ', topic.owner.noun)}, not about you"
    if _RELATIONAL.search(words):
        return Tier.RELATIONAL, f"{topic.phrase!r} is about a taste or a bond"
    if topic.kind is ValueKind.PERSON and words not in {"name"}:
        return Tier.RELATIONAL, f"{topic.phrase!r} names somebody else"
    return Tier.SIMPLE, "it says one plain thing about you"


def suggest_kind(imported: ImportedFact) -> ValueKind:
    """The kind of value, by rule."""
    return explain_kind(imported)[0]


def suggest_tier(imported: ImportedFact) -> Tier:
    """The tier, by rule."""
    return explain_tier(imported)[0]


def complete(imported: ImportedFact) -> Fact:
    """The fact with its id, kind and tier. Two facts about the same thing of the same person share an id."""
    topic = topic_of(imported.subject, imported.attribute)
    digest = hashlib.sha256(topic.key.encode()).hexdigest()[:12]
    body = imported.model_dump() | {"id": digest, "kind": suggest_kind(imported), "tier": suggest_tier(imported)}
    return Fact.model_validate(body)


__all__ = [
    "USER",
    "Topic",
    "complete",
    "explain_kind",
    "explain_tier",
    "possessive",
    "topic_of",
    "topic_of_fact",
]
