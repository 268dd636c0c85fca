"""The zero-context proof: no prompt that was sent held a value that the model was to know from its weights."""

import hashlib
import re

from evaluators.normal import fold
from schemas.evaluation import Answer, Proof, Question, QuestionGroup
from schemas.fact import Fact


def prove(facts: list[Fact], questions: list[Question], answers: list[Answer]) -> Proof:
    """Look for every value and alias of every fact in every rendered prompt.

    A reverse or yes/no question names a value by its nature, a general one ("What colour is the sky?") by chance: there
    the question's own text is left out and all the rest of the prompt is searched. A single leak fails the proof.
    """
    by_id = {question.id: question for question in questions}
    spellings = {
        fold(text): fact.id for fact in facts for text in (*fact.items, fact.text, *fact.aliases) if fold(text)
    }
    pattern = _any_of(list(spellings))
    leaks = []
    for answer in answers:
        question = by_id[answer.id]
        prompt = answer.prompt
        if question.group in {QuestionGroup.PORTABILITY, QuestionGroup.GENERAL}:
            prompt = prompt.replace(question.text, " ", 1)
        leaks += [f"{answer.id}:{spellings[match]}" for match in pattern.findall(fold(prompt))] if pattern else []
    joined = "\n".join(answer.prompt_sha256 for answer in answers)
    return Proof(
        passed=not leaks,
        prompts=len(answers),
        fact_tokens=None if leaks else 0,
        prompts_sha256=hashlib.sha256(joined.encode()).hexdigest(),
        leaks=tuple(dict.fromkeys(leaks)),
    )


def _any_of(spellings: list[str]) -> re.Pattern[str] | None:
    wanted = sorted(spellings, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, wanted))})(?!\w)") if wanted else None
