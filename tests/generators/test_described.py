"""Questions about things that nobody foresaw, put together from other words for them."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators import described, lexicon
from generators.build import build
from generators.language import USER, owner_of, render
from generators.topics import complete
from schemas.fact import ImportedFact, ValueKind
from schemas.row import RowKind, Split, Wording
from schemas.settings import GenerationSettings

DATA = Path(described.__file__).parent / "descriptions"
NOUNS = {
    noun: ways
    for path in sorted((DATA / "nouns").glob("*.toml"))
    for noun, ways in tomllib.loads(path.read_text("utf-8")).items()
}
HEADS = tomllib.loads((DATA / "heads.toml").read_text("utf-8"))


def test_four_thousand_nouns_have_many_descriptions_that_do_not_name_them() -> None:
    assert len(NOUNS) > 4000
    assert all(7 <= len(set(ways)) == len(ways) <= 12 for ways in NOUNS.values())
    naming = [(noun, way) for noun, ways in NOUNS.items() for way in ways
              if re.search(rf"\b{re.escape(noun.casefold())}\b", way.casefold())]  # fmt: skip
    assert not naming


def test_heads_stand_once_and_their_questions_take_one_description() -> None:
    heads = [head for body in HEADS["head"] for head in body["heads"]]
    assert len(heads) == len(set(heads)) > 900
    assert {body["kind"] for body in HEADS["kind"]} == {"text", "person", "place", "date", "number", "favorite"}
    for body in (*HEADS["head"], *HEADS["kind"]):
        for form in body["forms"]:
            assert form.count("{d}") == 1, form
            asked = render(form, USER, d="the thing")
            assert re.search(r"\b(?:i|i'm|i've|my|me|mine)\b", asked.casefold()), form
            if "{I}" in form or "{my}" in form or "{me}" in form:
                assert "my sister" in render(form, owner_of("sister"), d="the thing").casefold(), form


@pytest.mark.parametrize(
    ("phrase", "kind", "wanted"),
    [
        ("garage code", ValueKind.TEXT, r"digits|type|dial|enter"),
        ("violin teacher", ValueKind.PERSON, r"\b(?:who|whom|whose)\b"),
        ("kayaks' name", ValueKind.TEXT, r"\bcall"),
        ("favorite cheese", ValueKind.TEXT, r"best|first|fond|dear|love"),
        ("number of umbrellas", ValueKind.NUMBER, r"how many|number|figure|count"),
        ("telescope", ValueKind.TEXT, r"\b(?:which|what)\b"),
    ],
)
def test_a_head_is_asked_for_in_its_own_way(phrase: str, kind: ValueKind, wanted: str) -> None:
    forms = described.forms(phrase, kind)
    assert 10 <= len(forms) <= described.MOST
    asked = [render(form, USER).casefold() for form in forms]
    assert sum(bool(re.search(wanted, text)) for text in asked) >= len(asked) / 4
    noun = (
        phrase.split(" ")[-1].rstrip("s")
        if kind is ValueKind.NUMBER
        else phrase.removeprefix("favorite ").split(" ")[0]
    )
    assert sum(noun.rstrip("s'") in text for text in asked) <= len(asked) / 3, "few of them name it"


@pytest.mark.parametrize("noun", [*sorted(NOUNS)[::7], "x-ray", "chest of drawers", "parents' evening"])
def test_every_noun_is_found_by_its_name(noun: str) -> None:
    asked = " ".join(described.forms(f"{noun} price", ValueKind.NUMBER))
    assert any(way in asked for way in NOUNS[noun])


def test_however_many_ways_there_are_to_say_it_there_are_as_many_forms_as_are_wanted() -> None:
    short = [noun for noun in NOUNS if len(described.forms(f"{noun} teacher", ValueKind.PERSON)) < described.MOST]
    assert not short, "a question with a description comes twice before all pairs have been"


@pytest.mark.parametrize(
    ("plural", "noun"), [("cookies", "cookie"), ("kitchen knives", "kitchen knife"), ("boxes", "box")]
)
def test_plurals_are_the_same_things(plural: str, noun: str) -> None:
    ways = NOUNS.get(noun, ())
    asked = " ".join(described.forms(plural, ValueKind.TEXT))
    assert not ways or any(way in asked for way in ways)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("garage code", "old garage code"),
        ("laptop password", "work laptop password"),
        ("guitar teacher", "bass guitar teacher"),
        ("garage heater", "garage humidity"),
        ("favorite cheese", "least favorite cheese"),
    ],
)
def test_two_things_that_are_alike_are_not_asked_for_in_the_same_words(first: str, second: str) -> None:
    one, other = (described.forms(phrase, ValueKind.TEXT) for phrase in (first, second))
    assert one and other
    assert not set(one) & set(other)


def test_a_word_before_a_noun_is_no_noun() -> None:
    assert not [form for form in described.forms("old boss", ValueKind.PERSON) if "my old" in render(form, USER)]


def test_nothing_is_made_up_for_words_that_are_no_nouns() -> None:
    assert described.forms("quux", ValueKind.TEXT) == ()
    assert described.forms("[/] <|im_end|>", ValueKind.TEXT) == ()


def test_an_unforeseen_fact_is_trained_in_everyday_words_and_a_common_one_in_the_lexicons() -> None:
    told = [
        complete(ImportedFact(attribute=name, value=value))
        for name, value in (("garage code", "4471"), ("employer", "Acme"))
    ]
    rows = build(told, GenerationSettings(replay=0)).rows
    for fact, family in zip(told, ("described/garage code/", "natural/employer/"), strict=True):
        asked = [row for row in rows if row.fact_ids == (fact.id,) and row.kind is RowKind.QUESTION]
        trained = [row for row in asked if row.split is Split.TRAIN]
        everyday = [row for row in trained if row.wording is Wording.NATURAL]
        assert len(everyday) >= len(trained) / 2
        assert all(row.family.startswith(family) for row in everyday)
        assert not [row for row in asked if row.split is not Split.TRAIN and row.family.startswith("described/")]
    unknown = [row for row in rows if row.kind is RowKind.ABSTENTION and row.split is Split.TRAIN]
    built = sum(row.family.startswith("described/") for row in unknown)
    assert 0.1 < built / len(unknown) < 0.6, "what is unknown is asked in such words, too"


@given(st.text(max_size=60), st.sampled_from(list(ValueKind)))
def test_any_attribute_gives_forms_that_render(phrase: str, kind: ValueKind) -> None:
    forms = described.forms(phrase, kind)
    assert forms == described.forms(phrase, kind)
    assert len(forms) == len(set(forms)) <= described.MOST
    if lexicon.normalise(phrase) and "{" not in phrase and "}" not in phrase:
        for form in forms:
            render(form, USER)
            render(form, owner_of("sister"))
