"""Freezes a run: its config and its rows, so that it can be trained and repeated from its folder alone."""

import hashlib
import json
import secrets
import shutil
from datetime import datetime
from pathlib import Path

from andraeus_tui.files import write_whole
from andraeus_tui.project import Project
from andraeus_tui.runs import CONFIG_FILE, FACTS_FILE
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import all_rows
from andraeus_tui.updating import Changes, Start, changes_since, recorded, rows_of_update, shorter
from generators.checks import schema
from generators.reading import reading_rows
from generators.unknown import known_keys
from schemas.errors import InputError
from schemas.fact import Fact
from schemas.row import ReviewState, Row, RowKind, Split
from schemas.run import Dataset, DatasetFile, TrainConfig
from schemas.settings import Preset, ProjectSettings, Recipe, Trainer, resolve_recipe


def trained_kinds(preset: Preset) -> frozenset[RowKind]:
    """The kinds of rows that a preset trains on.

    The prototype knew no other rows than questions about facts: its preset is a baseline, so it gets no others.
    """
    return frozenset({RowKind.QUESTION}) if preset is Preset.SEED else frozenset(RowKind)


def freeze_run(project: Project, runs: Path, trainer: Trainer | None = None, start: Start | None = None) -> Path:
    """A new run folder with everything in it. Raises InputError when the rows are not fit for training.

    Only approved rows train. Dev and test rows are taken unless a person rejected them. The folder comes into `runs`.
    `trainer` goes before the one in the settings. A run that goes on from `start` trains a part of the rows.
    """
    with project.database() as database:
        facts = all_facts(database)
        rows = all_rows(database)
    approved = [row for row in rows if row.split is Split.TRAIN and row.state is ReviewState.APPROVED]
    if not facts:
        raise InputError(
            "This project has no facts.", f"Add some: andraeus-tui facts import FILE --project {project.folder}"
        )
    if not any(row.kind is not RowKind.REPLAY for row in approved):
        hint = f"Approve some, or run: andraeus-tui generate --project {project.folder} --approve"
        raise InputError("This project has no approved rows, and only approved rows train.", hint)
    _check(approved, {fact.id for fact in facts}, known_keys(facts))
    kinds = trained_kinds(project.settings.recipe.preset)
    trained = [row for row in approved if row.kind in kinds]
    recipe = resolve_recipe(project.settings, len(trained))
    dev = _asked(rows, Split.DEV)
    changes = changes_since(start, facts) if start else None
    if start and changes is not None:
        trained = rows_of_update(trained, changes, start, project.settings.recipe.seed)
        # A check looks at the first dev rows: at those of what changed, before all others.
        dev.sort(key=lambda row: not changes.touches(row))
    parts = {
        "train": [row for row in trained if row.kind is not RowKind.REPLAY],
        "replay": [row for row in trained if row.kind is RowKind.REPLAY],
        "dev": dev,
        "test": _asked(rows, Split.TEST),
    }
    if recipe.reader and any(row.kind is RowKind.ABSTENTION for row in trained):
        rejected = {row.id for row in rows if row.state is ReviewState.REJECTED}
        read = reading_rows(facts, project.settings.recipe.seed)
        parts["reading"] = [row for row in read if row.id not in rejected]
    folder = _new_folder(runs)
    try:
        _fill(folder, project.settings, shorter(recipe) if start else recipe, parts, facts, trainer, start, changes)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _fill(
    folder: Path,
    settings: ProjectSettings,
    recipe: Recipe,
    parts: dict[str, list[Row]],
    facts: list[Fact],
    trainer: Trainer | None,
    start: Start | None,
    changes: Changes | None,
) -> None:
    files = {name: write_rows(folder, name, part) for name, part in parts.items()}
    config = TrainConfig(
        model=settings.model.name,
        system_prompt=settings.model.system_prompt,
        preset=settings.recipe.preset,
        recipe=recipe,
        seed=settings.recipe.seed,
        trainer=trainer or settings.recipe.trainer,
        dataset=Dataset(**files, fact_ids=tuple(fact.id for fact in facts)),
        parent=recorded(start, changes, folder) if start and changes else None,
    )
    body = [fact.model_dump(mode="json") for fact in facts]
    write_whole(folder / FACTS_FILE, json.dumps(body, ensure_ascii=False, indent=1))
    # The config comes last: a folder without one is no run.
    write_whole(folder / CONFIG_FILE, config.model_dump_json(indent=2))


def _asked(rows: list[Row], split: Split) -> list[Row]:
    return [row for row in rows if row.split is split and row.state is not ReviewState.REJECTED]


def _check(rows: list[Row], fact_ids: set[str], known: set[str]) -> None:
    """The last gate before training: every row fits its schema and the facts as they are now."""
    faults = []
    for number, row in enumerate(rows, start=1):
        wrong = [problem] if (problem := schema(row, ())) else []
        if not set(row.fact_ids) <= fact_ids:
            wrong.append("/fact_ids: a fact that is gone")
        if row.kind is RowKind.ABSTENTION and row.topic in known:
            wrong.append("/topic: says 'I don't know' of a fact that is known")
        faults += [f"row {number} ({row.id}){problem}" for problem in wrong]
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise InputError(f"The rows do not fit: {'; '.join(faults[:3])}{more}.", "Run generate again.")


def write_rows(folder: Path, name: str, rows: list[Row]) -> DatasetFile:
    """One frozen file of a run's folder."""
    data = "".join(row.model_dump_json() + "\n" for row in rows).encode()
    path = folder / "dataset" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True, mode=0o700)
    path.write_bytes(data)
    return DatasetFile(path=f"dataset/{name}.jsonl", rows=len(rows), sha256=hashlib.sha256(data).hexdigest())


def _new_folder(runs: Path) -> Path:
    runs.mkdir(exist_ok=True, mode=0o700)
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = runs / f"{stamp}-{secrets.token_hex(2)}"
    folder.mkdir(mode=0o700)
    return folder
