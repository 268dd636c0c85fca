"""Paths as people type them, and files written so that a crash leaves the old or the new one, never half of one."""

import os
import tempfile
from pathlib import Path

from schemas.errors import InputError


def typed_path(text: str) -> Path:
    """A path as a person typed or pasted it: with ~, and in the quotes in which terminals paste a dropped file."""
    try:
        text = text.strip().strip("'\"")
        if text.isprintable():
            return Path(text).expanduser()
    except RuntimeError:
        pass  # the home of a user who does not exist
    raise InputError("This path cannot be used.")


def write_whole(path: Path, text: str) -> None:
    """Replace a file as a whole, safely on the disk when this returns."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
