"""Rows for the reader: every wording of what was told, some of what was not, and nothing twice."""

from collections import Counter

from generators import lexicon
from generators.build import build
from generators.reading import common_wordings, reading_rows
from schemas.row import RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact, person

FACTS = person()


def test_told_things_are_read_in_every_wording_and_untold_ones_in_some() -> None:
    rows = reading_rows(FACTS, 0)
    told = [row for row in rows if row.kind is RowKind.QUESTION]
    untold = [row for row in rows if row.kind is RowKind.ABSTENTION]
    assert {*told, *untold} == {*rows} and {row.split for row in rows} == {Split.TRAIN}
    assert len({(row.question, row.topic) for row in rows}) == len(rows), "nothing stands there twice"
    assert not {row.topic for row in told} & {row.topic for row in untold}
    employer = [row.question for row in told if row.topic == "user/employer"]
    forms = lexicon.entries()["employer"].forms
    assert len(employer) >= len(forms[Split.TRAIN])
    held = {*forms[Split.DEV], *forms[Split.TEST]}
    assert not held & {*employer}, "held-out wordings are read no more than trained"
    count = Counter(row.topic for row in untold)
    assert set(count.values()) <= {*range(30, 41)} and len(count) > 100
    assert {row.question for row in untold} < {*common_wordings()}, "the same for everybody"


def test_training_rows_are_among_them() -> None:
    trained = {
        row.question
        for row in build(FACTS, GenerationSettings()).rows
        if row.kind is RowKind.QUESTION and row.split is Split.TRAIN
    }
    assert trained <= {row.question for row in reading_rows(FACTS, 0)}


def test_very_many_facts_share_what_is_read() -> None:
    many = [fact(f"kettle {number} price", f"{number}.50 pounds") for number in range(1200)]
    told = [row for row in reading_rows(many, 0) if row.kind is RowKind.QUESTION]
    assert 1200 <= len(told) <= 20_000
