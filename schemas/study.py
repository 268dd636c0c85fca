"""What a study is made of: arms that are compared over the same people, the cells to run, and what came out."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from schemas.base import Noun
from schemas.row import Split


class Source(StrEnum):
    """Where an arm's answers come from."""

    TRAINED = "trained"
    """An adapter of its own."""
    BASE = "base"
    """The untouched base model."""
    PROMPT = "prompt"
    """The base model with all facts in its system prompt."""
    BM25 = "bm25"
    """The base model with the facts that BM25 finds for the question."""
    DENSE = "dense"
    """The base model with the facts that a sentence encoder finds for the question."""
    OTHER = "other"
    """The adapter of another person, of the arm named in `of`: a control."""
    SHUFFLED = "shuffled"
    """An adapter trained on the facts with their values exchanged: a control."""


CONTEXT_SOURCES = frozenset({Source.PROMPT, Source.BM25, Source.DENSE})
"""These put facts into the prompt, so that the zero-context proof is not theirs."""
ADAPTER_SOURCES = frozenset({Source.TRAINED, Source.SHUFFLED})
"""These train."""


class Arm(Noun):
    """One way to make a model know facts."""

    name: Annotated[str, Field(pattern=r"^[\w][\w ,.+-]*$")]
    source: Source = Source.TRAINED
    of: str = ""
    """For `other`, whose adapters; they are this arm's."""
    facts: Annotated[int | None, Field(ge=10, le=1000)] = None
    """Facts of a person; the study's number when left out."""
    generation: dict[str, Any] = Field(default_factory=dict)
    recipe: dict[str, Any] = Field(default_factory=dict)
    """A preset, and changes of any number of it, those included that project.toml does not have."""
    rows: Literal["all", "bare"] = "all"
    """`bare`: each fact is one statement, said without a question."""
    steps_of: str = ""
    """Train as many optimizer steps as this arm does, whatever the number of rows."""
    update: Annotated[int, Field(ge=0, le=20)] = 0
    """After how many updates; with each of them a tenth of the values changes. All is trained anew, or see `start`."""
    start: str = ""
    """The arm, one update before, whose adapters this one continues on what changed since."""


class Study(Noun):
    """An experiment: a question, its arms and the figures that answer it."""

    name: str
    title: str
    question: str
    people: Annotated[int, Field(ge=1, le=200)] = 30
    facts: Annotated[int, Field(ge=10, le=1000)] = 50
    general: Annotated[int, Field(ge=0, le=376)] = 60
    unknown: Annotated[int, Field(ge=0, le=400)] = 60
    most: Annotated[int, Field(ge=10)] | None = None
    """Questions a person, at most: drawn evenly from all. Where each answer is timed alone, all would take hours."""
    measure: bool = False
    """Measure bits per byte and divergence on neutral text, too."""
    batch_size: Annotated[int, Field(ge=1, le=256)] = 128
    """Questions answered at once; 1 where the time of an answer matters."""
    choosing: bool = False
    """A study that chooses settings: other people, asked in the wordings of the dev split alone."""
    reference: str
    """The arm that the others are compared with."""
    primary: str
    """The figure that decides."""
    shown: tuple[str, ...]
    """The figures of the table, in order."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)]

    @property
    def split(self) -> Split:
        """Whose wordings are asked."""
        return Split.DEV if self.choosing else Split.TEST


class Plan(Noun):
    """plan.json: the study as it is run in this folder."""

    study: Study
    people: int
    model: str
    """Name or folder of the base model, as given."""
    left_out: dict[str, str] = Field(default_factory=dict)
    """Arms that cannot be run here, and why."""
    versions: dict[str, str] = Field(default_factory=dict)


class Cell(Noun):
    """cell.json: one arm and one person."""

    arm: str
    person: str
    source: Source
    questions: str
    """Folder with questions.jsonl and facts.json, relative to the study's."""
    adapter: str | None
    """Folder of the adapter, relative to the study's; none for the base model alone."""
    train: bool
    start: str = ""
    """Folder of the adapter that it continues, relative to the study's; empty when it trains from scratch."""
    max_new_tokens: int
    batch_size: int
    measure: bool


class StudyJob(Noun):
    """What `python -m trainers study` reads: every cell of a planned study that is not done yet."""

    folder: str
    model: str
    cache: str


class Estimate(Noun):
    """A mean over persons with its 95% interval, which is unknown for a single person."""

    mean: float
    low: float | None
    high: float | None
    people: int


class Contrast(Noun):
    """One arm against the reference, person by person."""

    arm: str
    figure: str
    difference: Estimate
    """Reference minus arm."""
    p: float | None
    """Of a sign-flip test over persons; unknown for fewer than two."""
    holm: float | None
    """The same, corrected for all contrasts of the study."""
    equivalent: float | None = None
    """p of the two one-sided tests that they differ by less than `margin`."""
    margin: float | None = None
    mcnemar: dict[str, float] = Field(default_factory=dict)
    """For each person, the exact test over his own questions."""


class StudyResult(Noun):
    """results.json: everything that a study found."""

    plan: Plan
    figures: dict[str, dict[str, Estimate]]
    """By arm and figure."""
    shares: dict[str, dict[str, dict[str, float]]]
    """By arm, figure and person: the raw numbers behind them."""
    contrasts: tuple[Contrast, ...]
    proofs: dict[str, str]
    """By arm that keeps facts in weights: whether any prompt held a value."""
    missing: tuple[str, ...]
    """Cells that were planned and not run."""
    dropped: dict[str, int]
    """Questions left out before anything was asked, by reason."""
