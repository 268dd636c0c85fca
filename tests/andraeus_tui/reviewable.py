"""A store with rows to review, made in this process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import put_facts
from andraeus_tui.store.queue import Filter, Listing
from andraeus_tui.store.rows import all_rows, replace_generated
from generators.build import build
from schemas.row import ReviewState, Row, RowKind, Split
from schemas.settings import GenerationSettings
from tests.generators.facts import facts_of

SETTINGS = GenerationSettings(variations=3, abstention=0.1, replay=2)


FACTS = facts_of({"pet_name": "Max", "employer": "Acme", "Hersteller": "Öl und Söhne"})


def filled(path: Path) -> Database:
    database = Database(path)
    put_facts(database, FACTS, "import")
    replace_generated(database, build(FACTS, SETTINGS).rows, ReviewState.PENDING, "generate")
    return database


@contextmanager
def copy_of(template: Path, folder: Path) -> Iterator[Database]:
    path = folder / "memory.db"
    shutil.copy(template, path)
    opened = Database(path)
    try:
        yield opened
    finally:
        opened.close()


def ids_of(database: Database, wanted: Filter) -> list[str]:
    listing = Listing(database)
    return [listing.ids[at] for at in listing.matching(wanted)]


def employer_rows(database: Database) -> list[Row]:
    return [
        row for row in all_rows(database, Split.TRAIN) if row.topic == "user/employer" and row.kind is RowKind.QUESTION
    ]
