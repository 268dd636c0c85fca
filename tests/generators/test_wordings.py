"""Checks of a model's wordings: what people say passes, and everything else is refused for the right reason."""

from dataclasses import replace

import pytest

from generators.checks import contains
from generators.make import all_questions
from generators.paraphrase.asks import _data, asks_for, registers
from generators.topics import complete, topic_of_fact
from generators.wordings import names_attribute, problem_of, setting_of
from schemas.fact import Fact, ImportedFact
from schemas.row import Split
from tests.generators.facts import person

FACTS = [
    complete(ImportedFact.model_validate(body))
    for body in (
        {"attribute": "employer", "value": "Northwind Foods"},
        {"attribute": "pet_name", "value": "Max"},
        {"attribute": "age", "value": 34},
        {"attribute": "birthday", "value": "3 May 1990"},
        {"attribute": "city", "value": "Lisbon"},
        {"attribute": "favorite tea", "value": "green tea"},
        {"attribute": "spirit animal", "value": "otter"},
        {"attribute": "hobbies", "value": ["chess", "hiking"]},
        {"attribute": "birthday", "value": "9 June 1988", "subject": "sister"},
        {"attribute": "hometown", "value": "Utrecht", "subject": "Nadia"},
    )
]
BY_NAME = {f"{fact.subject}/{fact.attribute}": fact for fact in FACTS}


def problem(name: str, text: str, example: tuple[str, ...] = ()) -> str:
    fact = BY_NAME[name if "/" in name else f"user/{name}"]
    return problem_of(text, replace(setting_of(fact, FACTS), held_out=(), templates=frozenset(), example=example))


GOOD = [
    ("employer", "Where do I work?"),
    ("employer", "Could you please tell me who pays my salary?"),
    ("employer", "Do you know where I work?"),
    ("employer", "do u kno were i work"),
    ("employer", "where i work"),
    ("employer", "I forgot who I work for."),
    ("employer", "The bank asks who employs me. What do I say?"),
    ("employer", "Um, so, the company I go to every day, what was it?"),
    ("employer", "Tell me the name of the firm I'm with"),
    ("employer", "my employer?"),
    ("employer", "What can you tell me about my employer?"),
    ("pet_name", "What do I call when I want my pet to come?"),
    ("pet_name", "whats my pets name agan"),
    ("age", "How old am I?"),
    ("age", "how many candles on my next cake minus one"),
    ("birthday", "When was I born?"),
    ("birthday", "When do I get presents?"),
    ("favorite tea", "Which tea do I like best?"),
    ("favorite tea", "What tea do I always order?"),
    ("spirit animal", "Which creature am I deep down?"),
    ("hobbies", "What do I do for fun?"),
    ("sister/birthday", "When does my sister celebrate?"),
    ("sister/birthday", "When was my little sister born?"),
    ("sister/birthday", "Do you know when my sister's birthday is?"),
    ("Nadia/hometown", "Where did Nadia grow up?"),
    ("Nadia/hometown", "What's Nadia's hometown?"),
]
BAD = [
    ("employer", "Do I work at a food company?", "asking: yes or no"),
    ("employer", "Is my employer big?", "asking: yes or no"),
    ("employer", "I work at a big company.", "asking: it is a statement"),
    ("employer", "I like my employer very much.", "asking: it is a statement"),
    ("employer", "My employer is a company.", "asking: it is a statement"),
    ("employer", "What is your employer?", "voice: it does not say whose"),
    ("employer", "Where do you work, my friend?", "voice: it speaks to the person"),
    ("employer", "Where does Alex work?", "voice: it does not say whose"),
    ("employer", "Where does my sister's husband work, tell me?", "voice: it asks about somebody else"),
    ("employer", "Where is Northwind, which pays me?", "narrowing: a part of the value"),
    ("employer", "Which NF company do I work for?", "narrowing: it holds the value's initials"),
    ("employer", "Which food company do I work for?", "narrowing: a part of the value"),
    ("employer", "Which nortwind thing employs me?", "narrowing: the value stands in it, misspelt"),
    ("employer", "Which company starting with an N do I work for?", "narrowing: it tells letters"),
    ("employer", "What is my age?", "this fact: it asks for another fact"),
    ("employer", "What is my sister's birthday?", "voice: it asks about somebody else"),
    ("employer", "Where are you working these days, my friend?", "voice: it speaks to the person"),
    ("employer", "Where {I} work [name]?", "shape: characters"),
    ("employer", "Where do I work?<|im_end|>", "shape: characters"),
    ("employer", "hm?", "shape: 3 characters"),
    ("employer", "where do I " + "really " * 40 + "work?", "shape:"),
    ("pet_name", "What is the name of my pet Max?", "narrowing: a part of the value"),
    ("age", "Am I older than 30?", "asking: yes or no"),
    ("age", "How old am I, more than 30?", "narrowing: it tells a number"),
    ("age", "Which birthday comes after my thirty-third?", "narrowing: it tells a number"),
    ("birthday", "Which day in May was I born?", "narrowing: a part of the value"),
    ("birthday", "Which summer day was I born on?", "narrowing: it tells a time"),
    ("birthday", "On which day in 1990 was I born?", "narrowing: a number of the value"),
    ("favorite tea", "Why do I like green so much?", "narrowing: a part of the value"),
    ("spirit animal", "Which otters do I like?", "narrowing: a part of the value"),
    ("hobbies", "Which game of chess do I like?", "narrowing: a part of the value"),
    ("sister/birthday", "When is my birthday?", "voice: it does not say whose"),
    ("Nadia/hometown", "Where did she grow up?", "voice: it does not say whose"),
]


