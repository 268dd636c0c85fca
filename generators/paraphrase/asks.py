"""What the model is asked: for each fact one ask a register, so that its wordings differ from each other.

Text that a person wrote goes into a message of its own, as JSON in which every character that a chat template could
take for its own (`<|im_end|>`, `[INST]`) is escaped. Instructions never hold it.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from generators.lexicon import normalise
from generators.topics import Topic, topic_of_fact
from schemas.fact import Fact

QUESTIONS = 4
"""Wordings that one ask wants."""
LONGEST = 120
"""Characters of one wording."""
ROUNDS = 2
"""How often a register is asked for wordings of a fact, at most."""
TOKENS = 200
"""Tokens that an answer may have: four times what usual wordings need."""
_VALUE_SHOWN = 300
"""Characters of a value that the model is shown: enough to see what it is."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "questions": {
            "type": "array",
            "items": {"type": "string", "minLength": 6, "maxLength": LONGEST},
            "minItems": QUESTIONS,
            "maxItems": QUESTIONS,
        }
    },
    "required": ["questions"],
    "additionalProperties": False,
}
"""JSON Schema of an answer. Bounded on all sides: small models otherwise write until they are cut off."""

Message = dict[str, str]


@dataclass(frozen=True)
class Example:
    """An invented fact with wordings of one register, which are right answers to an ask."""

    about: str
    attribute: str
    value: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Ask:
    """One request to the model."""

    fact_id: str
    register: str
    round: int
    named: bool
    """Whether the wordings may name the attribute."""
    example: Example
    messages: tuple[Message, ...]
    seed: int

    @property
    def family(self) -> str:
        """Family of the rows that come of it, which only the train split has."""
        return f"model/{self.register}/{self.round}"


@cache
def _data() -> Mapping[str, Any]:
    with (Path(__file__).parent / "registers.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def registers() -> tuple[str, ...]:
    """Names of all registers."""
    return tuple(_data()["register"])


def asks_for(fact: Fact, number: int, seed: int) -> list[Ask]:
    """The asks of one round: one a register. At least half of them want wordings that do not name the attribute.

    The same fact, round and seed give the same asks.
    """
    return [_ask(fact, register, at, number, seed) for at, register in enumerate(registers())]


def _ask(fact: Fact, register: str, at: int, number: int, seed: int) -> Ask:
    topic = topic_of_fact(fact)
    examples = _data()["example"]
    named = register in examples[0]["named"] and (at + number) % 2 == 0
    example = _example(topic, fact, register, named)
    digest = hashlib.sha256("\x1f".join((str(seed), fact.model_dump_json(), register, str(number))).encode()).digest()
    return Ask(
        fact_id=fact.id,
        register=register,
        round=number,
        named=named,
        example=example,
        messages=(
            {"role": "system", "content": _rules(topic, register, named)},
            {"role": "user", "content": _told(example.about, example.attribute, example.value, named)},
            # With blanks after commas and colons: vLLM's compact grammar wants them there, and a model that was shown
            # none is held back from the quotation mark that it is about to write.
            {"role": "assistant", "content": json.dumps({"questions": example.questions})},
            {"role": "user", "content": _told(topic.owner.noun, topic.phrase, fact.text[:_VALUE_SHOWN], named)},
        ),
        seed=int.from_bytes(digest[:4], "big") >> 1,
    )


def _example(topic: Topic, fact: Fact, register: str, named: bool) -> Example:
    """The first example of the same kind of owner that shares neither attribute, nor value, nor words with the fact."""
    fitting = [one for one in _data()["example"] if (one["about"] == "user") == topic.owner.is_user]
    said = {word for text in (topic.phrase, topic.owner.noun, fact.text) for word in normalise(text).split()}
    apart = [one for one in fitting if said.isdisjoint(_words(one))] or fitting[-1:]
    one = apart[0]
    return Example(
        about=one["about"],
        attribute=one["attribute"],
        value=one["value"],
        questions=tuple(one["named" if named else "unnamed"][register]),
    )


def _words(example: Mapping[str, str]) -> set[str]:
    parts = (example["attribute"], example["value"], example["about"].replace("my ", ""))
    return {word for part in parts for word in normalise(part).split()} - {"with"}


def _rules(topic: Topic, register: str, named: bool) -> str:
    person = (
        "The person asks about themselves: every question says I, me or my."
        if topic.owner.is_user
        else 'The person asks about somebody else: every question names whom, exactly as "whose" gives it.'
    )
    naming = (
        'Name the thing as "what" gives it.'
        if named
        else 'Never use the words of "what": ask as people do in daily life, with other words.'
    )
    return (
        "A person asks an assistant that knows facts about their life. You get one fact and write "
        f"{QUESTIONS} different questions to which its value is the answer.\n"
        f"- {person}\n"
        f"- {naming}\n"
        "- Never write the value, a part of it or a hint at it. No yes-or-no questions.\n"
        f"- Style: {_data()['register'][register]['style']}.\n"
        'Answer with JSON alone: {"questions": ["...", "..."]}'
    )


def _told(whose: str, what: str, value: str, named: bool) -> str:
    fact = {"whose": "mine" if whose in {"user", "I"} else whose, "what": what, "value": value}
    return quoted(fact if named else {**fact, "words not to use": what})


def quoted(body: Mapping[str, str]) -> str:
    """JSON that holds no character with which a chat template marks turns."""
    text = json.dumps(body, ensure_ascii=False)
    inside = {char: f"\\u{ord(char):04x}" for char in "<>|[]"}
    return "".join(inside.get(char, char) for char in text)
