"""Opening a file outside the terminal."""

import os
import sys
import webbrowser
from pathlib import Path


def open_in_browser(path: Path) -> bool:
    """Open a file in the desktop's browser; False, and nothing is done, where there is no desktop.

    Without a desktop a browser for the terminal could start and draw over the screen.
    """
    has_desktop = sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_desktop and webbrowser.open(path.as_uri())
