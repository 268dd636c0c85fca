"""Rows that need two facts: both asked at once, or one reached through the other."""

from generators.language import owner_of, render
from generators.make import Asked, make_row, questions, rng_for
from generators.templates import answer_of
from generators.topics import Topic, topic_of, topic_of_fact
from schemas.fact import Fact, ValueKind
from schemas.row import Row, RowKind, Split, Wording

_PAIR = {
    Split.TRAIN: (
        "What are {a} and {b}?",
        "Tell me {a} and {b}.",
        "I need two things: {a} and {b}.",
        "First {a}, then {b}, please.",
        "Do you know {a}, and {b} too?",
        "{a} plus {b}?",
        "Along with {a}, tell me {b}.",
        "I've forgotten both: {a}, {b}.",
    ),
    Split.DEV: ("Give me both {a} and {b}.",),
    Split.TEST: ("Could you list {a} as well as {b}?",),
}
_VARIATIONS_A_PAIR = 60
"""Question rows of a fact for one wording of each pair it is in."""
_PAIRS_A_FACT = {Split.TRAIN: 1.0, Split.DEV: 0.2, Split.TEST: 0.4}


def composition_rows(facts: list[Fact], split: Split, seed: int, variations: int = 60) -> list[Row]:
    """Pairs of facts, no pair in two splits, and every link where one fact's value is another's subject.

    `variations` are a fact's question rows in training: the more of them, the more of these.
    """
    times = max(1, round(variations / _VARIATIONS_A_PAIR)) if split is Split.TRAIN else 1
    return [*_pairs(facts, split, seed, times), *_links(facts, split, seed, times)]


def _pairs(facts: list[Fact], split: Split, seed: int, times: int) -> list[Row]:
    short = [fact for fact in facts if len(fact.text) <= 60]
    if len(short) < 3:
        return []
    # A ring of neighbours at distance 1 trains, at distance 2 is kept for dev and test: pairs never meet.
    order = rng_for(seed, "pairs").sample(short, len(short))
    distance = 1 if split is Split.TRAIN else 2
    start = {Split.TRAIN: 0, Split.DEV: 0, Split.TEST: len(order) // 2}[split]
    count = max(1, round(_PAIRS_A_FACT[split] * len(order)))
    rng = rng_for(seed, "pairs", split)
    rows = []
    for number in range(start, min(start + count, len(order))):
        first, second = order[number], order[(number + distance) % len(order)]
        said = answer_of(second)
        said = said[:1].lower() + said[1:] if said.startswith("Your ") else said
        answer = f"{answer_of(first).rstrip('.')} and {said}"
        key = f"{topic_of_fact(first).key}+{topic_of_fact(second).key}"
        both = {"a": _mine(topic_of_fact(first)), "b": _mine(topic_of_fact(second))}
        for form in rng.sample(_PAIR[split], min(times, len(_PAIR[split]))):
            asked = Asked(render(form, owner_of("user"), **both), f"pair/{form}", Wording.GENERIC)
            rows.append(
                make_row(RowKind.COMPOSITION, asked, answer, key, split,
                         fact_ids=(first.id, second.id), values=(*first.items, *second.items))
            )  # fmt: skip
    return rows


def _mine(topic: Topic) -> str:
    text = render("{my} {attr}", topic.owner, attr=topic.phrase)
    return text[:1].lower() + text[1:]


def _links(facts: list[Fact], split: Split, seed: int, times: int) -> list[Row]:
    """ "Anna" is my sister and my sister's birthday is known: ask for Anna's birthday; and the other way round."""
    people = [(fact, topic_of_fact(fact)) for fact in facts if fact.kind is ValueKind.PERSON]
    people = [(fact, topic) for fact, topic in people if topic.owner.is_user and topic.phrase != "name"]
    about_others = [(fact, topic) for fact in facts if not (topic := topic_of_fact(fact)).owner.is_user]
    rows = []
    for person, relation in people:
        for fact, topic in about_others:
            what = topic.entry.id if topic.entry else topic.phrase
            if topic.owner.key == relation.phrase.casefold():
                asked_of = topic_of(person.text, what, fact.kind)
            elif topic.owner.key in {person.text.casefold(), person.text.split(" ")[0].casefold()}:
                asked_of = topic_of(f"my {relation.phrase}", what, fact.kind)
            else:
                continue
            said = answer_of(fact)
            said = said[:1].lower() + said[1:] if said.startswith("Your ") else said
            answer = f"{answer_of(person).rstrip('.')} and {said}"
            count = times * {Split.TRAIN: 4, Split.DEV: 1, Split.TEST: 2}[split]
            for asked in questions(asked_of, split, count, rng_for(seed, "link", person.id, fact.id, split)):
                rows.append(
                    make_row(RowKind.COMPOSITION, asked, answer, f"{relation.key}+{topic.key}", split,
                             fact_ids=(person.id, fact.id), values=fact.items)
                )  # fmt: skip
    return rows
