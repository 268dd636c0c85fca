"""The person's own questions about a fact: the words in which they will ask, trained as they stand."""

from collections.abc import Collection, Iterator

from generators.checks import check_rows
from generators.make import Asked, make_row
from generators.templates import answer_of
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import OWN_FAMILY, Row, RowKind, Split, Wording


def own_family(fact: Fact) -> str:
    """The family of these rows. By origin they are template rows: made from the facts again each time, and gone when the
    fact does not give the question any more. What a person writes in review has another origin, and stays."""
    return f"{OWN_FAMILY}{fact.id}"


def own_rows(fact: Fact) -> list[Row]:
    """A training row for each of the fact's own questions, before any check."""
    key, answer = topic_of_fact(fact).key, answer_of(fact)
    return [
        make_row(
            RowKind.QUESTION,
            Asked(text, own_family(fact), Wording.NATURAL),
            answer,
            key,
            Split.TRAIN,
            fact_ids=(fact.id,),
            values=fact.items,
        )
        for text in fact.questions
    ]


def sound_rows(fact: Fact) -> list[Row]:
    """Those that pass the checks of a fact by itself."""
    return [row for row, problem in check_rows(own_rows(fact), [fact]) if not problem]


def refusals(fact: Fact) -> dict[str, str]:
    """Own questions that no row is made from, with the reason."""
    return {row.question: problem for row, problem in check_rows(own_rows(fact), [fact]) if problem}


def own_candidates(facts: list[Fact], kept: tuple[Row, ...], only: Collection[str] | None = None) -> Iterator[Row]:
    """The own questions of all facts, or of `only` these (by id), before any check and without the rows of `kept`."""
    there = {row.id for row in kept}
    asked = (fact for fact in facts if only is None or fact.id in only)
    return (row for fact in asked for row in own_rows(fact) if row.id not in there)
