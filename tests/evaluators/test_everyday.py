"""The everyday questions: enough of them, never naming the thing, and none that training saw."""

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.audit import Seen, audit, words_of
from evaluators.everyday import (
    all_texts,
    everyday_questions,
    never_told_questions,
    topic_key,
    two_fact_questions,
    wordings,
)
from evaluators.lives import data, life
from evaluators.options import outside, rare
from evaluators.people import confusable, person
from generators import lexicon
from generators.build import build
from generators.topics import complete, topic_of_fact
from schemas.evaluation import Question, QuestionGroup
from schemas.fact import Fact
from schemas.row import Split, Wording
from schemas.settings import GenerationSettings


def facts_of(number: int, size: int) -> list[Fact]:
    return [complete(fact) for fact in person(number, size)]


def women_of(number: int) -> set[str]:
    return {one.subject for one in life(number).others if one.woman}


def asked_of(number: int, size: int) -> list[Question]:
    facts, women = facts_of(number, size), women_of(number)
    known = everyday_questions(facts, women, confusable(person(number, size)), seed=0)
    return [*known, *two_fact_questions(facts, women, 0), *never_told_questions(facts, women, set(), 40, 0)]


def question(text: str) -> Question:
    return Question(id=text, group=QuestionGroup.RECALL, text=text)


def test_every_attribute_has_three_and_those_of_others_two() -> None:
    names = {*lexicon.entries(), *rare()}
    assert names == wordings().keys()
    assert [name for name in names if len(set(wordings()[name]["ask"])) < 3] == []
    groups = data()["other_people"]
    others = {*groups["anybody"], *groups["working"], *groups["adult"], *data()["outside"]["of_others"]}
    assert [name for name in others if len(set(wordings()[name].get("of", []))) < 2] == []


def test_dev_has_two_of_whatever_is_outside_the_lexicon_and_of_common_attributes() -> None:
    dev = wordings(Split.DEV)
    assert dev.keys() == {*outside(), *lexicon.entries()} and all(len(set(body["ask"])) >= 2 for body in dev.values())
    texts = [text for body in dev.values() for text in body["ask"]]
    assert not audit([question(text) for text in texts], Seen(all_texts())).leaks
    asked = everyday_questions(facts_of(1000, 50), women_of(1000), set(), 0, split=Split.DEV)
    assert asked and {one.wording for one in asked} == {Wording.NATURAL} and {one.text for one in asked} <= {*texts}


def test_none_names_the_thing() -> None:
    for name, body in itertools.chain(wordings().items(), wordings(Split.DEV).items()):
        entry = lexicon.find(name)
        phrases = {lexicon.normalise(name), *([lexicon.normalise(entry.phrase)] if entry else [])}
        for text in (*body["ask"], *body.get("of", [])):
            for phrase in phrases:
                assert not re.search(rf"\b{re.escape(phrase)}\b", lexicon.normalise(text)), (name, text)


def test_all_differ_and_render() -> None:
    texts = [words_of(text) for text in all_texts()]
    assert not [text for text in all_texts() if "{" in text or not text.endswith(("?", "."))]
    twice = {text for text in texts if texts.count(text) > 1}
    # A wife and a husband are asked for alike; no person has both.
    assert twice <= {words_of(text) for text in wordings()["wife"]["ask"] + wordings()["girlfriend"]["ask"]}


@pytest.mark.parametrize(("number", "size"), [(0, 15), (1, 50)])
def test_what_is_left_after_the_audit_stands_in_no_training_row(number: int, size: int) -> None:
    facts = facts_of(number, size)
    rows = build(facts, GenerationSettings(variations=200)).rows
    texts = [row.question for row in rows if row.split is not Split.TEST]
    seen = Seen(texts)
    asked = asked_of(number, size)
    found = audit(asked, seen)
    kept = [one for one in asked if one.id not in found.ids]
    assert found.asked == len(asked)
    # Written apart, the two still meet now and then: what people say is not unlimited.
    assert len(kept) > 0.85 * len(asked)
    assert not {words_of(one.text) for one in kept} & {words_of(text) for text in texts}
    assert audit(kept, seen).leaks == ()
    assert found.nearest < 88


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("where do I WORK", "exact"),
        ("These days in which town does my sister live?", "near"),
        ("Tell me again: in which town does my sister live these days, please?", None),
        ("In which town does my sister live today?", "run"),
        ("Who pays my wages?", None),
        ("Where do I swim?", None),
    ],
)
def test_the_audit_finds_what_is_nearly_there(text: str, reason: str | None) -> None:
    found = audit([question(text)], Seen(["Where do I work?", "In which town does my sister live these days?"]))
    assert [leak.reason for leak in found.leaks] == ([reason] if reason else [])
    assert audit([question(text)]).leaks == ()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5000), st.sampled_from([10, 15, 50]))
def test_questions_ask_for_what_is_told_and_never_for_what_is_not(number: int, size: int) -> None:
    facts = facts_of(number, size)
    by_id = {fact.id: fact for fact in facts}
    topics = {topic_of_fact(fact).key for fact in facts}
    asked = asked_of(number, size)
    assert len({one.id for one in asked}) == len(asked)
    assert {one.fact_ids[0] for one in asked if one.group is QuestionGroup.RECALL} == by_id.keys()
    for one in asked:
        if one.group is QuestionGroup.RECALL:
            assert one.values == by_id[one.fact_ids[0]].items
            assert one.topic in topics
        elif one.group is QuestionGroup.UNSEEN:
            assert not one.values and one.topic not in topics
        else:
            assert len(one.fact_ids) == 2 and one.tier == 4


def test_topics_are_those_of_the_rows() -> None:
    for fact in facts_of(3, 1000):
        assert topic_key(fact.subject, fact.attribute) == topic_of_fact(fact).key
