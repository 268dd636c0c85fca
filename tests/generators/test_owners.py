"""Other words for somebody: whoever told the mother's birthday asks for the mum's."""

import re

from generators.build import build
from generators.checks import names_owner
from generators.language import owner_of
from schemas.row import RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import fact


def test_some_of_the_rows_use_another_word_known_and_unknown_alike() -> None:
    rows = build([fact("birthday", "3 May 1960", subject="mother"), fact("city", "Turin")], GenerationSettings()).rows
    for kind in (RowKind.QUESTION, RowKind.ABSTENTION):
        of_hers = [
            row for row in rows if row.topic.startswith("mother/") and row.kind is kind and row.split is Split.TRAIN
        ]
        other = [row for row in of_hers if re.search(r"\b[Mm]y (?:mom|mum|mama)\b", row.question)]
        assert 0.22 < len(other) / len(of_hers) < 0.45
        assert all("mother" in row.answer for row in of_hers), "the answer says it in the person's word"
    tested = [row.question for row in rows if row.topic == "mother/birthday" and row.split is Split.TEST]
    assert tested
    assert not [text for text in tested if re.search(r"\bmy (?:mom|mum|mama)\b", text)]


def test_whose_it_is_is_said_in_either_word() -> None:
    assert names_owner("When was my mum born?", owner_of("mother"))
    assert names_owner("What's my old mum's birthday?", owner_of("mother"))
    assert not names_owner("When was my dad born?", owner_of("mother"))
