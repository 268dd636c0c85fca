"""The rows of one fact, from templates: questions, a statement, the reverse question, yes and no."""

import random
from collections import Counter
from itertools import cycle

from generators.language import ends_sentence, render
from generators.make import USUAL, Asked, make_row, natural_forms, questions, rng_for
from generators.topics import Topic, topic_of, topic_of_fact
from schemas.fact import USER, Fact, ValueKind
from schemas.row import Row, RowKind, Split, Wording

# Forms per split, so that a test question shares no template with training here either.
_STATEMENT = {
    Split.TRAIN: ("Say something about {my} {attr}.", "State one thing you know about {my} {attr}."),
}
_REVERSE = {
    Split.TRAIN: (
        "{who} is {value} to me?",
        "What do you know about {value}?",
        "How is {value} connected to me?",
        "What does {value} have to do with me?",
        "I wrote down {value}. What was that about?",
        "{value}: what's that in my life?",
        "Does {value} mean anything to me?",
        "Why would I have noted {value}?",
        "Where does {value} come into my life?",
        "What do I connect with {value}?",
    ),
    Split.DEV: ("Why does {value} matter to me?", "What is {value}, as far as I'm concerned?"),
    Split.TEST: ("What role does {value} play in my life?", "Why might {value} sound familiar to me?"),
}
YES_NO = {
    Split.TRAIN: (
        "{is} {my} {attr} {value}?",
        "Am I right that {my} {attr} {is} {value}?",
        "Is it true that {my} {attr} {is} {value}?",
        "{my} {attr} {is} {value}, right?",
        "{my} {attr} {is} {value}. Yes or no?",
        "Someone said {my} {attr} {is} {value}. Is that so?",
        "I think {my} {attr} {is} {value}, correct?",
        "Correct me if I'm wrong: {my} {attr} {is} {value}.",
        "{value} {is} {my} {attr}, yes?",
        "My notes have {value} as {my} {attr}. Correct?",
        "Have I got it right that {my} {attr} {is} {value}?",
        "Isn't {value} {my} {attr}?",
        "I'd say {my} {attr} {is} {value}. Is that right?",
        "Do I remember correctly that {my} {attr} {is} {value}?",
    ),
    Split.DEV: ("Would you say {my} {attr} {is} {value}?", "So {my} {attr} would be {value}?"),
    Split.TEST: ("True or false: {my} {attr} {is} {value}?", "Can you confirm that {my} {attr} {is} {value}?"),
}


def answer_of(fact: Fact) -> str:
    """What the model should say when it is asked for the fact."""
    return _sentence(topic_of_fact(fact), fact.text)


def _sentence(topic: Topic, value: str) -> str:
    text = f"{topic.named} {'are' if topic.plural else 'is'} {value}"
    return ends_sentence(text[:1].upper() + text[1:])


def question_rows(fact: Fact, split: Split, count: int, seed: int) -> list[Row]:
    """`count` questions that ask for the fact, in wordings of the split."""
    topic = topic_of_fact(fact)
    answer = _sentence(topic, fact.text)
    return [
        make_row(RowKind.QUESTION, asked, answer, topic.key, split, fact_ids=(fact.id,), values=fact.items)
        for asked in questions(topic, split, count, rng_for(seed, fact.id, split))
    ]


BROADER_SHARE = 0.3
"""Rows that ask for a fact as for what it is one of, for each in its own words."""


def broader_rows(fact: Fact, name: str, count: int, seed: int) -> list[Row]:
    """Up to `count` training questions for the lexicon's entry of which the fact is one ("Where do I work?" for the law firm),
    the most usual ones always."""
    topic = topic_of_fact(fact)
    forms = natural_forms(topic_of(topic.owner.noun if not topic.owner.is_user else USER, name), Split.TRAIN)
    rest = rng_for(seed, fact.id, "broader").sample(forms[USUAL:], len(forms[USUAL:]))
    answer = _sentence(topic, fact.text)
    return [
        make_row(
            RowKind.QUESTION, Asked(render(form.text, topic.owner), f"broader/{form.family}", Wording.NATURAL), answer,
            topic.key, Split.TRAIN, fact_ids=(fact.id,), values=fact.items,
        )
        for form in [*forms[:USUAL], *rest][:count]
    ]  # fmt: skip


_LONGEST_IN_A_QUESTION = 120
"""Characters of a value up to which somebody would put it into a question."""


def shared_values(facts: list[Fact]) -> frozenset[str]:
    """Values that several facts have (case folded): "What is teal to me?" would have two answers."""
    counts = Counter(item for fact in facts for item in {part.casefold() for part in (*fact.items, fact.text)})
    return frozenset(value for value, count in counts.items() if count > 1)


