"""An evaluation in words: the names of its numbers, the claim, what failed."""

from collections.abc import Iterable
from dataclasses import dataclass

from evaluators.metrics import kept_general
from schemas.evaluation import Evaluation, Judged, Proportion, Question, QuestionGroup, Verdict
from schemas.row import RowKind
from schemas.settings import Caution

NAMES = {
    "recall_template": "recall, held-out templates",
    "recall_natural": "recall, natural wording that never names the attribute",
    "known_refused": "known facts refused",
    "unknown_refused": 'never-given facts answered with "I don\'t know"',
    "unknown_refused_unseen": "  of attributes that no row ever mentioned",
    "portability_reverse": "reverse questions",
    "portability_yes_no": "yes/no questions",
    "portability_composition": "two-fact questions",
    "general": "general knowledge",
}
"""What is told of an evaluation, in this order."""
TIERS = {1: "simple", 2: "relational", 3: "temporal", 4: "multi-hop"}
FEWER_IS_BETTER = frozenset({"known_refused"})
_KNOWN = frozenset({QuestionGroup.RECALL, QuestionGroup.PORTABILITY})
_NEVER_TOLD = frozenset({QuestionGroup.UNKNOWN, QuestionGroup.UNSEEN})


@dataclass(frozen=True)
class Claim:
    """One sentence of the claim, with the numbers behind it."""

    text: str
    tuned: Proportion
    base: Proportion | None


def percent(share: float) -> str:
    """A share as a person reads it, with one decimal: what is short of 100% must not look like it."""
    return f"{100 * share:.1f}%"


def interval(found: Proportion) -> str:
    """The 95% interval: "87.7% to 99.6%"."""
    return f"{percent(found.low)} to {percent(found.high)}"


def count(found: Proportion) -> str:
    """ "41 of 42"."""
    return f"{found.hits} of {found.total}"


def beside_text(evaluation: Evaluation) -> str:
    """What the adapter's gate and the second look did; empty where there is neither."""
    told = []
    if evaluation.left_to_base:
        (general, generals), (other, others) = (evaluation.left_to_base[name] for name in ("general", "other"))
        told.append(
            f"The adapter's gate left {general} of {generals} general questions to the base model, and {other} of {others} others."
        )
    if evaluation.second_look is not None:
        helped = ", helped by a sentence encoder that reads the question," if evaluation.reader else ""
        told.append(f"A second look{helped} changed {evaluation.second_look} of {len(evaluation.judged)} answers.")
        if evaluation.caution is not Caution.USUAL:
            told.append(f"It was set to be {evaluation.caution} (answers.caution).")
    if told:
        told.append("An adapter that is used in another program has no such help there.")
    return " ".join(told)


def claims(evaluation: Evaluation) -> list[Claim]:
    """The claim: what the trained model knows, admits not to know, and has kept."""
    sentences = {
        "recall_natural": "Asked as people ask, in wordings that it never saw, it answers right",
        "recall_template": "Asked with the attribute's name, in templates that it never saw, it answers right",
        "known_refused": "Given facts of which it wrongly says that it does not know them (fewer is better)",
        "unknown_refused": "Asked about things that nobody told it, it says that it does not know",
    }
    found = [
        Claim(text, evaluation.metrics[name], evaluation.base_metrics.get(name))
        for name, text in sentences.items()
        if name in evaluation.metrics
    ]
    kept = kept_general(evaluation.judged)
    if kept.total:
        found.append(Claim("Of the general questions that the base model answers, it still answers", kept, None))
    return found


def expected(question: Question) -> str:
    """What would have been right."""
    if question.group in _NEVER_TOLD:
        return "I don't know"
    if question.kind is RowKind.YES_NO:
        return f"{question.expects} ({', '.join(question.values)})" if question.values else question.expects
    if question.group is QuestionGroup.GENERAL:
        return " or ".join(question.values)
    return ", ".join(question.values)


def is_right(question: Question, verdict: Verdict) -> bool:
    """Whether the verdict is the one that the question wants."""
    return verdict is (Verdict.REFUSED if question.group in _NEVER_TOLD else Verdict.RIGHT)


def failures(judged: Iterable[Judged]) -> list[Judged]:
    """Questions about given facts that the trained model did not answer right, in the order asked."""
    return [one for one in judged if one.question.group in _KNOWN and not is_right(one.question, one.tuned_verdict)]


def never_told(judged: Iterable[Judged]) -> list[Judged]:
    """Questions about things that nobody told."""
    return [one for one in judged if one.question.group in _NEVER_TOLD]


def general(judged: Iterable[Judged]) -> list[Judged]:
    """Questions about the world."""
    return [one for one in judged if one.question.group is QuestionGroup.GENERAL]


def in_words(question: Question, verdict: Verdict) -> str:
    """The verdict in a word or two: "right", "wrong", "said it does not know", "made something up"."""
    if question.group in _NEVER_TOLD:
        return "admitted" if verdict is Verdict.REFUSED else "made up"
    return "refused" if verdict is Verdict.REFUSED else verdict.value
