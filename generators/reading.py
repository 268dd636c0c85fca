"""Rows that are read and not trained: more wordings of the same things, for the sentence encoder that helps an adapter to
read (`trainers.reader`). It knows a thing by the questions that ask for it, and reading one more of them costs next to
nothing, where training on it costs a step.
"""

from collections.abc import Sequence
from functools import cache

from generators import lexicon
from generators.abstention import refusal
from generators.broader import broader
from generators.checks import check_rows
from generators.make import make_row, natural_forms, rng_for
from generators.templates import broader_rows, question_rows
from generators.topics import topic_of
from generators.unknown import unknown_topics
from schemas.fact import USER, Fact
from schemas.row import Row, RowKind, Split

_ALL = 1000
"""Wordings of a fact: more than there are of any."""
_MOST = 20_000
"""Rows about what was told, shared out evenly among very many facts."""
_UNTOLD = 40
"""Wordings of each common attribute that was not told (docs/results, round 20)."""


def reading_rows(facts: Sequence[Fact], seed: int) -> list[Row]:
    """Every training wording of what was told, and some of every common attribute that was not. Rows that training has are
    among them, and of what was told none that a check refuses."""
    told = list(facts)
    each = min(_ALL, max(1, _MOST // max(1, len(told))))
    kinds = broader(told)
    rows = [row for fact in told for row in question_rows(fact, Split.TRAIN, each, seed)]
    rows += [row for fact in told if fact.id in kinds for row in broader_rows(fact, kinds[fact.id], each, seed)]
    sound = [row for row, problem in check_rows(rows, told, ()) if not problem]
    untold = [topic.entry.id for topic in unknown_topics(told, seed) if topic.entry and topic.is_common]
    return [*sound, *(row for name in untold for row in _untold(name))]


def common_wordings() -> list[str]:
    """What is read of common attributes where none of them was told."""
    return [*dict.fromkeys(row.question for name in lexicon.entries() for row in _untold(name))]


@cache
def _untold(name: str) -> tuple[Row, ...]:
    """The same for everybody, so that an encoder need not read them anew (`trainers.shipped_vectors`)."""
    topic = topic_of(USER, name)
    forms = natural_forms(topic, Split.TRAIN)
    some = rng_for(0, "reading", topic.key).sample(forms, min(_UNTOLD, len(forms)))
    asked = [form.asked_of(topic) for form in some]
    return tuple(make_row(RowKind.ABSTENTION, one, refusal(topic), topic.key, Split.TRAIN) for one in asked)
