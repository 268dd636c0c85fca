"""What a person can set, in project.toml. Unknown keys are refused."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Noun, Seed
from schemas.weights import EMBEDDED, size_of

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class Backend(StrEnum):
    """Who writes the question variations: `auto` takes an endpoint that is set, else vLLM where it can run, else templates."""

    AUTO = "auto"
    TEMPLATES = "templates"
    VLLM = "vllm"
    ENDPOINT = "endpoint"


class ModelSettings(Noun):
    """Which base model, and how it is prompted."""

    name: Annotated[str, Field(min_length=1)] = EMBEDDED
    """`embedded` (SmolLM2-135M-Instruct), a local folder, or a hub name such as Qwen/Qwen2.5-7B-Instruct."""
    system_prompt: Annotated[str, Field(max_length=10_000)] = ""
    """Sent with every question. Empty by default: facts belong in the weights, and the evaluation proves it."""


class GenerationSettings(Noun):
    """How rows are made from facts."""

    backend: Backend = Backend.AUTO
    """Who writes the question wordings: `auto`, `templates`, `vllm` (the base model on a GPU) or `endpoint`."""
    variations: Annotated[int | None, Field(ge=1, le=200)] = None
    """Question wordings a fact, at most. Unless set 120, with the preset `thorough` 200."""
    abstention: Annotated[float, Field(ge=0.0, le=10.0)] = 2.0
    """Rows about things never told, per question row of a known fact."""
    replay: Annotated[int, Field(ge=0, le=2000)] = 1200
    """General prompts, at most, on which training stays close to the base model, to keep its abilities: 20 a fact."""
    seed: Seed = 0
    """Which wordings are chosen: the same seed makes the same rows."""
    endpoint: Annotated[str, Field(max_length=500, pattern=r"^(https?://[^\s@]+)?$")] = ""
    """Address of an OpenAI-compatible server, such as http://127.0.0.1:11434/v1. Its key: ANDRAEUS_API_KEY."""
    endpoint_model: Annotated[str, Field(max_length=300)] = ""
    """Name of the model there. Empty: the first one that the server has."""
    concurrency: Annotated[int, Field(ge=0, le=4096)] = 0
    """Requests at a time. 0: as many as keep the writer busy (512 for vLLM, 4 for another endpoint)."""
    judge: bool = False
    """Let the same model answer each question it wrote, told the fact and two others; drop those that miss the value."""


class Preset(StrEnum):
    """A named recipe. `default` is ours; `thorough` adapts every layer and takes twice the wordings; `seed` is the
    prototype's."""

    DEFAULT = "default"
    SEED = "seed"
    THOROUGH = "thorough"


class Trainer(StrEnum):
    """Who trains: `auto` takes the best that this machine has and says which."""

    AUTO = "auto"
    UNSLOTH = "unsloth"
    NF4 = "nf4"
    PEFT = "peft"


class Recipe(Noun):
    """Every number of a training run."""

    rank: Annotated[int, Field(ge=1, le=512)]
    """Size of the adapter: more holds more, and takes longer."""
    alpha: Annotated[int, Field(ge=1, le=2048)]
    """Strength of the adapter; twice the rank is usual."""
    targets: Literal["all-linear", "mlp"] = "all-linear"
    """Which linear layers of a block get an adapter."""
    frozen_below: Fraction = 0.0
    """Share of the lowest blocks without an adapter. Their work is done once and not again every epoch."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)]
    """How far each step goes, at its highest."""
    epochs: Annotated[int, Field(ge=1, le=1000)]
    """Passes over the rows, at most: early stopping may end sooner. Unless set, the default makes up to 8 of few rows."""
    batch_size: Annotated[int, Field(ge=1, le=4096)]
    """Rows a step."""
    schedule: Literal["cosine", "constant"]
    """Whether the learning rate falls along a cosine or stays as it is."""
    warmup: Fraction
    """Share of the steps during which the rate rises."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    floor: Fraction = 0.1
    """Share of the learning rate at which a cosine schedule ends."""
    rehearsal_weight: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0
    """Weight of staying close to the base model's own predictions on general prompts (KL divergence a token)."""
    max_grad_norm: Annotated[float, Field(gt=0.0)] = 1.0
    gate: bool = False
    """Leave questions that are surely not about the person to the base model, so that it stays as able as it was."""
    second_look: bool = False
    """Before refusing, and before answering, add up how likely the question asks for anything that was told."""
    reader: bool = False
    """Where a sentence encoder is installed, let it help the second look to read. It sees questions; values stay in the weights."""
    primer: bool = False
    """Begin with an adapter that can read questions about a person and knows nothing, where there is one for the model."""
    early_stop: bool = False
    """Stop before the last epoch when the dev questions, known and unknown, are answered twice in a row."""
    max_length: Annotated[int, Field(ge=32, le=32_768)] = 512
    """Tokens a row; longer rows are refused by the preflight, never cut."""
    checkpoint_every: Annotated[int, Field(ge=1)] = 50
    """Steps between checkpoints."""


