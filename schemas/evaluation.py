"""Questions, answers and verdicts: what evidence is made of."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from schemas.base import Noun
from schemas.fact import ValueKind
from schemas.row import RowKind, Wording
from schemas.settings import Caution


class QuestionGroup(StrEnum):
    """What a question examines."""

    RECALL = "recall"
    """A given fact, asked in a family that training never saw."""
    PORTABILITY = "portability"
    """Reverse, yes/no and two-fact questions."""
    UNKNOWN = "unknown"
    """A thing never told, whose attribute was among the abstention rows."""
    UNSEEN = "unseen"
    """A thing never told, whose attribute no row ever mentioned."""
    GENERAL = "general"
    """General knowledge."""


class Question(Noun):
    """One question of an evaluation, with what counts as right."""

    id: str
    group: QuestionGroup
    text: str
    kind: RowKind | None = None
    wording: Wording | None = None
    topic: str = ""
    tier: int | None = None
    fact_ids: tuple[str, ...] = ()
    value_kind: ValueKind = ValueKind.TEXT
    values: tuple[str, ...] = ()
    """A right answer holds every one of these (recall, portability) or any one (general)."""
    aliases: tuple[tuple[str, ...], ...] = ()
    """For each value, other spellings that count."""
    rivals: tuple[str, ...] = ()
    """Values of other facts: an answer that names one of them besides is wrong."""
    confusable: bool = False
    """Whether another fact may easily be taken for this one: the brother's birthday for the sister's."""
    expects: str = ""
    """For yes/no questions: "yes" or "no"."""


class Answer(Noun):
    """What a model said, and the exact prompt it was given."""

    id: str
    source: str
    """`base` or `tuned`."""
    answer: str
    by_adapter: bool | None = None
    """Whether the adapter answered: not as `base`, nor where its gate left the question to the base model."""
    second_look: bool = False
    """Whether a second look changed what greedy decoding alone would have said."""
    prompt: str
    """The rendered prompt, special tokens included."""
    prompt_sha256: str
    prompt_tokens: Annotated[int, Field(ge=0)]
    seconds: float


class Verdict(StrEnum):
    """How an answer is judged."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"


class Judged(Noun):
    """A question, what was said, and the verdict."""

    question: Question
    base: str | None
    base_verdict: Verdict | None
    tuned: str
    tuned_verdict: Verdict


class Proportion(Noun):
    """A share with its 95% Wilson interval."""

    hits: int
    total: int
    share: float
    low: float
    high: float


class Proof(Noun):
    """Whether every rendered prompt was free of the person's facts."""

    passed: bool
    prompts: int
    """Prompts looked at."""
    fact_tokens: int | None
    """Tokens spent on facts: 0, proven; unknown when the proof fails."""
    prompts_sha256: str
    """Hash over all prompt hashes, in order."""
    leaks: tuple[str, ...] = ()
    """For each leak, the question's id and the fact's id: never the value."""


class Evaluation(Noun):
    """eval.json: all evidence about one adapter."""

    run: str
    model: str
    preset: str
    created: str
    metrics: dict[str, Proportion]
    """Of the trained model: recall_template, recall_natural, unknown_refused, ..."""
    base_metrics: dict[str, Proportion]
    """The same of the untouched base model."""
    proof: Proof
    left_to_base: dict[str, tuple[int, int]] = Field(default_factory=dict)
    """Of `general` questions and of `other` ones, how many the adapter's gate left to the base model, and how many there
    were. Empty without a gate."""
    second_look: int | None = None
    """How many of the trained model's answers a second look changed. None where the adapter has none."""
    reader: bool = False
    """Whether a sentence encoder helped the second look to read the questions."""
    caution: Caution = Caution.USUAL
    """How sure it had to be that it was told."""
    judged: tuple[Judged, ...]
    seconds: float
    versions: dict[str, str] = Field(default_factory=dict)
    """Of this program and the libraries that ran the model, when it was examined."""
