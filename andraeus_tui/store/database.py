"""The connection: WAL, one writer at a time, every change of facts and rows recorded so that it can be undone."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from andraeus_tui.store.migrations import migrate
from schemas.errors import AndraeusError, InputError

_WAIT_SECONDS = 30
KEEP_CHANGES = 200
"""Changes that can be undone; older ones are forgotten."""


class Database:
    """memory.db of one project."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last_change: int | None = None
        """Number of the change that this connection made, took back or made again last."""
        try:
            self.connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
            self.connection.execute("PRAGMA journal_mode = WAL")
            # FULL: what was approved is on the disk before the next key, also when the power goes.
            self.connection.execute("PRAGMA synchronous = FULL")
            self.connection.execute("PRAGMA foreign_keys = ON")
            # Cascades and conflict replacements fire the delete triggers too, so that undo sees them.
            self.connection.execute("PRAGMA recursive_triggers = ON")
            migrate(self.connection)
        except sqlite3.Error as error:
            if not _is_for_writing_only(error) or not (copy := _to_read(path)):
                raise explain(error, path) from error
            self.connection = copy

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    @property
    def version(self) -> tuple[int, int]:
        """Another value after every change of the file: the first number when other connections made it, the second
        when this one did."""
        (others,) = self.connection.execute("PRAGMA data_version").fetchone()
        return int(others), self.connection.total_changes

    @contextmanager
    def change(self, label: str, joins: int | None = None) -> Iterator[sqlite3.Connection]:
        """One atomic change that `undo` takes back as a whole. Nothing is kept of it when the block raises.

        Work that is stored in several transactions is still one change: `joins` is the `last_change` of the part
        before. If something else was changed in between, the part becomes a change of its own, since changes are
        taken back in the order in which they were made.
        """
        with self._transaction() as connection:
            number = joins if joins is not None and self._is_newest(joins) else self._new_change(label)
            connection.execute("INSERT INTO recording VALUES (?)", (number,))
            yield connection
            connection.execute("DELETE FROM recording")
            if not connection.execute("SELECT 1 FROM history WHERE change_id = ? LIMIT 1", (number,)).fetchone():
                connection.execute("DELETE FROM changes WHERE id = ?", (number,))
            else:
                # A new change after an undo ends the chance to redo.
                connection.execute("DELETE FROM changes WHERE undone = 1")
        self.last_change = number

    def _is_newest(self, number: int) -> bool:
        found = self.connection.execute("SELECT id, undone FROM changes ORDER BY id DESC LIMIT 1").fetchone()
        return bool(found == (number, 0))

    def _new_change(self, label: str) -> int:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        cursor = self.connection.execute("INSERT INTO changes (label, time) VALUES (?, ?)", (label, now))
        number = int(cursor.lastrowid or 0)
        self.connection.execute("DELETE FROM changes WHERE id <= ?", (number - KEEP_CHANGES,))
        return number

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk makes SQLite roll back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise explain(error, self.path) from error

    def undo(self) -> str | None:
        """Take back the latest change that stands; its label, or None when there is none."""
        return self._step("SELECT id, label FROM changes WHERE undone = 0 ORDER BY id DESC LIMIT 1", undone=1)

    def redo(self) -> str | None:
        """Make the change again that was taken back last."""
        return self._step("SELECT id, label FROM changes WHERE undone = 1 ORDER BY id LIMIT 1", undone=0)

    def _step(self, query: str, undone: int) -> str | None:
        with self._transaction() as connection:
            found = connection.execute(query).fetchone()
            if found:
                self._play_back(found[0], undone)
                self.last_change = found[0]
        return found[1] if found else None

    def _play_back(self, number: int, undone: int) -> None:
        """Run the recorded inverse statements, newest first; the triggers record their inverses in their place."""
        connection = self.connection
        statements = connection.execute(
            "SELECT statement FROM history WHERE change_id = ? ORDER BY id DESC", (number,)
        ).fetchall()
        connection.execute("DELETE FROM history WHERE change_id = ?", (number,))
        connection.execute("INSERT INTO recording VALUES (?)", (number,))
        # Cascaded deletions come back by their own statements, in an order that may name a row before it is there.
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for (statement,) in statements:
            connection.execute(statement)
        connection.execute("DELETE FROM recording")
        connection.execute("UPDATE changes SET undone = ? WHERE id = ?", (undone, number))

    def row_of(self, change: int) -> str | None:
        """Id of a row whose text or state the change touched, None when it touched no row that is still there."""
        found = self.connection.execute(
            # Every recorded update ends in WHERE id = '<16 hex digits>'.
            "SELECT substr(statement, -17, 16) FROM history WHERE change_id = ? AND statement LIKE 'UPDATE rows SET %' "
            "ORDER BY id LIMIT 1",
            (change,),
        ).fetchone()
        return found[0] if found else None

    def history(self) -> list[tuple[str, str, bool]]:
        """(label, time, undone) of every change that is still known, newest first."""
        found = self.connection.execute("SELECT label, time, undone FROM changes ORDER BY id DESC").fetchall()
        return [(label, time, bool(undone)) for label, time, undone in found]


def _is_for_writing_only(error: sqlite3.Error) -> bool:
    return "readonly" in str(error) or "unable to open" in str(error)


def _to_read(path: Path) -> sqlite3.Connection | None:
    """A connection that can only read: for a backup, or another's project. None where that would not show all that was
    stored, because the log was not yet taken into the file, or the file cannot even be read."""
    try:
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            return None
        # "immutable": without it SQLite wants to write a lock beside the file.
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, isolation_level=None)
        migrate(connection)
    except (OSError, sqlite3.Error):
        return None
    return connection


def explain(error: sqlite3.Error, path: Path) -> AndraeusError:
    """The error as one sentence with what to do."""
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and "locked" in text:
        return AndraeusError("The project is busy in another process.", "Wait for it, or end it, and try again.")
    if "disk is full" in text or "disk I/O" in text:
        return AndraeusError("The disk is full or failing; the change was not made.", "Free some space and try again.")
    if "readonly" in text or "unable to open" in text:
        return InputError(f"{path} cannot be opened for writing.", "Check its permissions.")
    if "malformed" in text or "not a database" in text:
        return InputError(
            f"{path} is damaged and was left as it is.",
            "Restore it from a copy, or import your facts into a new project.",
        )
    return AndraeusError(f"{path}: {text}.")
