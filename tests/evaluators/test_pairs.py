"""Pairs for blind rating: nothing that a rater sees depends on whose answer it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.pairs import Pair, Said, pair_up, shown_pairs, sides, truth_of
from schemas.evaluation import Question, QuestionGroup
from schemas.row import RowKind

TEXTS = st.text(max_size=30)
SEEDS = st.integers(0, 2**31 - 1)


def question(id: str = "q", more: dict[str, object] | None = None) -> Question:
    body: dict[str, object] = {"id": id, "group": QuestionGroup.RECALL, "text": "Where do I work?", "values": ("Acme",)}
    return Question.model_validate(body | (more or {}))


def pair(id: str, one: Said, other: Said) -> Pair:
    found = pair_up(question(id), one, other)
    assert found is not None
    return found


def many(count: int, names: tuple[str, str] = ("base", "tuned")) -> list[Pair]:
    first, second = names
    return [
        pair(f"q{number}", Said(first, f"Acme {number}", True), Said(second, f"No idea, {number}", False))
        for number in range(count)
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=30), SEEDS, TEXTS)
def test_exchanging_the_sources_changes_nothing_on_the_screen(
    answers: list[tuple[str, str]], seed: int, rater: str
) -> None:
    def screens(first: str, second: str, turned: bool) -> list[tuple[str, ...]]:
        found = []
        for number, (one, other) in enumerate(answers):
            said = [Said(first, one, first == "base"), Said(second, other, second == "base")]
            made = pair_up(question(f"q{number}"), *(reversed(said) if turned else said))
            found += [made] if made else []
        shown = shown_pairs(found, seed, 1.0, rater)
        return [(one.question.id, *(said.answer for said in sides(one, seed, rater))) for one in shown]

    expected = screens("base", "tuned", turned=False)
    assert expected == screens("tuned", "base", turned=False) == screens("zzz", "aaa", turned=True)


def test_each_source_stands_left_half_of_the_time() -> None:
    pairs = many(400)
    left = [sides(one, 7, "me")[0].source for one in pairs]
    assert 160 < left.count("base") < 240
    again = [sides(one, 7, "you")[0].source for one in pairs]
    assert 150 < sum(one == other for one, other in zip(left, again, strict=True)) < 250
    assert left == [sides(one, 7, "me")[0].source for one in pairs] != [sides(one, 8, "me")[0].source for one in pairs]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.floats(0.01, 1.0), SEEDS)
def test_a_share_is_the_same_for_all_raters_and_part_of_a_larger_one(count: int, share: float, seed: int) -> None:
    pairs = many(count)
    mine, yours = (shown_pairs(pairs, seed, share, rater) for rater in ("me", "you"))
    ids = {one.id for one in mine}
    assert ids == {one.id for one in yours} and len(ids) == len(mine)
    assert share * count <= len(mine) < share * count + 1
    assert ids <= {one.id for one in shown_pairs(pairs, seed, min(1.0, share * 2), "me")}
    assert mine == shown_pairs(list(reversed(pairs)), seed, share, "me")


def test_raters_who_stop_early_have_seen_the_same_pairs_in_their_own_order() -> None:
    mine, yours = (shown_pairs(many(100), 3, 1.0, rater) for rater in ("me", "you"))
    assert mine != yours
    for end in (20, 40, 60):
        assert {one.id for one in mine[:end]} == {one.id for one in yours[:end]}


def test_the_same_words_are_no_pair_and_other_words_another_one() -> None:
    one = Said("a", "Acme,\n Lisbon ", True)
    assert pair_up(question(), one, Said("b", " Acme, Lisbon", True)) is None
    first = pair("q", one, Said("b", "Acme", True))
    assert first.id == pair("q", one, Said("c", "Acme", False)).id
    others = [pair("q", one, Said("b", "Acme Ltd", True)), pair("r", one, Said("b", "Acme", True)),
              pair_up(question(), one, Said("b", "Acme", True), person="p01")]  # fmt: skip
    assert len({first.id, *(other.id for other in others if other)}) == 4


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, "told: Acme"),
        ({"values": ("chess", "hiking")}, "told: chess, hiking"),
        ({"kind": RowKind.YES_NO, "expects": "no"}, "told: Acme, so no"),
        ({"kind": RowKind.YES_NO, "expects": "yes", "values": ()}, "told; the answer is yes"),
        ({"group": QuestionGroup.UNKNOWN, "values": ()}, "never told"),
        ({"group": QuestionGroup.UNSEEN, "values": ()}, "never told"),
        ({"group": QuestionGroup.GENERAL, "values": ("Paris", "in Paris")}, "general knowledge: Paris or in Paris"),
    ],
)
def test_what_a_rater_is_told(told: dict[str, object], expected: str) -> None:
    assert truth_of(question(more=told)) == expected
