"""The app by itself, with a project's folder if one is given: what `--serve` starts for each browser window."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from andraeus_tui.ui.app import run


def end_with_parent() -> None:
    """Ask this process to end when the server is gone, however that went: nobody could see the app any more."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True, name="parent").start()


if __name__ == "__main__":
    end_with_parent()
    sys.exit(run(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
