"""Checks of question wordings that a model wrote, beyond those that every row passes. Pure; each gives a reason or "".

A wording is good when the person could say it, it asks for the value of this fact, and whoever does not know the value
learns nothing about it from the question.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz

from generators.asking_words import about_it
from generators.checks import contains, names_owner, normal
from generators.language import is_relation
from generators.make import all_questions
from generators.narrowing import narrows_down
from generators.topics import Topic, topic_of_fact
from schemas.fact import Fact
from schemas.row import Split

SHORTEST, LONGEST = 6, 130
"""Characters of a wording."""
_COPY = 88.0
"""Likeness (0 to 100) from which a wording counts as a copy of another."""
_MISSPELT = 84.0
"""Likeness from which a word counts as a misspelt other word."""

_MARKS = re.compile(r"[<>{}\[\]|\\#*_=]|https?:|\.\.\.\.|^\W*$")
# "You" is the assistant, unless the question asks what "you" do or whose thing is "yours".
_TO_PERSON = re.compile(
    r"\byour(?:s|self)?\b(?! (?:records|notes|memory|list|help|files|data|opinion|best|advice))|"
    r"\b(?:do|did|are|were|have|r)\s+(?:u|you|ya)\s+(?!(?:even |still |perhaps |by any chance |happen to |actually |also )?"
    r"(?:kno\w*|no|remember|recall|tell|told|have|had|got|think|say|see|hear\w*|aware|able|sure|not\w*|saved?|stored?|keep|kept|"
    r"find|get|remind|mind|up to date|ready|there|need|mention|ever)\b)|"
    r"\b(?:you|u|ya) (?:live|work|like|love|prefer|enjoy|use|go|play|drive|eat|drink|grew|own|hate|wear|stud\w+|were born|"
    r"was born|met|married|bought|named)\b",
    re.IGNORECASE,
)
_WH = r"what\w*|wat\w*|wht\w*|wot|who\w*|whom|whose|which\w*|wich\w*|where\w*|wher\w*|were|when\w*|wen|how\w*|why"
_FILLERS = (
    r"(?:(?:so|um+|uh+|hm+|hey|ok|okay|and|but|well|hi|hello|oh|please|pls|plz|like|yo|quick|sorry)\b[\s,.:!-]*)*"
)
_OPENS = re.compile(
    rf"(?:^|[,;:]\s*){_FILLERS}(?:(?:{_WH})\b|(?:tell?|remind|give|name|say|show|list|find|look up|spell|repeat|let me know|help me|provide|prove|"
    rf"share|state|check|recite|identify|just answer|walk me|run through|bring up|pull up|quote|read)\b)",
    re.IGNORECASE,
)
_LACKS = re.compile(
    r"\b(?:forgot|forget|forgotten|wonder\w*|(?:do not|don'?t|can'?t|cannot|can ?not|couldn'?t|trying to) "
    r"(?:kno\w*|remember|recall|think)|no idea|any idea|not sure|unsure|looking for|(?:like|want|wants|need|needs|love) to "
    r"(?:kno\w*|learn|hear|see)|slipped|remind me|(?:tell?|let) me(?: know)?|asks?|asked|asking|may i|could i|can i|"
    r"(?:can|could|would|will|do|did|have|are) (?:u|you|ya)|(?:u|you|ya) (?:kno\w*|remember|must|recall|have)|curious|idk|forgetting|"
    r"appreciate|grateful|gotta|wish|hope (?:u|you|ya)|bet (?:u|you|ya)|blank|need)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    rf"^{_FILLERS}"
    r"(?:do|does|did|is|are|am|was|were(?! (?:is|am|are|do|does|did|duz|i)\b)|have|has|had|will|shall|should|isn'?t|aren'?t|don'?t|doesn'?t|didn'?t|wasn'?t)\s+"
    r"(?!(?:u|you|ya|we|they|anybody|anyone|somebody)\b|there (?:a|any) (?:chance|way)|it possible|"
    r"i (?:ever )?(?:say|said|tell|told|mention\w*|note\w*|give|gave)\b)(?!.*\bor\b(?! not))",
    re.IGNORECASE,
)
_OF_SOMEBODY = re.compile(r"\bmy ((?:[a-z-]+ ){0,2}[a-z-]+?)(?:'s|s'|’s)\s", re.IGNORECASE)


@dataclass(frozen=True)
class Setting:
    """What a wording is held against."""

    fact: Fact
    topic: Topic
    others: tuple[Topic, ...]
    """Topics of the person's other facts."""
    held_out: tuple[str, ...]
    """Wordings that ask for the fact in dev and test, which training must not see."""
    templates: frozenset[str]
    """Wordings that templates have for training, bared of case and punctuation."""
    example: tuple[str, ...] = ()
    """What the model was shown."""


WordingCheck = Callable[[str, Setting], str]


