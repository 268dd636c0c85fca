"""Records of generations: who wrote, what came of it and why wordings were refused."""

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from andraeus_tui.store.database import Database

KEEP = 100
"""Records that are kept; older ones are forgotten."""


def add_generation(connection: sqlite3.Connection, body: dict[str, Any]) -> None:
    """Inside a change: keep the record of a generation that has ended. Undo leaves it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(
        "INSERT INTO generations (time, body) VALUES (?, ?)", (now, json.dumps(body, ensure_ascii=False))
    )
    connection.execute("DELETE FROM generations WHERE id <= (SELECT max(id) FROM generations) - ?", (KEEP,))


def generations(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """(time, record) of every generation that is kept, newest first."""
    found = database.connection.execute("SELECT time, body FROM generations ORDER BY id DESC").fetchall()
    return [(time, json.loads(body)) for time, body in found]
