"""Making rows: a worker process makes and checks them, each accepted one is stored before anybody is told of it."""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from andraeus_tui.jobs import Job
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.store.database import Database
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.generations import add_generation
from andraeus_tui.store.rows import add_rows, ask_for_more, count_rows, drop_unmade, kept_rows, more_rows, rows_about
from andraeus_tui.updating import gone_facts
from generators.topics import topic_of_fact
from generators.writers import choose, this_machine
from schemas.errors import AndraeusError, InputError
from schemas.events import TERMINAL, CancelledByUser, Event, Failed, Finished, Log, Progress, RowMade, Stage
from schemas.fact import Fact
from schemas.row import ReviewState, Row
from schemas.run import FetchJob, GenerateJob
from schemas.settings import Backend, GenerationSettings, wordings_of

LABEL = "generate"
"""How a generation is called in the history; undo takes it back as a whole."""
NEWEST = 50
"""Accepted rows that are kept to be shown."""
_KEPT_NOTES = 6
_BATCH_ROWS = 200
_BATCH_SECONDS = 0.2


class Generation:
    """One generation. Iterate over `events()` to its terminal event; `stop` ends it early, and what is stored stays.

    Running it again goes on where it was stopped: the same facts and settings give the same rows, and those that are
    there are kept with their decisions. With `only`, rows are made for these facts (by id) alone, `variations` wordings
    each from now on, and nothing is taken away.
    """

    def __init__(
        self,
        project: Project,
        settings: GenerationSettings,
        state: ReviewState,
        *,
        only: Collection[str] | None = None,
        variations: int | None = None,
    ) -> None:
        self._project, self._settings, self._state = project, settings, state
        self._only, self._variations = only, variations
        self._job: Job | None = None
        self._stopped = False
        self._resolved: str | Failed | CancelledByUser = ""
        """Folder of the base model, or why there is none."""
        self._bodies: list[tuple[str]] = []
        self._made: set[str] = set()
        self._new = 0
        self._refused: Counter[str] = Counter()

    def stop(self) -> None:
        """Ask the worker to leave; safe from any thread and from a signal handler."""
        self._stopped = True
        if self._job:
            self._job.stop()

    def events(self) -> Iterator[Event]:
        """Every event, told after what it says is on the disk. Raises InputError when there are no facts."""
        with self._project.database() as database:
            first = self._first(database)
            model = self._project.settings.model.name
            if choose(self._settings, this_machine(), model).backend is Backend.VLLM:
                yield from self._resolve()
                if isinstance(self._resolved, (Failed, CancelledByUser)):
                    return
                first = first.model_copy(update={"model": self._resolved})
            self._job = Job("generators", "generate", first)
            if self._stopped:
                self._job.stop()
            batch: list[Event] = []
            stored = time.monotonic()
            with closing(self._job.events()) as events:
                for event in events:
                    batch.append(event)
                    due = isinstance(event, (Progress, *TERMINAL)) or time.monotonic() - stored > _BATCH_SECONDS
                    if due or len(batch) >= _BATCH_ROWS:
                        yield from self._store(database, batch)
                        batch, stored = [], time.monotonic()

    def _resolve(self) -> Iterator[Event]:
        """Find out where the base model is (the embedded one is converted when it is first needed); nothing goes online."""
        model = self._project.settings.model.name
        self._job = Job("trainers", "resolve", FetchJob(model=model, cache=str(cache_folder())))
        if self._stopped:
            self._job.stop()
        with closing(self._job.events()) as events:
            for event in events:
                match event:
                    case Finished():
                        self._resolved = str(event.result["path"])
                    case CancelledByUser() | Failed():
                        self._resolved = event
                        yield event
                    case Stage():
                        yield event

    def _first(self, database: Database) -> GenerateJob:
        """What the worker is told; the wish for more rows is stored before they are made."""
        facts, self._bodies = all_facts(database), _bodies(database)
        if not facts:
            hint = f"Add some: andraeus-tui facts import FILE --project {self._project.folder}"
            raise InputError("This project has no facts.", hint)
        # Written down from here on: the record tells how many were wanted, not that nobody said so.
        usual = wordings_of(self._settings, self._project.settings.recipe.preset)
        self._settings = self._settings.model_copy(update={"variations": usual})
        if self._only is not None:
            wanted = self._variations or usual
            with database.change(LABEL) as connection:
                ask_for_more(connection, sorted(self._only), wanted)
        return GenerateJob(
            facts=tuple(facts),
            settings=self._settings,
            kept=tuple(self._kept(database, facts)),
            only=None if self._only is None else tuple(sorted(self._only)),
            gone=gone_facts(self._project.runs, facts),
            more=more_rows(database),
        )

    def _kept(self, database: Database, facts: list[Fact]) -> list[Row]:
        """Rows that stay: all that is not from templates; when nothing is taken away, everything about these facts."""
        if self._only is None:
            return kept_rows(database)
        return rows_about(database, {topic_of_fact(fact).key for fact in facts if fact.id in self._only})

    def _store(self, database: Database, batch: list[Event]) -> Iterator[Event]:
        rows = [event.row for event in batch if isinstance(event, RowMade) and event.row]
        finished = batch[-1] if isinstance(batch[-1], Finished) else None
        self._made.update(row.id for row in rows)
        self._refused.update(event.problem for event in batch if isinstance(event, RowMade) and event.problem)
        gone = 0
        if rows or finished:
            with database.change(LABEL, joins=database.last_change) as connection:
                if _bodies(database) != self._bodies:
                    # Rows of a value that is gone must not come back, and these here may be such rows.
                    raise AndraeusError("The facts were changed while rows were made.", "Start generating again.")
                self._new += add_rows(connection, rows, self._state)
                if finished and self._only is None:
                    gone = drop_unmade(connection, self._made)
                if finished:
                    add_generation(connection, self._record(finished))
        if finished:
            batch[-1] = Finished(result=self._result(database, finished, gone))
        yield from batch

    def _record(self, finished: Finished) -> dict[str, object]:
        """What is kept of a generation: its settings and counts. The endpoint's key is in neither."""
        settings = self._settings.model_dump(mode="json")
        model = self._project.settings.model.name
        return {
            "settings": settings,
            "model": model,
            "new": self._new,
            "refused": dict(self._refused),
            **finished.result,
        }

    def _result(self, database: Database, finished: Finished, gone: int) -> dict[str, object]:
        states = {f"{split}/{state}": count for (split, state), count in sorted(count_rows(database).items())}
        return {**finished.result, "new": self._new, "gone": gone, "states": states}


