"""A new project in three answers: where, which model, which facts. Each answer can be judged while it is given."""

import re
from enum import StrEnum
from pathlib import Path

from andraeus_tui.files import typed_path
from andraeus_tui.importing import Import
from andraeus_tui.project import SETTINGS_FILE, Project, create
from andraeus_tui.store.facts import put_facts
from schemas.errors import InputError
from schemas.weights import EMBEDDED


class ModelSource(StrEnum):
    """Where the base model comes from."""

    EMBEDDED = "embedded"
    FOLDER = "folder"
    HUB = "hub"


def begin(folder: Path, model: str, facts: Import | None, label: str) -> Project:
    """Make a project with these facts in it. They were read before, so that bad facts leave no project behind."""
    project = create(folder, model)
    if facts is not None and facts.changed:
        with project.database() as database:
            put_facts(database, facts.changed, label)
    return project


def free_folder(home: Path) -> Path:
    """A folder in `home` that does not exist yet, to suggest."""
    number = 1
    while (folder := home / ("andraeus" if number == 1 else f"andraeus-{number}")).exists():
        number += 1
    return folder


def folder_problem(text: str) -> str:
    """Why no project can be made there; "" when it can."""
    if not text.strip():
        return "Say where the project's files go."
    try:
        folder = typed_path(text)
        if (folder / SETTINGS_FILE).exists():
            return "This is a project already: go back and open it."
        if folder.exists() and not folder.is_dir():
            return "This is a file, not a folder."
        if folder.is_dir() and any(folder.iterdir()):
            return "This folder is not empty."
    except (OSError, InputError):
        return "This folder cannot be used."
    return ""


def source_of(name: str) -> tuple[ModelSource, str]:
    """What a model's name on the command line means, and the name."""
    name = name.strip()
    if name == EMBEDDED:
        return ModelSource.EMBEDDED, name
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") != 1
    return (ModelSource.FOLDER if looks_like_path or Path(name).is_dir() else ModelSource.HUB), name


def model_problem(source: ModelSource, name: str) -> str:
    """Why this model cannot be taken; "" when it can, as far as its name tells."""
    name = name.strip()
    if source is ModelSource.EMBEDDED:
        return ""
    if source is ModelSource.HUB:
        fits = re.fullmatch(r"[\w.-]+/[\w.-]+", name)
        return "" if fits else "A hub name looks like Qwen/Qwen2.5-0.5B-Instruct."
    try:
        if not name or not typed_path(name).is_dir():
            return "There is no such folder."
        holds_model = (typed_path(name) / "config.json").is_file()
    except (OSError, InputError):
        return "This folder cannot be used."
    return "" if holds_model else "This folder holds no model: config.json is missing."
