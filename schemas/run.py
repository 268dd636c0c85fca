"""What a run freezes: everything a worker needs, reproducible from the run's folder alone."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from schemas.base import Noun, Seed
from schemas.evaluation import Question
from schemas.fact import Fact
from schemas.row import Row
from schemas.settings import Caution, GenerationSettings, Preset, Recipe, Trainer


class DatasetFile(Noun):
    """One frozen file of rows, with its checksum."""

    path: str
    rows: int
    sha256: str


class Dataset(Noun):
    """The frozen rows of a run, and the facts behind them (by id)."""

    train: DatasetFile
    dev: DatasetFile
    test: DatasetFile
    replay: DatasetFile
    reading: DatasetFile | None = None
    """Wordings that are read and not trained (`trainers.reader`), where a sentence encoder is to help."""
    fact_ids: tuple[str, ...]


class Parent(Noun):
    """The run that another one continues, and what changed between them: facts by id."""

    run: str
    """Name of its folder."""
    adapter: str = "parent"
    """Folder with a copy of its adapter, relative to the run's own: the first weights."""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    """Of the adapter's weights. Empty in a study's plan, as long as the parent is not trained."""
    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    asked_anew: tuple[str, ...] = ()
    """Those of the kept ones for which the person gave more questions of their own."""
    deleted: tuple[str, ...] = ()
    """Facts that this line of runs was ever told and that are gone."""
    note: str = ""
    """What must be known of the facts that were deleted."""

    @property
    def counts(self) -> dict[str, int]:
        """How many facts of each sort."""
        return {name: len(getattr(self, name)) for name in ("new", "changed", "asked_anew", "deleted", "kept")}

    @property
    def text(self) -> str:
        """The same for people: "2 new, 1 deleted, 18 kept"."""
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.counts.items() if count)


class TrainConfig(Noun):
    """runs/NAME/config.json: all that a training run is made of. Paths of the dataset are relative to the folder."""

    model: str
    system_prompt: str
    preset: Preset
    recipe: Recipe
    trainer: Trainer = Trainer.AUTO
    """What was asked for; what was taken stands in the finished event."""
    seed: Seed
    dataset: Dataset
    parent: Parent | None = None
    """Where the weights begin; fresh ones when there is none."""


class TrainJob(Noun):
    """What `python -m trainers train` reads as the first line of its input."""

    folder: str
    """The run's folder, which holds config.json and the dataset."""
    cache: str
    """Where converted models are kept."""
    resume: bool = False
    dry_run: bool = False
    graphs: bool | None = None
    """Whether steps are CUDA graphs; left out, it depends on the model's size."""
    processes: Annotated[int | None, Field(ge=1)] = None
    """How many processes train together; left out, one where steps can be recorded, else one for each GPU."""


class PrimeJob(Noun):
    """What `python -m trainers prime` reads: a run whose adapter is to be the primer of its base model."""

    folder: str
    cache: str
    resume: bool = False


class AnswerJob(Noun):
    """What `python -m trainers answer` reads: questions for the base model, an adapter or both."""

    model: str
    system_prompt: str
    cache: str
    adapter: str | None
    """Folder of the adapter; none asks the base model alone."""
    base: bool
    """Ask the base model (too)."""
    questions: tuple[Question, ...]
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)]
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    contexts: dict[str, str] = Field(default_factory=dict)
    """For some questions (by id), a system text in place of `system_prompt`: what a baseline may look up."""
    caution: Caution = Caution.USUAL
    """How sure the adapter must be that it was told."""


class MeasureJob(Noun):
    """What `python -m trainers measure` reads: texts on which to measure the base model, and an adapter beside it."""

    model: str
    cache: str
    adapter: str | None
    texts: tuple[str, ...]


class NearestJob(Noun):
    """What `python -m trainers nearest` reads: queries, and the texts among which to find those nearest in meaning."""

    queries: tuple[str, ...]
    texts: Annotated[tuple[str, ...], Field(min_length=1)]
    count: Annotated[int, Field(ge=1, le=1000)]


class ChatJob(Noun):
    """What `python -m trainers chat` reads first; then one command a line."""

    model: str
    system_prompt: str
    cache: str
    adapter: str | None
    """Folder of the adapter; none for the base model alone."""
    max_new_tokens: Annotated[int, Field(ge=1, le=4096)]


class Message(Noun):
    """One turn of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class AskCommand(Noun):
    """A question to a chat worker, with what was said before it."""

    command: Literal["ask"] = "ask"
    id: str
    source: Literal["base", "tuned"]
    """With the adapter or without it. Each model gets its own earlier answers, so it is asked for itself."""
    messages: Annotated[tuple[Message, ...], Field(min_length=1)]
    caution: Caution = Caution.USUAL
    """How sure the adapter must be that it was told."""

    @model_validator(mode="after")
    def _in_turns(self) -> "AskCommand":
        roles = [message.role for message in self.messages]
        if roles != (["user", "assistant"] * len(roles))[: len(roles)] or roles[-1] != "user":
            raise ValueError("messages go user, assistant, user ... and end with the user's")
        return self


class GenerateJob(Noun):
    """What `python -m generators generate` reads: the facts to make rows of."""

    facts: tuple[Fact, ...]
    settings: GenerationSettings
    kept: tuple[Row, ...] = ()
    """Rows that stay whatever is made: they are not made again, and what repeats them is refused."""
    only: tuple[str, ...] | None = None
    """Ids of the facts to make rows for; all facts, with negatives and replay rows, when left out."""
    gone: tuple[Fact, ...] = ()
    """Facts that the newest adapter was told and that were deleted since: they are asked for, and answered "I don't know"."""
    more: dict[str, int] = Field(default_factory=dict)
    """Ids of facts that get more wordings than the settings say, and how many."""
    model: str = ""
    """Folder of the base model in 16 bits, for vLLM; left out where no model writes."""
    record: str = ""
    """File that gets every wording of the model with its verdict, one JSON object a line, for measurements."""


class CancelCommand(Noun):
    """Gives up every question that was asked before it."""

    command: Literal["cancel"] = "cancel"


class FetchJob(Noun):
    """What `python -m trainers fetch` reads: a hub model to download, or the embedded one to convert.

    `resolve` reads it too, stays offline and only says where the model is.
    """

    model: str
    cache: str
