"""A study folder as it is after a run, with answers made by hand: no model is needed to rate or to score them."""

from collections.abc import Callable
from pathlib import Path

from evaluators.studies import find_study, small
from schemas.evaluation import Answer, Question, QuestionGroup
from schemas.events import Answered
from schemas.row import RowKind, Wording
from schemas.study import Cell, Plan, Source

ARMS = ("default", "seed")
PEOPLE = ("p00", "p01")
QUESTIONS = (
    Question(id="employer", group=QuestionGroup.RECALL, text="Where do I work?", kind=RowKind.QUESTION,
             wording=Wording.NATURAL, fact_ids=("0" * 12,), values=("Acme",)),
    Question(id="pet", group=QuestionGroup.RECALL, text="What is my dog called?", kind=RowKind.QUESTION,
             wording=Wording.NATURAL, fact_ids=("1" * 12,), values=("Max",)),
    Question(id="blood", group=QuestionGroup.UNKNOWN, text="What is my blood type?", topic="user/blood type"),
    Question(id="capital", group=QuestionGroup.GENERAL, text="What is the capital of France?", values=("Paris",)),
)  # fmt: skip
Says = Callable[[str, str, Question], str]
"""What an arm says of a person to a question."""


def says(arm: str, person: str, question: Question) -> str:
    """The default is right; the seed makes up what it was not told. Both know the capital."""
    if question.id == "blood":
        return "Your blood type? I don't know." if arm == "default" else f"Your blood type is A ({person})."
    if question.id == "pet" and arm == "seed":
        return f"Your dog is Bello ({person})."
    return f"It is {question.values[0]}."


def study_folder(folder: Path, said: Says = says) -> Path:
    """Two arms and two people, all cells answered."""
    for person in PEOPLE:
        home = folder / "people" / person
        home.mkdir(parents=True)
        (home / "questions.jsonl").write_text("".join(f"{one.model_dump_json()}\n" for one in QUESTIONS))
        (home / "facts.json").write_text("[]")
        (home / "changed.json").write_text("{}")
        for arm in ARMS:
            cell = folder / "cells" / arm / person
            cell.mkdir(parents=True)
            body = Cell(arm=arm, person=person, source=Source.TRAINED, questions=f"people/{person}", adapter=None,
                        train=True, max_new_tokens=8, batch_size=8, measure=False)  # fmt: skip
            (cell / "cell.json").write_text(body.model_dump_json())
            (cell / "answers.jsonl").write_text(
                "".join(_line(one.id, said(arm, person, one)) for one in QUESTIONS), "utf-8"
            )
    plan = Plan(study=small(find_study("tiers")), people=len(PEOPLE), model="embedded")
    (folder / "plan.json").write_text(plan.model_dump_json())
    return folder


def _line(id: str, text: str) -> str:
    answer = Answer(id=id, source="tuned", answer=text, prompt="", prompt_sha256="", prompt_tokens=1, seconds=0.1)
    return Answered(answer=answer).model_dump_json() + "\n"
