"""What the list of recent projects says about each of them, without opening it or changing anything in it."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from andraeus_tui.project import DATABASE_FILE, RUNS_FOLDER


@dataclass(frozen=True)
class Summary:
    """One project at a glance."""

    facts: str
    """How many, or why that is not known."""
    approved: str
    """Approved training rows."""
    run: str
    """Where the newest training run stands."""


def summary(folder: Path) -> Summary:
    """Look into a project's files."""
    # Imported here and not above: the first frame of the app shows the list before anything is known about it.
    from andraeus_tui.runs import CONFIG_FILE, read_run

    newest = max(folder.glob(f"{RUNS_FOLDER}/*/{CONFIG_FILE}"), default=None)
    run = read_run(newest.parent).state.value if newest else "not trained"
    try:
        connection = sqlite3.connect(f"{(folder / DATABASE_FILE).as_uri()}?mode=ro", uri=True, timeout=1)
        try:
            (facts,) = connection.execute("SELECT count(*) FROM facts").fetchone()
            (approved,) = connection.execute(
                "SELECT count(*) FROM rows WHERE state = 'approved' AND split = 'train'"
            ).fetchone()
        finally:
            connection.close()
    except sqlite3.Error:
        return Summary("unreadable", "", run)
    return Summary(f"{facts:,}", f"{approved:,}", run)


def tilde(folder: Path) -> str:
    """The folder as people write it: "~/andraeus"."""
    home = Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
