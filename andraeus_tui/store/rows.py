"""Rows in the store, and their review."""

from collections import Counter
from collections.abc import Iterable

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


def replace_generated(database: Database, rows: Iterable[Row], state: ReviewState, label: str) -> tuple[int, int]:
    """Make the store hold these template rows: new ones come in with `state`, those no longer made go.

    Rows written or edited by hand stay, and so does every decision about a row that is made again. Returns how many
    came and how many went.
    """
    wanted = {row.id: row for row in rows}
    with database.change(label) as connection:
        there = {
            row_id
            for (row_id,) in connection.execute("SELECT id FROM rows WHERE origin = ?", (Origin.TEMPLATE,)).fetchall()
        }
        gone = there - wanted.keys()
        connection.executemany("DELETE FROM rows WHERE id = ?", [(row_id,) for row_id in sorted(gone)])
        (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM rows").fetchone()
        fresh = [row for row_id, row in wanted.items() if row_id not in there]
        for number, row in enumerate(fresh, start=position + 1):
            body = row.model_copy(update={"state": state}).model_dump_json()
            connection.execute(
                "INSERT INTO rows (id, body, state, origin, kind, split, topic, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (row.id, body, state, row.origin, row.kind, row.split, row.topic, number),
            )
            connection.executemany(
                "INSERT INTO row_facts (row_id, fact_id) VALUES (?, ?)", [(row.id, fact) for fact in set(row.fact_ids)]
            )
    return len(fresh), len(gone)


def review(database: Database, ids: Iterable[str], state: ReviewState, label: str) -> int:
    """Give rows a review state; how many changed."""
    changed = 0
    with database.change(label) as connection:
        for row_id in ids:
            changed += connection.execute(
                "UPDATE rows SET state = ? WHERE id = ? AND state <> ?", (state, row_id, state)
            ).rowcount
    return changed


def count_rows(database: Database) -> Counter[tuple[str, str]]:
    """How many rows there are for each (split, state)."""
    found = database.connection.execute("SELECT split, state, count(*) FROM rows GROUP BY split, state").fetchall()
    return Counter({(split, state): count for split, state, count in found})
