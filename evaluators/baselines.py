"""Facts in the prompt: all of them, or those that a search finds for the question."""

import re
from collections.abc import Sequence

from schemas.evaluation import Question
from schemas.fact import USER, Fact

FOUND = 5
"""Facts that a search puts before the model."""
_LEAD = "You know these facts about the user. Answer in one short sentence. If the facts do not say it, say that you don't know."


def statement(fact: Fact) -> str:
    """ "The user's pet name is Max." or "The sister's birthday is 3 May 1990."."""
    attribute = re.sub(r"[_\s]+", " ", fact.attribute).strip()
    if fact.subject == USER:
        owner = "The user"
    else:
        owner = f"The user's {fact.subject}" if fact.subject[:1].islower() else fact.subject
    return f"{owner}'s {attribute} is {fact.text}."


def context_of(statements: Sequence[str]) -> str:
    """The system prompt that holds these statements."""
    return "\n".join([_LEAD, *(f"- {one}" for one in statements)])


def everything(facts: Sequence[Fact], questions: Sequence[Question]) -> dict[str, str]:
    """For each question (by id) the prompt with all facts."""
    text = context_of([statement(fact) for fact in facts])
    return {question.id: text for question in questions}


def found_by_bm25(facts: Sequence[Fact], questions: Sequence[Question]) -> dict[str, str]:
    """For each question (by id) the prompt with the facts that BM25 ranks first (Robertson's, k1 1.5, b 0.75)."""
    import bm25s

    statements = [statement(fact) for fact in facts]
    index = bm25s.BM25()
    index.index(bm25s.tokenize(statements, stopwords="en", show_progress=False), show_progress=False)
    asked = bm25s.tokenize([one.text for one in questions], stopwords="en", show_progress=False)
    best = index.retrieve(asked, k=min(FOUND, len(facts)), show_progress=False, return_as="documents")
    return {
        question.id: context_of([statements[int(number)] for number in row])
        for question, row in zip(questions, best, strict=True)
    }


def found_by_vectors(
    facts: Sequence[Fact], questions: Sequence[Question], nearest: Sequence[Sequence[int]]
) -> dict[str, str]:
    """For each question (by id) the prompt with the facts whose numbers a sentence encoder gave, nearest first."""
    statements = [statement(fact) for fact in facts]
    return {
        question.id: context_of([statements[number] for number in row[:FOUND]])
        for question, row in zip(questions, nearest, strict=True)
    }