@pytest.mark.parametrize(("name", "text"), GOOD)
def test_what_people_say_passes(name: str, text: str) -> None:
    assert problem(name, text) == ""


@pytest.mark.parametrize(("name", "text", "why"), BAD)
def test_everything_else_is_refused(name: str, text: str, why: str) -> None:
    assert problem(name, text).startswith(why)


def test_a_copy_of_the_example_is_refused() -> None:
    shown = ("Which boots fit me?",)
    assert problem("employer", "which boots fit me", shown) == "copy: a copy of the example"


def test_a_question_that_is_kept_for_the_test_is_refused() -> None:
    for fact in FACTS[:5]:
        setting = setting_of(fact, FACTS)
        for split in (Split.DEV, Split.TEST):
            assert all(problem_of(text, setting) for text in all_questions(topic_of_fact(fact), split))


def test_what_a_template_has_is_not_taken_from_a_model() -> None:
    setting = setting_of(BY_NAME["user/spirit animal"], FACTS)
    assert problem_of("my spirit animal", setting) == "new: a template has it"
    assert problem_of("so which animal am i deep inside", setting) == ""


def test_lexicon_wordings_pass() -> None:
    """Wordings that people wrote by hand, of the train split: few may be refused, none for its voice or for leaking."""
    problems = [
        (text, problem_of(text, replace(setting_of(fact, person()), held_out=(), templates=frozenset())))
        for fact in person()
        for text in all_questions(topic_of_fact(fact), Split.TRAIN)
    ]
    refused = [one for one in problems if one[1]]
    assert len(refused) < 0.08 * len(problems), refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Who is my emploier?", True), ("Who is my employer", True), ("Where do I work?", False), ("my boss?", False)],
)
def test_whether_the_attribute_is_named(text: str, expected: bool) -> None:
    assert names_attribute(text, topic_of_fact(BY_NAME["user/employer"])) is expected


def test_examples_obey_their_own_rules() -> None:
    """What a model is shown as right answers passes the checks for the fact that it is about."""
    for example in _data()["example"]:
        body = {name: example[name] for name in ("attribute", "value")}
        whom = {} if example["about"] == "user" else {"subject": example["about"].removeprefix("my ")}
        fact = complete(ImportedFact.model_validate(body | whom))
        assert set(example["unnamed"]) == set(registers())
        for kind in ("named", "unnamed"):
            for texts in example[kind].values():
                for text in texts:
                    setting = replace(setting_of(fact, [fact]), templates=frozenset(), held_out=())
                    assert problem_of(text, setting) == "", text
                    if kind == "unnamed":
                        assert not contains(text, example["attribute"]), text


def test_examples_are_about_something_else() -> None:
    def asked(fact: Fact) -> set[str]:
        return {ask.example.attribute for ask in asks_for(fact, 0, 0)}

    shoes = complete(ImportedFact(attribute="shoe_size", value=44))
    assert asked(shoes) == {"usual breakfast"}
    figs = complete(ImportedFact(attribute="favorite fruit", value="figs"))
    assert asked(figs) == {"shoe size"}
    cello = complete(ImportedFact(subject="brother", attribute="instrument", value="cello"))
    assert asked(cello) == {"hometown"}
    assert len(asks_for(shoes, 0, 0)) == len(registers()) == 6


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("How did I choose my employer?", "asks for it: it asks about the thing, not for it"),
        ("What does the name of my employer mean?", "asks for it: it asks about the thing, not for it"),
        ("employer of my employer", "asks for it: it names the thing twice"),
        ("Can you tell me about an employer?", "asks for it: it does not say that the thing is the person's"),
        ("um ok so my employer, what was it agan", ""),
        ("Could you kindly remind me who my employr is?", ""),
    ],
)
def test_a_wording_that_names_the_thing_asks_for_it(text: str, why: str) -> None:
    assert problem("employer", text) == why
