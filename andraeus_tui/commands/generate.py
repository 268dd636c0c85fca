"""generate: rows from facts, checked, into the store."""

import os
import time
from collections import Counter
from pathlib import Path

from andraeus_tui.commands.show import EventPrinter, line, note
from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts
from andraeus_tui.store.rows import all_rows, count_rows, replace_generated
from generators.build import Generated, build
from schemas.errors import InputError
from schemas.events import Finished, Log, RowMade, Stage, Started
from schemas.row import Origin, ReviewState, Row, Split

_APPROVED_BY_DEFAULT = (Split.DEV, Split.TEST)


def generate(folder: Path, backend: str | None, variations: int | None, approve: bool, output: str) -> None:
    """Make the rows anew; decisions about rows that come out the same stay."""
    project = Project(folder)
    changes = {name: value for name, value in (("backend", backend), ("variations", variations)) if value is not None}
    settings = project.settings.generation.model_validate(project.settings.generation.model_dump() | changes)
    tell = EventPrinter(output)
    if tell.json:
        tell(Started(job="generate", pid=os.getpid(), time=time.time()))
    with project.database() as database:
        facts = all_facts(database)
        if not facts:
            raise InputError(
                "This project has no facts.", f"Add some: andraeus-tui facts import FILE --project {folder}"
            )
        tell(Stage(name="generate", text=f"Making rows for {len(facts)} facts from templates (no model is used)"))
        kept = tuple(row for row in all_rows(database) if row.origin is not Origin.TEMPLATE)
        made = build(facts, settings, kept)
        state = ReviewState.APPROVED if approve else ReviewState.PENDING
        came, gone = replace_generated(database, made.rows, state, "generate")
        counts = count_rows(database)
    if tell.json:
        _events(tell, made)
    result = _summary(made, came, gone, counts)
    if made.wants_paraphrases:
        text = f"{len(made.wants_paraphrases)} facts are not in the lexicon and have generic wordings only: "
        names = ", ".join(fact.attribute for fact in facts if fact.id in set(made.wants_paraphrases[:5]))
        tell(Log(level="warning", message=text + names))
    tell(Finished(result=result))
    if not tell.json:
        _report(made, came, gone, counts, folder)


def _events(tell: EventPrinter, made: Generated) -> None:
    for row in made.rows:
        tell(_event(row, ""))
    for row, problem in made.refused:
        tell(_event(row, problem))


def _event(row: Row, problem: str) -> RowMade:
    return RowMade(row_id=row.id, topic=row.topic, kind=row.kind, split=row.split, problem=problem)


def _summary(made: Generated, came: int, gone: int, counts: Counter[tuple[str, str]]) -> dict[str, object]:
    return {
        "rows": len(made.rows),
        "new": came,
        "gone": gone,
        "refused": dict(Counter(problem.split(":")[0] for _, problem in made.refused)),
        "wants_paraphrases": len(made.wants_paraphrases),
        "states": {f"{split}/{state}": count for (split, state), count in sorted(counts.items())},
    }


def _report(made: Generated, came: int, gone: int, counts: Counter[tuple[str, str]], folder: Path) -> None:
    kinds = Counter(row.kind.value for row in made.rows if row.split is Split.TRAIN)
    line(f"  {len(made.rows)} rows passed all checks ({came} new, {gone} gone).")
    line("  To train: " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) + ".")
    for reason, count in Counter(problem for _, problem in made.refused).most_common():
        line(f"  {count} refused, {reason}")
    pending = counts[(Split.TRAIN.value, ReviewState.PENDING.value)]
    if pending:
        note(f"{pending} rows wait for review; only approved rows train. To approve all that passed: "
             f"andraeus-tui generate --project {folder} --approve")  # fmt: skip
