"""What the next run would train: counted in the store, without loading the rows."""

from dataclasses import dataclass

from andraeus_tui.freeze import trained_kinds
from andraeus_tui.project import Project
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts
from andraeus_tui.updating import Update, possible_update
from schemas.row import RowKind
from schemas.settings import ProjectSettings, Recipe, resolve_recipe


@dataclass(frozen=True)
class Plan:
    """The next run, before it is frozen. Two plans are equal when they would train the same rows in the same way."""

    rows: tuple[tuple[RowKind, int], ...]
    """Approved rows by kind, as far as the preset trains on them."""
    pending: int
    """Rows that nobody has decided on yet; they do not train."""
    settings: ProjectSettings
    version: tuple[int, int]
    """Grows or changes with every change of facts and rows."""
    update: Update | None = None
    """What could be continued instead of training from scratch."""
    continues: bool = False
    """Whether it is."""

    @property
    def total(self) -> int:
        """Rows that train."""
        return sum(count for _, count in self.rows)

    @property
    def ready(self) -> bool:
        """Whether there is something to train: general rows alone teach nothing."""
        return any(kind is not RowKind.REPLAY for kind, _ in self.rows)

    @property
    def recipe(self) -> Recipe:
        """The numbers of a run from scratch; an update has fewer epochs, where there are more than two."""
        return resolve_recipe(self.settings, self.total)

    @property
    def parent(self) -> str | None:
        """Name of the run that is continued."""
        return self.update.run if self.update and self.continues else None


def plan_of(project: Project, database: Database, continues: bool = False) -> Plan:
    """What would be trained now; with `continues` on top of the last run, where that is possible."""
    connection = database.connection
    (pending,) = connection.execute("SELECT count(*) FROM rows WHERE split = 'train' AND state = 'pending'").fetchone()
    version = connection.execute("SELECT coalesce(max(id), 0), coalesce(sum(undone), 0) FROM changes").fetchone()
    update = possible_update(project, all_facts(database))
    rows = rows_to_train(database, project.settings)
    return Plan(rows, pending, project.settings, version, update, continues and update is not None)


def rows_to_train(database: Database, settings: ProjectSettings) -> tuple[tuple[RowKind, int], ...]:
    """Approved rows by kind, as far as the preset trains on them."""
    kinds = trained_kinds(settings.recipe.preset)
    found = dict(
        database.connection.execute(
            "SELECT kind, count(*) FROM rows WHERE split = 'train' AND state = 'approved' GROUP BY kind"
        ).fetchall()
    )
    return tuple((kind, found[kind]) for kind in RowKind if kind in kinds and kind in found)
