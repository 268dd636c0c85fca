"""Whether a wording that names its attribute asks for it, and not about it: "What's my favorite band?", not "How did I choose
my favorite band?". Beside the attribute and its owner, such wordings hold words of asking and nothing else."""

import re
from functools import cache

from rapidfuzz import fuzz, process

from generators.families import families
from generators.language import render
from generators.topics import Topic

_MISSPELT = 75.0
"""Likeness (0 to 100) from which a word counts as a misspelt word of asking."""
_SHORT = 2
"""Letters of words that say nothing by themselves: "um", "ok", "pl"."""
_MORE = """
agan anyway are bit call called cannot case exactly forgetting form full goes grateful have he hows idea kinda kindly
kno learn like listed look mean minute moment nowadays officially ok okay once please pls plz quick quickly really
said say she sorry sort speak technically they thing today uh um umm was wat well were what whats whens wheres which
who whos wht word write written yo yours
"""


@cache
def _words() -> tuple[str, ...]:
    """Every word of the generic question families, all of which ask for an attribute that they name."""
    text = " ".join(family.text for found in families().values() for family in found)
    return tuple(sorted({*re.findall(r"[a-z]+", re.sub(r"\{[^}]*\}", " ", text.casefold())), *_MORE.split()}))


def about_it(text: str, topic: Topic) -> str:
    """Why a wording that names its attribute does not ask for it; "" when it does."""
    if topic.owner.is_user and not re.search(r"\b(?:my|mine)\b", text, re.IGNORECASE):
        return "it does not say that the thing is the person's"
    named = {word for noun in topic.nouns for word in re.findall(r"\w+", noun.text.casefold())}
    owner = set(re.findall(r"\w+", f"{topic.owner.noun} {render('{he} {him} {his} {my}', topic.owner)}".casefold()))
    seen: list[str] = []
    for word in re.findall(r"[^\W_]+", text.casefold().replace("'s", " ").replace("’s", " ")):
        if word in owner or len(word) <= _SHORT or _is_one_of(word, owner):
            continue
        if _is_one_of(word, named):
            if word in seen and len(word) > _SHORT + 1:
                return "it names the thing twice"
            seen.append(word)
        elif not _is_one_of(word, set(_words())):
            return "it asks about the thing, not for it"
    return ""


def _is_one_of(word: str, words: set[str]) -> bool:
    if word in words or word.rstrip("s") in words:
        return True
    near = process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=_MISSPELT)
    return near is not None and len(word) > _SHORT + 1
