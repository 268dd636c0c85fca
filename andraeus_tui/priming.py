"""Freezes the run that makes a primer: an adapter with which a person's training may begin."""

import re
from pathlib import Path

from andraeus_tui.files import write_whole
from andraeus_tui.freeze import write_rows
from andraeus_tui.runs import CONFIG_FILE
from evaluators.options import outside
from generators.priming import general_rows, priming_rows
from schemas.run import Dataset, PrimeJob, TrainConfig
from schemas.settings import ModelSettings, Preset, ProjectSettings, RecipeSettings, Trainer, resolve_recipe

_BATCH = 64


def prime_job(model: str, preset: Preset, trainer: Trainer, cache_folder: Path) -> PrimeJob:
    """The job that makes the primer of a base model and preset. It goes on where an earlier one was stopped."""
    folder = cache_folder / "priming" / f"{re.sub(r'[^A-Za-z0-9]+', '-', model).strip('-')}-{preset}"
    if not (folder / CONFIG_FILE).is_file():
        _freeze(folder, model, preset, trainer)
    return PrimeJob(folder=str(folder), cache=str(cache_folder), resume=(folder / "checkpoints").is_dir())


def _freeze(folder: Path, model: str, preset: Preset, trainer: Trainer) -> None:
    """One pass over all rows. Nothing is asked on the way, and what helps answers comes with the person's training."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts = {"train": priming_rows(barred=outside()), "replay": general_rows(), "dev": [], "test": []}
    files = {name: write_rows(folder, name, rows) for name, rows in parts.items()}
    settings = ProjectSettings(model=ModelSettings(name=model), recipe=RecipeSettings(preset=preset))
    once = {"epochs": 1, "batch_size": _BATCH} | dict.fromkeys(
        ("early_stop", "gate", "second_look", "reader", "primer"), False
    )
    config = TrainConfig(
        model=model,
        system_prompt="",
        preset=preset,
        recipe=resolve_recipe(settings).model_copy(update=once),
        seed=0,
        trainer=trainer,
        dataset=Dataset(**files, fact_ids=()),
    )
    # The config comes last: a folder without one is no run.
    write_whole(folder / CONFIG_FILE, config.model_dump_json(indent=2))
