"""What arms do to a person's facts and rows: exchanged values, values that change, bare statements."""

import random
from functools import lru_cache

from evaluators.people import person
from generators.make import Asked, make_row
from generators.templates import answer_of
from generators.topics import complete, topic_of_fact
from schemas.fact import USER, Fact, ImportedFact, ValueKind
from schemas.row import Row, RowKind, Split, Wording

UPDATED_SHARE = 0.1
"""Of the facts, how many change with one update."""
_ELSEWHERE = 40
"""Other people that are looked through for a value of the same attribute."""


def shuffled(facts: list[Fact], seed: int) -> list[Fact]:
    """The facts with values exchanged among those of the same kind, so that none keeps its own; lone ones left out."""
    found: list[Fact] = []
    for kind in ValueKind:
        alike = [fact for fact in facts if fact.kind is kind and not isinstance(fact.value, list)]
        if len(alike) > 1:
            order = random.Random(f"shuffled/{seed}/{kind}").sample(alike, len(alike))
            found += [
                fact.model_copy(update={"value": other.value, "aliases": other.aliases})
                for fact, other in zip(order, [*order[1:], order[0]], strict=True)
            ]
    return found


def updated(facts: list[Fact], number: int, times: int) -> tuple[list[Fact], dict[str, list[str]]]:
    """The facts after so many updates, and for each fact that changed (by id) the values it had before.

    New values come from other invented people, where they stand for the same attribute.
    """
    rng = random.Random(f"updates/{number}")
    now = {fact.id: fact for fact in facts}
    before: dict[str, list[str]] = {}
    pool = [fact.id for fact in facts if fact.attribute != "name" and not isinstance(fact.value, list)]
    for time in range(times):
        strangers = [10_000 + 97 * number + 1000 * time + other for other in range(_ELSEWHERE)]
        taken = {fact.text.casefold() for fact in now.values()}
        changed = 0
        for fact_id in rng.sample(pool, len(pool)):
            if changed >= max(1, round(UPDATED_SHARE * len(facts))):
                break
            old = now[fact_id]
            new = _value_elsewhere(old, strangers, taken)
            if new is not None:
                before.setdefault(fact_id, []).append(old.text)
                now[fact_id] = complete(ImportedFact(**{**_imported(old), "value": new.value}))
                taken.add(now[fact_id].text.casefold())
                changed += 1
    return [now[fact.id] for fact in facts], before


_stranger = lru_cache(maxsize=4 * _ELSEWHERE)(lambda number: person(number, 200))
"""Looked at only where those before had no value, and by each update of a person again."""


def _value_elsewhere(fact: Fact, strangers: list[int], taken: set[str]) -> ImportedFact | None:
    alike = (one for number in strangers for one in _stranger(number) if one.attribute == fact.attribute)
    return next((one for one in alike if str(one.value).casefold() not in taken), None)


def _imported(fact: Fact) -> dict[str, object]:
    return {"attribute": fact.attribute, "subject": fact.subject, "kind": fact.kind, "tier": fact.tier}


def bare_rows(facts: list[Fact]) -> list[Row]:
    """One row a fact, which says it without being asked for it."""
    rows = []
    for fact in facts:
        topic = topic_of_fact(fact)
        whom = "me" if fact.subject == USER else "somebody I know"
        asked = Asked(f"Tell me something about {whom}.", "bare", Wording.GENERIC)
        rows.append(
            make_row(RowKind.STATEMENT, asked, answer_of(fact), topic.key, Split.TRAIN,
                     fact_ids=(fact.id,), values=fact.items)
        )  # fmt: skip
    return rows
