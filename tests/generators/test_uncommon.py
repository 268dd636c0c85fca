"""The many uncommon attributes: sound wordings, used for what was told and for what was not."""

import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from generators import lexicon
from generators.build import build
from generators.checks import contains
from generators.language import USER, owner_of, render
from generators.topics import topic_of
from generators.unknown import IMPLIED
from schemas.fact import ValueKind
from schemas.row import Row, RowKind, Split, Wording
from schemas.settings import GenerationSettings
from tests.generators.facts import facts_of

TRAINED = {phrase: entry.forms[Split.TRAIN] for phrase, entry in lexicon.uncommon().items()}
FORMS = [
    (entry.phrase, form) for entry in lexicon.uncommon().values() for split in Split for form in entry.forms[split]
]
FIRST_PERSON = re.compile(r"\b(?:i|me|my|mine|myself|i'm|i've|i'd|i'll)\b", re.IGNORECASE)
SPEAKER = re.compile(
    r"\b(?:remind me|tell me|i need to know|i forgot|i forget|i can't recall|i wonder)\b", re.IGNORECASE
)


def questions_of(rows: tuple[Row, ...], topic: str, kind: RowKind) -> list[Row]:
    return [row for row in rows if row.topic == topic and row.kind is kind]


def test_there_are_many_of_all_kinds_with_four_wordings_each_and_some_with_two_held_out() -> None:
    assert len(TRAINED) >= 3000
    kinds = Counter(entry.kind for entry in lexicon.uncommon().values())
    assert all(kinds[kind] >= 20 for kind in ValueKind), kinds
    assert not [phrase for phrase, forms in TRAINED.items() if not 4 <= len(forms) <= 28]
    held = [[len(entry.forms[split]) for split in (Split.DEV, Split.TEST)] for entry in lexicon.uncommon().values()]
    assert held.count([1, 1]) >= 1000 and all(pair in ([0, 0], [1, 1]) for pair in held)


def test_what_implies_what_is_all_in_the_lexicon() -> None:
    names = {name for name, others in IMPLIED.items() for name in (name, *others.split())}
    assert not [name for name in names if lexicon.find(name) is None]


def test_each_stands_once_and_the_lexicon_has_none() -> None:
    folder = Path(lexicon.__file__).parent / "lexicon" / "uncommon"
    tables = [tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))]
    written = Counter(lexicon.normalise(phrase) for table in tables for body in table.values() for phrase in body)
    assert not [phrase for phrase, times in written.items() if times > 1]
    common = {lexicon.normalise(name) for e in lexicon.entries().values() for name in (e.id, e.phrase, *e.names)}
    assert not common & written.keys()


def test_wordings_are_distinct_also_from_those_of_the_common_attributes() -> None:
    common = [form for entry in lexicon.entries().values() for split in Split for form in entry.forms[split]]
    asked = Counter(render(form, USER).casefold().strip("?.!") for form in [*common, *(form for _, form in FORMS)])
    assert not [text for text, times in asked.items() if times > 1]


def test_wordings_are_questions_of_the_user_that_name_no_attribute() -> None:
    for phrase, form in FORMS:
        text = render(form, USER)
        assert len(text.split()) >= 3, text
        assert FIRST_PERSON.search(text), text
        assert not contains(text, phrase), (phrase, text)
        assert not re.search(r"[{}]|  |\b(?:I is|I has|I does|do I \w+s me|my my)\b", text), text


@pytest.mark.parametrize("subject", ["sister", "Anna", "parents"])
def test_a_wording_with_slots_speaks_of_its_owner_alone(subject: str) -> None:
    owner = owner_of(subject)
    for phrase, form in FORMS:
        if "{" in form:
            text = render(form, owner)
            assert contains(text.replace("'s", " ").replace("'", " "), owner.noun), (phrase, text)
            rest = SPEAKER.sub("", text.replace(owner.noun, "").replace(owner.noun.capitalize(), ""))
            assert not FIRST_PERSON.search(rest), (phrase, text)


def test_who_tells_one_is_asked_in_everyday_words_and_no_paraphrases_are_wanted() -> None:
    made = build(facts_of({"locker number": "117", "Boat": "Seagull"}), GenerationSettings(replay=0))
    assert not made.wants_paraphrases
    for topic, words in (("user/locker number", "locker number"), ("user/boat", "boat")):
        own = questions_of(made.rows, topic, RowKind.QUESTION)
        natural = [row for row in own if row.wording is Wording.NATURAL]
        assert natural
        assert {row.split for row in natural} == set(Split)
        assert not [row for row in natural if contains(row.question, words)]
        assert {row.split for row in own if row.wording is Wording.GENERIC} == set(Split)
        assert not questions_of(made.rows, topic, RowKind.ABSTENTION)


def test_what_was_told_of_somebody_else_is_asked_of_that_person() -> None:
    (fact,) = facts_of({"sister's locker number": "117"})
    assert topic_of(fact.subject, fact.attribute).named == "your sister's locker number"
    made = build([fact], GenerationSettings(replay=0))
    own = questions_of(made.rows, "sister/locker number", RowKind.QUESTION)
    assert own
    assert all("my sister" in row.question.casefold() for row in own)


def test_things_never_told_are_many_and_asked_in_everyday_words_too() -> None:
    rows = build(facts_of({"city": "Turin"}), GenerationSettings(replay=0)).rows
    unknown = [row for row in rows if row.kind is RowKind.ABSTENTION and row.split is Split.TRAIN]
    asked = [row for row in unknown if not row.family.startswith("yes_no/")]
    own = Counter(row.topic for row in asked if row.topic.startswith("user/"))
    common = {topic_of("user", name).key for name in lexicon.entries()}
    assert {times for topic, times in own.items() if topic not in common} == {1}
    share = sum(times for topic, times in own.items() if topic in common) / own.total()
    assert 0.25 < share < 0.75, "what people have and ask for comes more often than what few have"
    assert len(own) > 0.5 * len(unknown)
    everyday = sum(row.wording is Wording.NATURAL for row in unknown)
    assert 0.45 < everyday / len(unknown) < 0.8
    for split in (Split.DEV, Split.TEST):
        told = [row for row in rows if row.kind is RowKind.ABSTENTION and row.split is split]
        assert sum(row.wording is Wording.NATURAL for row in told) > len(told) / 5
