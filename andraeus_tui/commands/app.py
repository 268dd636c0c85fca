"""The app in this terminal."""

from pathlib import Path


def open_app(folder: Path | None) -> int:
    """Run the app; its exit code. A folder that is no project is told before the screen changes."""
    if folder:
        from andraeus_tui.project import Project

        folder = Project(folder).folder
    from andraeus_tui.ui.app import run

    return run(folder)
