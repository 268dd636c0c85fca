"""Rows in the store, and their review."""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from andraeus_tui.store.database import Database
from schemas.row import Origin, ReviewState, Row, Split


def all_rows(database: Database, split: Split | None = None, state: ReviewState | None = None) -> list[Row]:
    """Rows in the order in which they were made, of one split and state if asked."""
    query, values = "SELECT body, state FROM rows WHERE 1", list[str]()
    if split:
        query, values = f"{query} AND split = ?", [*values, split]
    if state:
        query, values = f"{query} AND state = ?", [*values, state]
    found = database.connection.execute(f"{query} ORDER BY position, id", values).fetchall()
    return [_row(body, at) for body, at in found]


def _row(body: str, state: str) -> Row:
    return Row.model_validate_json(body).model_copy(update={"state": ReviewState(state)})


def kept_rows(database: Database) -> list[Row]:
    """Rows that no template made: written, edited by hand, or by a model."""
    query = "SELECT body, state FROM rows WHERE origin <> ? ORDER BY position, id"
    return [_row(body, state) for body, state in database.connection.execute(query, (Origin.TEMPLATE,)).fetchall()]


def rows_of(database: Database, ids: Sequence[str]) -> list[Row]:
    """The rows with these ids, in this order; those that are gone are left out."""
    marks = ", ".join("?" * len(ids))
    found = database.connection.execute(f"SELECT id, body, state FROM rows WHERE id IN ({marks})", ids).fetchall()
    by_id = {row_id: _row(body, state) for row_id, body, state in found}
    return [by_id[row_id] for row_id in ids if row_id in by_id]


def rows_about(database: Database, topics: Collection[str]) -> list[Row]:
    """Every row of these topics."""
    marks = ", ".join("?" * len(topics))
    query = f"SELECT body, state FROM rows WHERE topic IN ({marks}) ORDER BY position, id"
    return [_row(body, state) for body, state in database.connection.execute(query, tuple(topics)).fetchall()]


def add_rows(connection: sqlite3.Connection, rows: Iterable[Row], state: ReviewState) -> int:
    """Inside a change: add rows with this state; how many were new.

    A row that is there already stays as it was decided; one that only waits is approved when `state` says so.
    """
    (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM rows").fetchone()
    new = 0
    for row in rows:
        body = row.model_copy(update={"state": state}).model_dump_json()
        came = connection.execute(
            "INSERT INTO rows (id, body, state, origin, kind, split, topic, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO NOTHING",
            (row.id, body, state, row.origin, row.kind, row.split, row.topic, position + new + 1),
        ).rowcount
        if came:
            connection.executemany(
                "INSERT INTO row_facts (row_id, fact_id) VALUES (?, ?)", [(row.id, fact) for fact in set(row.fact_ids)]
            )
        elif state is ReviewState.APPROVED:
            query = "UPDATE rows SET state = ? WHERE id = ? AND state = ?"
            connection.execute(query, (state, row.id, ReviewState.PENDING))
        new += came
    return new


def drop_unmade(connection: sqlite3.Connection, made: Collection[str]) -> int:
    """Inside a change: remove template rows that are not among the ids just made; how many went."""
    there = connection.execute("SELECT id FROM rows WHERE origin = ?", (Origin.TEMPLATE,)).fetchall()
    gone = sorted({row_id for (row_id,) in there}.difference(made))
    connection.executemany("DELETE FROM rows WHERE id = ?", [(row_id,) for row_id in gone])
    return len(gone)


def more_rows(database: Database) -> dict[str, int]:
    """Ids of the facts that get more wordings than the settings say, and how many."""
    return dict(database.connection.execute("SELECT fact_id, variations FROM more_rows").fetchall())


def ask_for_more(connection: sqlite3.Connection, fact_ids: Iterable[str], variations: int) -> None:
    """Inside a change: let these facts have at least so many wordings from now on."""
    connection.executemany(
        "INSERT INTO more_rows (fact_id, variations) VALUES (?, ?) "
        "ON CONFLICT (fact_id) DO UPDATE SET variations = max(variations, excluded.variations)",
        [(fact_id, variations) for fact_id in fact_ids],
    )


def put_row(connection: sqlite3.Connection, row: Row) -> None:
    """Inside a change: give the row with this id another text, origin and state."""
    connection.execute(
        "UPDATE rows SET body = ?, state = ?, origin = ? WHERE id = ?",
        (row.model_dump_json(), row.state, row.origin, row.id),
    )


def replace_generated(database: Database, rows: Iterable[Row], state: ReviewState, label: str) -> tuple[int, int]:
    """In one change, make the store hold these template rows; how many came and how many went.

    Rows written or edited by hand stay, and so does every decision about a row that is made again.
    """
    made = list(rows)
    with database.change(label) as connection:
        return add_rows(connection, made, state), drop_unmade(connection, {row.id for row in made})


def review(database: Database, ids: Iterable[str], state: ReviewState, label: str) -> int:
    """Give rows a review state; how many changed."""
    query = "UPDATE rows SET state = ? WHERE id = ? AND state <> ?"
    with database.change(label) as connection:
        return sum(connection.execute(query, (state, row_id, state)).rowcount for row_id in ids)


def count_rows(database: Database) -> Counter[tuple[str, str]]:
    """How many rows there are for each (split, state)."""
    found = database.connection.execute("SELECT split, state, count(*) FROM rows GROUP BY split, state").fetchall()
    return Counter({(split, state): count for split, state, count in found})
