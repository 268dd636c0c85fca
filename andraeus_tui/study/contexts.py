"""What baselines put into the prompt; the sentence encoder runs in a process of its own."""

from andraeus_tui.jobs import Job, error_of
from evaluators.baselines import FOUND, everything, found_by_bm25, found_by_vectors, statement
from schemas.errors import AndraeusError
from schemas.evaluation import Question
from schemas.events import Failed, Finished
from schemas.fact import Fact
from schemas.run import NearestJob
from schemas.study import Source


def contexts_for(source: Source, facts: list[Fact], questions: list[Question]) -> dict[str, str]:
    """For each question (by id) the system prompt. Raises InputError when the encoder is not installed."""
    if source is Source.PROMPT:
        return everything(facts, questions)
    if source is Source.BM25:
        return found_by_bm25(facts, questions)
    return found_by_vectors(facts, questions, _nearest(facts, questions))


def _nearest(facts: list[Fact], questions: list[Question]) -> list[list[int]]:
    job = NearestJob(
        queries=tuple(question.text for question in questions),
        texts=tuple(statement(fact) for fact in facts),
        count=FOUND,
    )
    for event in Job("trainers", "nearest", job).events():
        if isinstance(event, Finished):
            found: list[list[int]] = event.result["nearest"]
            return found
        if isinstance(event, Failed):
            raise error_of(event)
    raise AndraeusError("The sentence encoder ended without a word.")