def shape(text: str, setting: Setting) -> str:
    """One line of plain text of a usual length."""
    if not SHORTEST <= len(text) <= LONGEST:
        return f"{len(text)} characters"
    if not text.isprintable() or _MARKS.search(text):
        return "characters that nobody types in a question"
    return ""


def voice(text: str, setting: Setting) -> str:
    """The person asks: "I" for their own facts, the other person named for theirs; "you" is the assistant alone."""
    owner = setting.topic.owner
    if not names_owner(text, owner):
        return "it does not say whose fact it asks for"
    if _TO_PERSON.search(text):
        return "it speaks to the person"
    if owner.is_user:
        named = set(re.findall(r"\w+", " ".join(noun.text.casefold() for noun in setting.topic.nouns)))
        for match in _OF_SOMEBODY.finditer(text):
            who = match.group(1).casefold()
            if is_relation(who) and not named & set(who.split()):
                return "it asks about somebody else"
    return ""


def asking(text: str, setting: Setting) -> str:
    """A question or a request for the value: no statement, and nothing that yes or no would answer."""
    if _YES_NO.match(text):
        return "yes or no would answer it"
    if text.rstrip().endswith("?") or _OPENS.search(text) or _LACKS.search(text):
        return ""
    few = len(text.split()) <= 7 and not re.search(r"\b(?:i am|i'm|my \w+ is|it is|it's)\b", text, re.IGNORECASE)
    return "" if few and not text.endswith((".", "!")) else "it is a statement"


def narrowing(text: str, setting: Setting) -> str:
    """It gives away nothing of the value."""
    return narrows_down(text, setting.fact, setting.topic)


def this_fact(text: str, setting: Setting) -> str:
    """It does not ask for another fact of the same person by name ("my pet's name"), unless it names its own too."""
    own = " ".join(normal(noun.text) for noun in setting.topic.nouns)
    for other in setting.others:
        for noun in other.nouns:
            asked = re.search(rf"(?:\bmy|['’]s?) {re.escape(normal(noun.text))}(?!\w|['’])", normal(text))
            if (
                asked
                and not contains(f"{own} {setting.topic.owner.noun}", noun.text)
                and not names_attribute(text, setting.topic)
            ):
                return "it asks for another fact"
    return ""


def copied(text: str, setting: Setting) -> str:
    """No copy of what the model was shown."""
    near = any(fuzz.token_sort_ratio(normal(text), normal(one)) >= _COPY for one in setting.example)
    return "a copy of the example" if near else ""


def asks_for_it(text: str, setting: Setting) -> str:
    """Where it names the attribute it asks for it, and not about it."""
    return about_it(text, setting.topic) if names_attribute(text, setting.topic) else ""


def new(text: str, setting: Setting) -> str:
    """No wording that templates have: it would bring nothing."""
    return "a template has it" if _bare(text) in setting.templates else ""


def _bare(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def held_out(text: str, setting: Setting) -> str:
    """No wording of dev or test: a question that was trained proves nothing."""
    near = any(fuzz.token_sort_ratio(normal(text), normal(one)) >= _COPY for one in setting.held_out)
    return "too close to a question that is kept for the test" if near else ""


WORDING_CHECKS: Mapping[str, WordingCheck] = {
    "shape": shape,
    "copy": copied,
    "voice": voice,
    "asking": asking,
    "narrowing": narrowing,
    "this fact": this_fact,
    "asks for it": asks_for_it,
    "new": new,
    "held out": held_out,
}
"""Name of the check -> the check, the cheapest first."""


def problem_of(text: str, setting: Setting) -> str:
    """The first reason to refuse the wording, with the check's name; "" when it is good as far as text shows."""
    return next((f"{name}: {why}" for name, check in WORDING_CHECKS.items() if (why := check(text, setting))), "")


def names_attribute(text: str, topic: Topic) -> bool:
    """Whether the wording names the attribute, spelling mistakes included."""
    words = re.findall(r"\w+", text.casefold())
    for noun in topic.nouns:
        wanted = [word for word in re.findall(r"\w+", noun.text.casefold()) if word not in {"s", "of", "the"}]
        if wanted and all(any(_same(word, one) for one in words) for word in wanted):
            return True
    return False


def _same(word: str, other: str) -> bool:
    if len(word) < 5:
        return word == other
    return fuzz.ratio(word, other) >= _MISSPELT


def setting_of(fact: Fact, facts: list[Fact]) -> Setting:
    """What wordings of this fact are held against, without the model's example."""
    topic = topic_of_fact(fact)
    others = (topic_of_fact(other) for other in facts if other.id != fact.id)
    return Setting(
        fact=fact,
        topic=topic,
        others=tuple(other for other in others if other.owner.key == topic.owner.key),
        held_out=(*all_questions(topic, Split.DEV), *all_questions(topic, Split.TEST)),
        templates=frozenset(map(_bare, all_questions(topic, Split.TRAIN))),
    )
