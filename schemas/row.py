"""A row: one question with its answer, the unit that is checked, reviewed and trained."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from schemas.base import Noun

QUESTION_LIMIT = 600
ANSWER_LIMIT = 2400
OWN_FAMILY = "own/"
"""How the families of rows begin that ask in the person's own words."""


class RowKind(StrEnum):
    """What a row teaches."""

    QUESTION = "question"
    STATEMENT = "statement"
    REVERSE = "reverse"
    YES_NO = "yes_no"
    COMPOSITION = "composition"
    ABSTENTION = "abstention"
    REPLAY = "replay"


class Split(StrEnum):
    """Families of different splits never meet: train trains, dev decides when to stop, test is asked once at the end."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


class Wording(StrEnum):
    """Whether the question names the attribute ("my employer") or asks in other words ("Where do I work?"); `everyday` ones
    do so too and are written for tests alone, apart from every generator."""

    GENERIC = "generic"
    NATURAL = "natural"
    EVERYDAY = "everyday"


class Origin(StrEnum):
    """Who wrote the row."""

    TEMPLATE = "template"
    MODEL = "model"
    HAND = "hand"


class ReviewState(StrEnum):
    """Only approved rows train."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Row(Noun):
    """A question and its answer, with where it comes from."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    kind: RowKind
    question: Annotated[str, StringConstraints(min_length=1, max_length=QUESTION_LIMIT, pattern=r"\S")]
    answer: Annotated[str, StringConstraints(max_length=ANSWER_LIMIT)]
    """Empty only for replay rows, whose answers the frozen base model gives before training."""
    topic: str
    """Whose what: "user/employer". Abstention rows have a topic that no fact has."""
    fact_ids: tuple[str, ...] = ()
    """The facts that the answer states: one, two for a composition, none for abstention and replay."""
    values: tuple[str, ...] = ()
    """What a right answer must contain (every one of them)."""
    family: str
    """The template family or paraphrase round, unique to one split."""
    split: Split
    wording: Wording = Wording.GENERIC
    origin: Origin = Origin.TEMPLATE
    state: ReviewState = ReviewState.PENDING
    checks: tuple[str, ...] = Field(default=())
    """Names of the checks that the row passed."""

    @property
    def is_own(self) -> bool:
        """Whether the row asks as its fact says that the person asks, unedited."""
        return self.origin is Origin.TEMPLATE and self.family.startswith(OWN_FAMILY)
