"""The database's schema, as numbered steps. `PRAGMA user_version` says which were taken."""

import sqlite3

from schemas.errors import InputError

_TABLES = """
CREATE TABLE facts (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;

CREATE TABLE rows (
  id TEXT PRIMARY KEY,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected')),
  origin TEXT NOT NULL,
  kind TEXT NOT NULL,
  split TEXT NOT NULL,
  topic TEXT NOT NULL,
  position INTEGER NOT NULL
) STRICT;
CREATE INDEX rows_by_state ON rows (state, split, kind);
CREATE INDEX rows_by_topic ON rows (topic);
CREATE INDEX rows_by_position ON rows (position);

CREATE TABLE row_facts (
  row_id TEXT NOT NULL REFERENCES rows (id) ON DELETE CASCADE,
  fact_id TEXT NOT NULL,
  PRIMARY KEY (fact_id, row_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX row_facts_by_row ON row_facts (row_id);

CREATE TABLE changes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  label TEXT NOT NULL,
  time TEXT NOT NULL,
  undone INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  change_id INTEGER NOT NULL REFERENCES changes (id) ON DELETE CASCADE,
  statement TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_change ON history (change_id);

-- The change that is being made now; triggers write its inverse into `history`. No row: nothing is recorded.
CREATE TABLE recording (change_id INTEGER NOT NULL) STRICT;
"""

_COLUMNS = {
    "facts": ("id", "body", "position"),
    "rows": ("id", "body", "state", "origin", "kind", "split", "topic", "position"),
    "row_facts": ("row_id", "fact_id"),
    "more_rows": ("fact_id", "variations"),
}
_KEYS = {"facts": ("id",), "rows": ("id",), "row_facts": ("row_id", "fact_id"), "more_rows": ("fact_id",)}


def _triggers(*tables: str) -> str:
    """For every insert, update and delete of a recorded table, a trigger that notes the statement that undoes it."""
    parts = []
    for table in tables:
        columns, keys = _COLUMNS[table], _KEYS[table]
        same_new = " || ' AND ' || ".join(f"'{key} = ' || quote(NEW.{key})" for key in keys)
        old_values = " || ', ' || ".join(f"quote(OLD.{column})" for column in columns)
        set_old = " || ', ' || ".join(f"'{column} = ' || quote(OLD.{column})" for column in columns)
        inverse = {
            "INSERT": f"'DELETE FROM {table} WHERE ' || {same_new}",
            "UPDATE": f"'UPDATE {table} SET ' || {set_old} || ' WHERE ' || {same_new}",
            "DELETE": f"'INSERT INTO {table} ({', '.join(columns)}) VALUES (' || {old_values} || ')'",
        }
        for action, statement in inverse.items():
            parts.append(
                f"CREATE TRIGGER {table}_{action.lower()} AFTER {action} ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM recording) BEGIN "
                f"INSERT INTO history (change_id, statement) SELECT change_id, {statement} FROM recording; END;\n"
            )
    return "".join(parts)


# What review asks of 30,000 rows at every key comes from one index that holds all that it looks at: the text of a row
# in lower case (ASCII letters; SQLite knows no others), and whether a check refused what a person wrote.
_REVIEW = """
ALTER TABLE rows ADD COLUMN search TEXT
  AS (lower(json_extract(body, '$.question') || char(10) || json_extract(body, '$.answer'))) VIRTUAL;
ALTER TABLE rows ADD COLUMN failing INTEGER AS (json_array_length(body, '$.checks') = 0) VIRTUAL;
CREATE INDEX rows_to_review ON rows (split, position, id, state, kind, failing, search);

-- Facts for which a person asked for more wordings than the settings say.
CREATE TABLE more_rows (
  fact_id TEXT PRIMARY KEY REFERENCES facts (id) ON DELETE CASCADE,
  variations INTEGER NOT NULL
) STRICT;
"""

# What each generation was made with and what came of it: numbers and reasons, no text of any fact. Undo takes back rows,
# not what happened.
_GENERATIONS = """
CREATE TABLE generations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  time TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
"""


def _steps() -> tuple[str, ...]:
    return (
        _TABLES + _triggers("facts", "rows", "row_facts"),
        _REVIEW + _triggers("more_rows"),
        _GENERATIONS,
    )


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the database to the newest version. Raises InputError for one that a newer program wrote."""
    steps = _steps()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise InputError("This project was written by a newer version of Andraeus.", "Update the program.")
    if version == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        for number, script in enumerate(steps[version:], start=version + 1):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _statements(script: str) -> list[str]:
    """The script's statements, one by one: executescript would commit in the middle."""
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found