ROWS_A_QUESTION = 0.1
"""Of each sort of other row (yes, no, half of the reverse ones) how many there are in training for a question row."""


def other_rows(
    fact: Fact, facts: list[Fact], shared: frozenset[str], split: Split, seed: int, variations: int = 10
) -> list[Row]:
    """Statement, reverse and yes/no rows of a fact; reverse only where the value belongs to this fact alone.

    `variations` are the fact's question rows in training: the more of them, the more of these.
    """
    times = max(1, round(ROWS_A_QUESTION * variations)) if split is Split.TRAIN else 1
    topic = topic_of_fact(fact)
    rng = rng_for(seed, fact.id, split, "other")
    rows = [
        make_row(RowKind.STATEMENT, asked, _sentence(topic, fact.text), topic.key, split,
                 fact_ids=(fact.id,), values=fact.items)
        for asked in filled(_STATEMENT.get(split, ())[:1], "statement", topic, "")
    ]  # fmt: skip
    if len(fact.text) > _LONGEST_IN_A_QUESTION:
        return rows
    if fact.text.casefold() not in shared:
        rows += _reverse(fact, topic, split, rng, 2 * times)
    return [*rows, *_yes_no(fact, facts, topic, split, rng, times)]


def filled(forms: tuple[str, ...], name: str, topic: Topic, value: str) -> list[Asked]:
    """The forms with whose what and which value."""
    slots = {"attr": topic.phrase, "is": "are" if topic.plural else "is", "value": value}
    slots["who"] = "who" if topic.is_person else "what"
    return [Asked(render(form, topic.owner, **slots), f"{name}/{form}", Wording.GENERIC) for form in forms]


_OWN_NAMES = frozenset({"name", "last_name", "middle_name"})
"""Nobody asks what role their own name plays in their life."""


def _reverse(fact: Fact, topic: Topic, split: Split, rng: random.Random, count: int) -> list[Row]:
    if fact.kind in {ValueKind.NUMBER, ValueKind.LIST} or isinstance(fact.value, bool):
        return []
    if topic.entry and topic.owner.is_user and topic.entry.id in _OWN_NAMES:
        return []
    text = f"{fact.text} is {topic.named}"
    answer = ends_sentence(text[:1].upper() + text[1:])
    forms = _REVERSE[split]
    chosen = tuple(rng.sample(forms, min(count, len(forms))))
    return [
        make_row(RowKind.REVERSE, asked, answer, topic.key, split, fact_ids=(fact.id,), values=(topic.phrase,))
        for asked in filled(chosen, "reverse", topic, fact.text)
    ]


def _yes_no(fact: Fact, facts: list[Fact], topic: Topic, split: Split, rng: random.Random, times: int) -> list[Row]:
    """In training `times` questions to be confirmed and as many to be denied; outside it one of either sort."""
    times = min(times, len(YES_NO[split]))
    forms = rng.sample(YES_NO[split], min(2 * times, len(YES_NO[split])))
    wrong = [_wrong_value(fact, facts, topic, rng) for _ in range(times)]
    if split is not Split.TRAIN and any(wrong) and rng.random() < 0.5:
        supposed = [(wrong[0], "no")]
    elif split is not Split.TRAIN:
        supposed = [(fact.text, "yes")]
    else:
        supposed = [(fact.text, "yes")] * times + [(value, "no") for value in wrong if value]
    # The value comes before the verdict: a model that has said what is true can compare, one that must begin with yes
    # or no has to guess.
    truth = _sentence(topic, fact.text).rstrip(".")
    return [
        make_row(RowKind.YES_NO, asked, f"{truth}, so {verdict}.", topic.key, split,
                 fact_ids=(fact.id,), values=fact.items)
        # Where forms run out, a wrong value is asked in one that a right one was asked in: neither sort may be fewer.
        for form, (value, verdict) in zip(cycle(forms), supposed, strict=False)
        for asked in filled((form,), "yes_no", topic, value)
    ]  # fmt: skip


def _wrong_value(fact: Fact, facts: list[Fact], topic: Topic, rng: random.Random) -> str:
    """A plausible value that the fact does not have: one of the lexicon's, else another fact's of the same kind."""
    own = {item.casefold() for item in (*fact.items, fact.text, *fact.aliases)}
    pool = list(topic.entry.values) if topic.entry and topic.entry.kind is fact.kind else []
    pool = pool or [other.text for other in facts if other.kind is fact.kind and other.id != fact.id]
    fitting = [
        value
        for value in pool
        if len(value) <= _LONGEST_IN_A_QUESTION and not any(item in value.casefold() for item in own)
    ]
    return rng.choice(fitting) if fitting else ""
