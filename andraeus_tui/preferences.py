"""What the terminal UI remembers of a person on this machine: the theme and the projects opened last. No facts."""

import json
from pathlib import Path

from pydantic import ValidationError

from andraeus_tui.files import write_whole
from schemas.base import Noun

_KEPT = 20


class Preferences(Noun):
    """ui.json in the user's configuration folder."""

    theme: str = "textual-dark"
    recent: tuple[str, ...] = ()
    """Folders of projects, the one opened last first."""


def _path() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("andraeus", appauthor=False)) / "ui.json"


def load() -> Preferences:
    """The preferences; defaults when there are none or they cannot be read."""
    try:
        return Preferences.model_validate_json(_path().read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError):
        return Preferences()


def save(preferences: Preferences) -> None:
    """Keep them. A folder that cannot be written is no reason to disturb anybody: they are a convenience."""
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, preferences.model_dump_json(indent=1))
    except OSError:
        return


def remember_project(folder: Path) -> None:
    """Put a project first in the list."""
    found = load()
    name = str(folder)
    recent = (name, *(one for one in found.recent if one != name))[:_KEPT]
    save(found.model_copy(update={"recent": recent}))


def forget_project(folder: Path) -> None:
    """Take a project out of the list; its folder stays."""
    found = load()
    save(found.model_copy(update={"recent": tuple(one for one in found.recent if one != str(folder))}))


def recent_projects() -> list[Path]:
    """Projects opened before that are still there, the last one first."""
    return [Path(name) for name in load().recent if (Path(name) / "project.toml").is_file()]
