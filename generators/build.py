"""All rows for a set of facts: the one entry point of the template generator."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from generators.abstention import SMALLEST, abstention_rows, never_rows
from generators.checks import check_rows
from generators.composition import composition_rows
from generators.replay import replay_rows
from generators.templates import other_rows, question_rows, shared_values
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import Row, Split
from schemas.settings import GenerationSettings

_ASKED = {Split.DEV: 3, Split.TEST: 5}
"""Questions a fact outside training, about three fifths of them natural."""


@dataclass(frozen=True)
class Generated:
    """What generation made."""

    rows: tuple[Row, ...]
    refused: tuple[tuple[Row, str], ...]
    """Rows that a check refused, with the reason."""
    wants_paraphrases: tuple[str, ...] = field(default=())
    """Ids of facts that the lexicon does not know: only a language model can word them as people do."""


def build(facts: list[Fact], settings: GenerationSettings, kept: tuple[Row, ...] = ()) -> Generated:
    """Rows of all splits for the facts. Pure: equal arguments give equal rows in equal order.

    `kept` are rows written or edited by hand; template rows that repeat one of them are left out.
    """
    passed, refused = [], []
    for row, problem in check_rows(_candidates(facts, settings), facts, kept):
        if problem:
            refused.append((row, problem))
        else:
            passed.append(row)
    strangers = tuple(fact.id for fact in facts if topic_of_fact(fact).entry is None)
    return Generated(tuple(passed), tuple(refused), strangers)


def _candidates(facts: list[Fact], settings: GenerationSettings) -> Iterator[Row]:
    """Train rows come first: where a dev or test question repeats one of them, it is the one that is dropped."""
    shared = shared_values(facts)
    for split in Split:
        count = _ASKED.get(split, settings.variations)
        asked = 0
        for fact in facts:
            rows = question_rows(fact, split, count, settings.seed)
            asked += len(rows)
            yield from rows
            yield from other_rows(fact, facts, shared, split, settings.seed)
        yield from composition_rows(facts, split, settings.seed)
        if facts:
            yield from _negatives(facts, split, asked, settings)
    if facts:
        yield from replay_rows(settings.replay, settings.seed)


def _negatives(facts: list[Fact], split: Split, asked: int, settings: GenerationSettings) -> Iterator[Row]:
    if settings.abstention == 0:
        return
    if split is Split.TRAIN:
        yield from abstention_rows(facts, split, max(SMALLEST, round(settings.abstention * asked)), settings.seed)
        return
    yield from abstention_rows(facts, split, min(60, max(20, asked // 3)), settings.seed)
    yield from never_rows(facts, split, settings.seed)