def _bodies(database: Database) -> list[tuple[str]]:
    """All facts as they are stored: to see quickly whether they are still the same."""
    return database.connection.execute("SELECT body FROM facts ORDER BY position").fetchall()


@dataclass(frozen=True)
class Making:
    """Where a generation stands, as far as its events have told."""

    text: str = ""
    """What is being done, for people."""
    done: int = 0
    """Rows that went through the checks."""
    total: int = 0
    """Rows that there will be; 0 as long as nobody knows."""
    accepted: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    """Reasons, and how many rows they refused."""
    newest: tuple[Row, ...] = ()
    """Accepted rows, the newest first."""
    notes: tuple[str, ...] = ()
    """What the worker said, the newest last: who writes and why, what stands in for what."""
    end: Finished | CancelledByUser | Failed | None = None


def fold(making: Making, event: Event) -> Making:
    """The state after one more event."""
    match event:
        case Stage():
            return replace(making, text=event.text)
        case Progress():
            return replace(making, done=event.done, total=event.total)
        case RowMade() if event.row:
            newest = (event.row, *making.newest)[:NEWEST]
            return replace(making, done=making.done + 1, accepted=making.accepted + 1, newest=newest)
        case RowMade():
            count = making.refused.get(event.problem, 0) + 1
            return replace(making, done=making.done + 1, refused={**making.refused, event.problem: count})
        case Log():
            text = f"Warning: {event.message}" if event.level == "warning" else event.message
            return replace(making, notes=(*making.notes, text)[-_KEPT_NOTES:])
        case Finished() | CancelledByUser() | Failed():
            return replace(making, end=event)
        case _:
            return making


def yield_text(told: Mapping[str, Any]) -> str:
    """What came of asking a model, in one sentence: the `paraphrases` of a generation's result."""
    refused = sum(told["refused"].values())
    text = f"The model wrote {told['questions']:,} wordings: {told['accepted']:,} became rows, {refused:,} were refused"
    text += f", {told['surplus']:,} good ones were more than wanted" if told["surplus"] else ""
    text += f"; {told['there']:,} were there before" if told["there"] else ""
    text += f"; {told['unanswered']:,} of {told['asks']:,} asks got no answer" if told["unanswered"] else ""
    return text + (f"; templates stand in for {told['missing']:,}." if told["missing"] else ".")
