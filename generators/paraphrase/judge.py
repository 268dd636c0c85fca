"""The judge pass: told the fact and two others, does the model answer the question with the value?

A small model takes a fact that is handed over as data for nobody's and says "I don't know" to nearly everything; told in
a person's words, as in a conversation, it uses it. The others are there so that any question would not do.
"""

import random
from collections.abc import Sequence

from generators.checks import contains
from generators.language import possessive
from generators.paraphrase.asks import Message
from generators.topics import topic_of_fact
from schemas.fact import Fact

PROBLEM = "judge: with the fact given, the model does not answer it with the value"

_RULES = "You answer from what the person has told you, in a few words."
_TOLD = "Here is something about me."
_HEARD = "Thank you, I will remember that."
_OTHERS = 2


def messages_for(question: str, fact: Fact, facts: Sequence[Fact]) -> tuple[Message, ...]:
    """What the judge is asked: a conversation in which the person told the fact and two others of `facts`."""
    rng = random.Random(fact.id)
    others = [one for one in facts if one.id != fact.id]
    told = [fact, *rng.sample(others, min(_OTHERS, len(others)))]
    random.Random(question).shuffle(told)
    return (
        {"role": "system", "content": _RULES},
        {"role": "user", "content": "\n".join([_TOLD, *map(_statement, told)])},
        {"role": "assistant", "content": _HEARD},
        {"role": "user", "content": _harmless(question)},
    )


def _statement(fact: Fact) -> str:
    """ "My sister's birthday is 12 May 1990." """
    topic = topic_of_fact(fact)
    whose = "my" if topic.owner.is_user else possessive(topic.owner.noun)
    said = f"{whose[:1].upper()}{whose[1:]} {topic.phrase} {'are' if topic.plural else 'is'} {fact.text}."
    return _harmless(said)


def _harmless(text: str) -> str:
    """In one line, without the characters with which a chat template marks turns."""
    return " ".join(text.translate(dict.fromkeys(map(ord, "<>|[]"), " ")).split())


def leads_to_value(answer: str, fact: Fact) -> bool:
    """Whether the answer holds the value, or one of its other spellings."""
    spellings = filter(None, (fact.text, _harmless(fact.text), *fact.aliases))
    return any(contains(answer, one) for one in spellings) or all(contains(answer, item) for item in fact.items)