class RecipeSettings(Noun):
    """A preset, and what to change in it."""

    preset: Preset = Preset.DEFAULT
    """The numbers to begin with: `default`, `thorough` (better, two to three times as long), `seed` (prototype)."""
    seed: Seed = 0
    """Order of the rows and first weights: the same seed gives the same run."""
    rank: Annotated[int | None, Field(ge=1, le=512)] = None
    alpha: Annotated[int | None, Field(ge=1, le=2048)] = None
    learning_rate: Annotated[float | None, Field(gt=0.0, le=1.0)] = None
    epochs: Annotated[int | None, Field(ge=1, le=1000)] = None
    batch_size: Annotated[int | None, Field(ge=1, le=4096)] = None
    schedule: Literal["cosine", "constant"] | None = None
    gate: bool | None = None
    second_look: bool | None = None
    reader: bool | None = None
    primer: bool | None = None
    early_stop: bool | None = None
    checkpoint_every: Annotated[int | None, Field(ge=1)] = None
    trainer: Trainer = Trainer.AUTO
    """`auto`, or `unsloth` (4 bit, CUDA), `nf4` (4 bit by bitsandbytes, CUDA), `peft` (16 bit; also on a CPU)."""


class Caution(StrEnum):
    """How sure a trained model must be that it was told what is asked for: `ready` refuses less and invents more than
    `usual`, `careful` the other way round."""

    READY = "ready"
    USUAL = "usual"
    CAREFUL = "careful"


class AnswerSettings(Noun):
    """How a trained model answers."""

    caution: Caution = Caution.USUAL
    """How sure it must be that it was told: `usual`, `careful` (it refuses more) or `ready` (it invents more)."""


class EvaluationSettings(Noun):
    """How an adapter is examined."""

    max_new_tokens: Annotated[int, Field(ge=1, le=512)] = 40
    """Tokens of an answer, at most."""
    unknown: Annotated[int, Field(ge=0, le=1000)] = 40
    """Questions about facts never given."""
    probe: Annotated[int, Field(ge=0, le=1000)] = 60
    """General-knowledge questions."""


class ProjectSettings(Noun):
    """project.toml as a whole."""

    model: ModelSettings = ModelSettings()
    generation: GenerationSettings = GenerationSettings()
    recipe: RecipeSettings = RecipeSettings()
    answers: AnswerSettings = AnswerSettings()
    evaluation: EvaluationSettings = EvaluationSettings()


_WORDINGS = {Preset.SEED: 60, Preset.DEFAULT: 120, Preset.THOROUGH: 200}


def wordings_of(settings: GenerationSettings, preset: Preset) -> int:
    """Question wordings a fact: as set, or as many as the preset is trained best with. One pass over twice the wordings
    takes no more steps than two passes, and reads better (docs/results, round 20)."""
    return _WORDINGS[preset] if settings.variations is None else settings.variations


PRESETS: dict[Preset, Recipe] = {
    # The prototype's: batch 2 with accumulation 4, trained on question rows alone.
    Preset.SEED: Recipe(
        rank=64, alpha=128, learning_rate=3e-4, epochs=5, batch_size=8, schedule="cosine", warmup=0.03, floor=0.0
    ),
    Preset.DEFAULT: Recipe(
        rank=16,
        alpha=32,
        targets="mlp",
        frozen_below=1 / 3,
        learning_rate=2e-3,
        epochs=1,
        batch_size=32,
        schedule="cosine",
        warmup=0.05,
        rehearsal_weight=3.0,
        gate=True,
        second_look=True,
        reader=True,
        primer=True,
        early_stop=True,
    ),
}
PRESETS[Preset.THOROUGH] = PRESETS[Preset.DEFAULT].model_copy(
    update={"targets": "all-linear", "frozen_below": 0.0, "learning_rate": 1e-3}
)


_RATES = ((300_000_000, 2e-3), (3_000_000_000, 5e-4))
"""Up to how many weights which learning rate; what lets 135 million learn makes half a billion forget."""
_LOWEST_RATE = 2e-4
"""For models that are larger, or whose size is not known yet."""
LEAST_STEPS, MOST_EPOCHS = 350, 8
"""Few rows are passed over more often, until there are so many optimizer steps."""


def resolve_recipe(settings: ProjectSettings, rows: int = 0) -> Recipe:
    """The preset with the person's changes applied. The learning rate of ours falls with the size of the model, and
    their epochs rise where there are few `rows` to train (0: not known yet)."""
    chosen = settings.recipe
    changes = chosen.model_dump(exclude={"preset", "seed", "trainer"}, exclude_none=True)
    recipe = Recipe.model_validate(PRESETS[chosen.preset].model_dump() | changes)
    if chosen.preset is Preset.SEED:
        return recipe
    found = {}
    if chosen.learning_rate is None:
        size = size_of(settings.model.name)
        rate = next((rate for most, rate in _RATES if 0 < size <= most), _LOWEST_RATE)
        found["learning_rate"] = min(recipe.learning_rate, rate)
    if chosen.epochs is None and rows:
        steps = -(-rows // recipe.batch_size)
        found["epochs"] = max(recipe.epochs, min(MOST_EPOCHS, round(LEAST_STEPS / steps)))
    return recipe.model_copy(update=found)
