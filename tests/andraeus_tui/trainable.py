"""A project that trains in seconds, made in this process."""

from pathlib import Path

from andraeus_tui.project import Project, create
from andraeus_tui.store.facts import all_facts, put_facts
from andraeus_tui.store.rows import replace_generated
from generators.build import build
from schemas.row import ReviewState
from tests.generators.facts import facts_of

FACTS = {"pet_name": "Max", "employer": "Acme", "city": "Lisbon"}


def trainable(folder: Path, model: Path, epochs: int = 2, facts: dict[str, str] | None = None) -> Project:
    """A project on the tiny model with approved rows; with many epochs its runs do not end while a test looks."""
    create(folder, str(model))
    path = folder / "project.toml"
    path.write_text(
        path.read_text() + "[generation]\nvariations = 4\nabstention = 0.1\nreplay = 8\n"
        f"[recipe]\nepochs = {epochs}\ncheckpoint_every = 2\nearly_stop = false\nreader = false\n"
        "[evaluation]\nmax_new_tokens = 4\nunknown = 4\nprobe = 4\n"
    )
    project = Project(folder)
    told = facts_of(FACTS if facts is None else facts)
    with project.database() as database:
        if told:
            put_facts(database, told, "import")
            rows = build(all_facts(database), project.settings.generation).rows
            replace_generated(database, rows, ReviewState.APPROVED, "generate")
    return project
