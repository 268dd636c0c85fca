"""Reports are drawn by another process: the plots' library is slow and large."""

import os
import subprocess
import sys
from pathlib import Path

from andraeus_tui.project import cache_folder

_SECONDS = 300


def draw(module: str, folder: Path) -> str:
    """What the module says about the folder on its standard output. Raises OSError or subprocess.SubprocessError."""
    plots_cache = cache_folder() / "matplotlib"
    plots_cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    done = subprocess.run(
        # -P: without it a folder named like ours in the user's working directory would be imported instead.
        [sys.executable, "-P", "-m", module, str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=os.environ | {"MPLCONFIGDIR": str(plots_cache)},
        timeout=_SECONDS,
        check=True,
    )
    return done.stdout.decode("utf-8")
