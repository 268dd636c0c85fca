"""Forms become sentences: every one renders for everybody, and the verbs agree."""

import itertools
import re

import pytest

from generators import lexicon
from generators.language import owner_of, render

PEOPLE = ("user", "sister", "Anna", "parents", "best friend")


@pytest.mark.parametrize("subject", PEOPLE)
def test_every_form_renders_for_everybody(subject: str) -> None:
    owner = owner_of(subject)
    for entry in lexicon.entries().values():
        for form in itertools.chain(*entry.forms.values()):
            text = render(form, owner)
            assert not re.search(r"[{}]|  ", text), text
            if subject != "user" and "{" in form:
                assert not re.search(r"(?<!')\b(?:I (?:do|am|have)|my my|my Anna)\b", text), text
                assert not re.search(r"\b(?:they (?:is|was|has|does)|(?:is|was|has|does) they)\b", text), text


@pytest.mark.parametrize(
    ("form", "subject", "expected"),
    [
        ("Where {do} {I} work?", "user", "Where do I work?"),
        ("Where {do} {I} work?", "sister", "Where does my sister work?"),
        ("What {is} {my} {attr}?", "sister", "What is my sister's birthday?"),
        ("Who {do} {I} see when {his} teeth hurt?", "brother", "Who does my brother see when his teeth hurt?"),
        ("Where {do} {I} live?", "parents", "Where do my parents live?"),
        ("When {am} {I} off?", "Anna", "When is Anna off?"),
        (
            "What {am} {I} called when {he} still perform{s}?",
            "cousin",
            "What is my cousin called when they still perform?",
        ),
        ("Who {was} {I} when {he} {was} young?", "cousin", "Who was my cousin when they were young?"),
        ("Where {am} {he} now?", "cousin", "Where are they now?"),
        ("Where {am} {he} now?", "sister", "Where is she now?"),
    ],
)
def test_grammar(form: str, subject: str, expected: str) -> None:
    assert render(form, owner_of(subject), attr="birthday", **{"is": "is"}) == expected
