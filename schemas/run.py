"""What a run freezes: everything a worker needs, reproducible from the run's folder alone."""

from typing import Annotated

from pydantic import Field

from schemas.base import Noun
from schemas.evaluation import Question
from schemas.settings import Preset, Recipe


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
    fact_ids: tuple[str, ...]


class TrainConfig(Noun):
    """runs/NAME/config.json: all that a training run is made of. Paths of the dataset are relative to the folder."""

    model: str
    system_prompt: str
    preset: Preset
    recipe: Recipe
    seed: Annotated[int, Field(ge=0)]
    dataset: Dataset


class TrainJob(Noun):
    """What `python -m trainers train` reads as the first line of its input."""

    folder: str
    """The run's folder, which holds config.json and the dataset."""
    cache: str
    """Where converted models are kept."""
    resume: bool = False
    dry_run: bool = False


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


class FetchJob(Noun):
    """What `python -m trainers fetch` reads: a hub model to download, or the embedded one to convert."""

    model: str
    cache: str
