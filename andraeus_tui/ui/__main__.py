"""The app by itself, with a project's folder if one is given: what `--serve` starts for each browser window."""

import sys
from pathlib import Path

from andraeus_tui.ui.app import run

if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
