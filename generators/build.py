"""All rows for a set of facts: the one entry point of the template generator."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Self

from generators.abstention import SMALLEST, Untold, abstention_rows, never_rows
from generators.broader import broader
from generators.checks import check_rows
from generators.composition import composition_rows
from generators.gone import gone_rows
from generators.own import own_candidates, sound_rows
from generators.replay import replay_rows
from generators.templates import BROADER_SHARE, broader_rows, other_rows, question_rows, shared_values
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import Row, Split
from schemas.settings import GenerationSettings, Preset, wordings_of

_ASKED = {Split.DEV: 3, Split.TEST: 5}
"""Questions a fact outside training, most of them natural where there are as many."""


@dataclass(frozen=True)
class Generated:
    """What generation made."""

    rows: tuple[Row, ...]
    refused: tuple[tuple[Row, str], ...]
    """Rows that a check refused, with the reason."""
    wants_paraphrases: tuple[str, ...] = field(default=())
    """Ids of facts that the lexicon does not know and for which the person gave no question: what rules put together, a
    language model would word better."""


def build(facts: list[Fact], settings: GenerationSettings, kept: tuple[Row, ...] = ()) -> Generated:
    """Rows of all splits for the facts. Pure: equal arguments give equal rows in equal order.

    `kept` are rows written or edited by hand; template rows that repeat one of them are left out.
    """
    passed, refused = [], []
    wanted = chain(own_candidates(facts, kept), candidates(facts, settings, kept))
    for row, problem in check_rows(wanted, facts, kept):
        if problem:
            refused.append((row, problem))
        else:
            passed.append(row)
    return Generated(tuple(passed), tuple(refused), wants_paraphrases(facts))


def wants_paraphrases(facts: list[Fact]) -> tuple[str, ...]:
    """Ids of the facts that have no everyday wordings of the lexicon's or the person's own."""
    return tuple(fact.id for fact in facts if topic_of_fact(fact).entry is None and not sound_rows(fact))


def candidates(
    facts: list[Fact],
    settings: GenerationSettings,
    kept: tuple[Row, ...] = (),
    *,
    only: Collection[str] | None = None,
    more: Mapping[str, int] | None = None,
    written: Mapping[str, int] | None = None,
    gone: Sequence[Fact] = (),
) -> Iterator[Row]:
    """Rows before any check, those of `kept` left out: a row edited by hand keeps the id under which it was made.

    The facts' own questions are not among them (see `own_candidates`): they come first, before a model writes.

    `only` restricts them to these facts (by id), without pairs, negatives and replay; `more` gives facts more wordings.
    `written` says how many wordings of a fact a model wrote: so many fewer come from templates. `gone` are facts that
    an adapter was told and that were deleted: they come among the negatives.
    """
    there = {row.id for row in kept}
    wanted = Counts.of(settings, facts, more or {}, written or {})
    made = _for_all(facts, settings, wanted, gone) if only is None else _for_some(facts, settings, only, wanted)
    return (row for row in made if row.id not in there)


@dataclass(frozen=True)
class Counts:
    """How many wordings a fact gets."""

    usual: int
    more: Mapping[str, int]
    written: Mapping[str, int]

    @classmethod
    def of(
        cls, settings: GenerationSettings, facts: Sequence[Fact], more: Mapping[str, int], written: Mapping[str, int]
    ) -> Self:
        """What the settings say of so many facts."""
        return cls(wordings_of(settings, Preset.DEFAULT), more, written)

    def variations(self, fact_id: str) -> int:
        """Wordings to train a fact with, whoever writes them."""
        return max(self.usual, self.more.get(fact_id, 0))

    def besides_own(self, fact: Fact) -> int:
        """Wordings to train a fact with beside the person's own, at least one."""
        return max(1, self.variations(fact.id) - len(sound_rows(fact)))

    def from_templates(self, fact: Fact, split: Split) -> int:
        """Wordings from templates: in training what the person and the model left over, and always one."""
        if split in _ASKED:
            return _ASKED[split]
        return max(1, self.besides_own(fact) - self.written.get(fact.id, 0))


def _for_all(facts: list[Fact], settings: GenerationSettings, wanted: Counts, gone: Sequence[Fact]) -> Iterator[Row]:
    """Train rows come first: where a dev or test question repeats one of them, it is the one that is dropped."""
    shared, kinds = shared_values(facts), broader(facts)
    untold = Untold.of(facts, settings.seed) if facts and settings.abstention else None
    for split in Split:
        asked = 0
        for fact in facts:
            rows = _questions(fact, split, kinds, wanted, settings.seed)
            asked += len(rows)
            if split is Split.TRAIN:
                asked += wanted.written.get(fact.id, 0) + len(sound_rows(fact))
            yield from rows
            yield from other_rows(fact, facts, shared, split, settings.seed, wanted.variations(fact.id))
        yield from composition_rows(facts, split, settings.seed, wanted.usual)
        if facts:
            # Before the other negatives: where one of them asks the same, the deleted fact keeps its row.
            yield from gone_rows(facts, gone, split, _ASKED.get(split, wanted.usual), settings.seed)
            if untold:
                yield from _negatives(facts, untold, split, asked, settings)
    if facts:
        yield from replay_rows(settings.replay, len(facts), settings.seed)


def _for_some(facts: list[Fact], settings: GenerationSettings, only: Collection[str], wanted: Counts) -> Iterator[Row]:
    shared, kinds = shared_values(facts), broader(facts)
    for split in Split:
        for fact in facts:
            if fact.id in only:
                yield from _questions(fact, split, kinds, wanted, settings.seed)
                yield from other_rows(fact, facts, shared, split, settings.seed, wanted.variations(fact.id))


def _questions(fact: Fact, split: Split, kinds: Mapping[str, str], wanted: Counts, seed: int) -> list[Row]:
    """What asks for a fact: as it is called, and in training as what it is one of."""
    count = wanted.from_templates(fact, split)
    rows = question_rows(fact, split, count, seed)
    if split is Split.TRAIN and fact.id in kinds:
        rows += broader_rows(fact, kinds[fact.id], max(1, round(BROADER_SHARE * count)), seed)
    return rows


def _negatives(
    facts: list[Fact], untold: Untold, split: Split, asked: int, settings: GenerationSettings
) -> Iterator[Row]:
    if split is Split.TRAIN:
        yield from abstention_rows(untold, split, max(SMALLEST, round(settings.abstention * asked)), settings.seed)
        return
    yield from abstention_rows(untold, split, min(60, max(20, asked // 3)), settings.seed)
    yield from never_rows(facts, split, settings.seed)
