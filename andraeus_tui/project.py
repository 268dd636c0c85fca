"""A project on disk: a private folder with project.toml, memory.db and runs/, which can be copied to another machine."""

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tomlkit
from pydantic import ValidationError
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Table

from andraeus_tui.files import write_whole
from andraeus_tui.store.database import Database
from schemas.errors import AndraeusError, InputError
from schemas.settings import ProjectSettings
from schemas.validate import problems

SETTINGS_FILE = "project.toml"
DATABASE_FILE = "memory.db"
RUNS_FOLDER = "runs"


class Project:
    """An existing project. Raises InputError when the folder is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.expanduser().resolve()
        if not (self.folder / SETTINGS_FILE).is_file():
            raise InputError(f"{self.folder} is no project.", f"Make one with: andraeus-tui init {folder}")
        self.settings = read_settings(self.folder / SETTINGS_FILE)

    @property
    def runs(self) -> Path:
        """The folder of all runs."""
        return self.folder / RUNS_FOLDER

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The project's database, open for the block."""
        path = self.folder / DATABASE_FILE
        if not path.exists():
            raise InputError(
                f"{path} is missing: it holds the project's facts and rows.",
                "Copy it from where the project was before.",
            )
        database = Database(path)
        try:
            yield database
        finally:
            database.close()


def create(folder: Path, model: str) -> Project:
    """A new project in an empty or new folder, mode 0700. The settings file comes last: without it there is no project."""
    folder = folder.expanduser()
    try:
        if (folder / SETTINGS_FILE).exists():
            raise InputError(f"{folder} is a project already.")
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is not an empty folder.")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        (folder / RUNS_FOLDER).mkdir(mode=0o700)
        Database(folder / DATABASE_FILE).close()
        write_whole(folder / SETTINGS_FILE, _first_settings(model))
    except OSError as error:
        raise AndraeusError(f"{folder} cannot be made a project: {error.strerror}.") from error
    return Project(folder)


def _first_settings(model: str) -> str:
    document = tomlkit.document()
    document.add(
        tomlkit.comment("Settings of this project. What is not set here has its default; README.md lists all.")
    )
    section = tomlkit.table()
    section["name"] = _full_name(model)
    document["model"] = section
    return tomlkit.dumps(document)


def _full_name(model: str) -> str:
    """A model's folder is kept by its full path: the project is used from other working directories."""
    try:
        folder = Path(model).expanduser()
        return str(folder.resolve()) if folder.is_dir() else model
    except (OSError, RuntimeError, ValueError):
        return model  # no name that a folder can have: a hub's, or a wrong one, which is told when it is used


def read_settings(path: Path) -> ProjectSettings:
    """Settings of a project. Raises InputError naming the line or the setting at fault."""
    return _settings_of(_read_document(path), path)


def _read_document(path: Path) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from error


def _settings_of(document: tomlkit.TOMLDocument, path: Path) -> ProjectSettings:
    data = document.unwrap()
    wrong = [one.removeprefix("/: ").removeprefix("/").replace("/", ".") for one in problems("project", data)]
    if wrong:
        raise InputError(f"{path} has a wrong setting: {'; '.join(wrong)}.")
    try:
        return ProjectSettings.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path} has a wrong setting: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error


def change_setting(project: Project, section: str, key: str, value: Any) -> None:
    """Change one setting, or take it out (None), and leave the file's comments and order as they are.

    Raises InputError, and the file stays as it is, when the settings would not be valid with it.
    """
    if value is None:
        reset_setting(project, section, key)
        return
    document = _read_document(project.folder / SETTINGS_FILE)
    if section not in document:
        document[section] = tomlkit.table()
    table = _section(document, section, project)
    table[key] = _full_name(value) if (section, key) == ("model", "name") else value
    _keep(project, document)


def reset_setting(project: Project, section: str, key: str) -> None:
    """Take one setting out of the file, so that its default holds again; a section with nothing left in it goes, too."""
    document = _read_document(project.folder / SETTINGS_FILE)
    if section in document and key in (table := _section(document, section, project)):
        del table[key]
        if isinstance(table, Table) and not (table.as_string() + table.trivia.comment).strip():
            del document[section]
        _keep(project, document)


def _section(document: tomlkit.TOMLDocument, section: str, project: Project) -> MutableMapping[str, Any]:
    table = document[section]
    if not isinstance(table, MutableMapping):
        raise InputError(f"{project.folder / SETTINGS_FILE} has a wrong setting: {section} is no section.")
    return table


def _keep(project: Project, document: tomlkit.TOMLDocument) -> None:
    path = project.folder / SETTINGS_FILE
    text = tomlkit.dumps(document)
    settings = _settings_of(tomlkit.parse(text), path)
    try:
        write_whole(path, text)
    except OSError as error:
        raise AndraeusError(f"{path} cannot be written: {error.strerror}.", "Nothing was changed.") from error
    project.settings = settings


def cache_folder() -> Path:
    """Where converted models are kept: ANDRAEUS_CACHE, or the user's cache folder."""
    import platformdirs

    given = os.environ.get("ANDRAEUS_CACHE")
    return Path(given) if given else Path(platformdirs.user_cache_dir("andraeus", appauthor=False))
