"""Has the disk read a model's weights while the libraries are still being imported."""

import json
import os
import threading
from pathlib import Path


def begin(run: Path) -> None:
    """Ask the system for the weights of the run's model, in the background, when it is a folder on this machine.

    A model that comes from elsewhere is found only after the imports; a missing or damaged config is told by those who
    need it.
    """
    try:
        name = json.loads((run / "config.json").read_text("utf-8"))["model"]
        files = sorted(Path(name).expanduser().glob("*.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return
    if files and hasattr(os, "posix_fadvise"):
        threading.Thread(target=_read, args=(files,), name="readahead", daemon=True).start()


def _read(files: list[Path]) -> None:
    for file in files:
        try:
            handle = os.open(file, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(handle)
