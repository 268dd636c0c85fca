"""Facts in the store."""

import sqlite3
from collections.abc import Iterable
from functools import lru_cache

from andraeus_tui.store.database import Database
from generators.own import own_family
from generators.topics import topic_of_fact
from schemas.fact import Fact
from schemas.row import Origin, Row


def all_facts(database: Database) -> list[Fact]:
    """Every fact, in the order in which they came."""
    found = database.connection.execute("SELECT body FROM facts ORDER BY position").fetchall()
    return [_fact(body) for (body,) in found]


@lru_cache(maxsize=20_000)
def _fact(body: str) -> Fact:
    """A screen that opens reads all facts, and nearly all are as they were: what was read once is not read again."""
    return Fact.model_validate_json(body)


def put_facts(database: Database, facts: Iterable[Fact], label: str) -> None:
    """Add facts, or replace those with the same id. Rows that no longer fit go away with it, in the same change."""
    with database.change(label) as connection:
        (position,) = connection.execute("SELECT coalesce(max(position), 0) FROM facts").fetchone()
        for number, fact in enumerate(facts, start=position + 1):
            _drop_rows_of(connection, fact.id)
            _drop_refusals_of(connection, fact)
            _put(connection, fact, number)


def change_fact(database: Database, fact: Fact, label: str, *, old_id: str, keep_rows: bool = False) -> None:
    """Put a fact in the place of the one with `old_id`, or at the end when there is none, in one change.

    Rows of both go away; `keep_rows` leaves those of a fact whose id and words stay as they are, except the rows of own
    questions that it does not give any more.
    """
    with database.change(label) as connection:
        found = connection.execute("SELECT position FROM facts WHERE id = ?", (old_id,)).fetchone()
        if found is None:
            found = connection.execute("SELECT coalesce(max(position), 0) + 1 FROM facts").fetchone()
        if not keep_rows:
            _drop_rows_of(connection, old_id)
            _drop_rows_of(connection, fact.id)
            _drop_refusals_of(connection, fact)
        else:
            _drop_other_questions(connection, fact)
        if fact.id != old_id:
            connection.execute("DELETE FROM facts WHERE id = ?", (old_id,))
        _put(connection, fact, found[0])


def remove_facts(database: Database, ids: Iterable[str], label: str) -> int:
    """Remove facts and the rows made from them; how many were there."""
    removed = 0
    with database.change(label) as connection:
        for fact_id in ids:
            _drop_rows_of(connection, fact_id)
            removed += connection.execute("DELETE FROM facts WHERE id = ?", (fact_id,)).rowcount
    return removed


def _drop_rows_of(connection: sqlite3.Connection, fact_id: str) -> None:
    connection.execute("DELETE FROM rows WHERE id IN (SELECT row_id FROM row_facts WHERE fact_id = ?)", (fact_id,))


def _drop_other_questions(connection: sqlite3.Connection, fact: Fact) -> None:
    found = connection.execute(
        "SELECT id, body FROM rows JOIN row_facts ON row_id = id WHERE fact_id = ? AND origin = ?",
        (fact.id, Origin.TEMPLATE),
    ).fetchall()
    rows = [(row_id, Row.model_validate_json(body)) for row_id, body in found]
    gone = [(row_id,) for row_id, row in rows if row.family == own_family(fact) and row.question not in fact.questions]
    connection.executemany("DELETE FROM rows WHERE id = ?", gone)


def _drop_refusals_of(connection: sqlite3.Connection, fact: Fact) -> None:
    # What was asked as unknown is known now: a row that says "I don't know" would be a lie.
    connection.execute("DELETE FROM rows WHERE kind = 'abstention' AND topic = ?", (topic_of_fact(fact).key,))


def _put(connection: sqlite3.Connection, fact: Fact, position: int) -> None:
    """Insert at this position, or replace what has the same id where it stands."""
    connection.execute(
        "INSERT INTO facts (id, body, position) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        (fact.id, fact.model_dump_json(), position),
    )
