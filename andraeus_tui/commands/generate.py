"""generate: rows from facts, checked, into the store."""

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from andraeus_tui.commands.show import EventPrinter, line, note
from andraeus_tui.generating import Generation, Making, fold, yield_text
from andraeus_tui.jobs import exit_code_of, stop_on_signals
from andraeus_tui.project import Project
from andraeus_tui.store.facts import all_facts
from schemas.errors import InputError
from schemas.events import Event, Finished, Log, RowMade
from schemas.row import ReviewState, Split
from schemas.settings import Backend, GenerationSettings


def generate(folder: Path, changes: Mapping[str, str | int | None], approve: bool, output: str) -> int:
    """Make the rows anew; decisions about rows that come out the same stay. Returns the exit code.

    `changes` are settings of `generation` for this once. An address given without a backend is used.
    """
    project = Project(folder)
    given = {name: value for name, value in changes.items() if value is not None}
    if "endpoint" in given:
        given.setdefault("backend", Backend.ENDPOINT)
    settings = _settings(project.settings.generation, given)
    generation = Generation(project, settings, ReviewState.APPROVED if approve else ReviewState.PENDING)
    stop_on_signals(generation)
    tell = EventPrinter(output)
    making, kinds = Making(), Counter[str]()
    for event in generation.events():
        making = fold(making, event)
        kinds.update([event.kind] if isinstance(event, RowMade) and event.row and event.split == Split.TRAIN else [])
        if isinstance(event, Finished):
            if strangers := event.result["wants_paraphrases"]:
                tell(_about_strangers(project, strangers))
            event = _with_counts(event, making)
        tell(_without_text(event))
    assert making.end is not None
    if isinstance(making.end, Finished) and not tell.json:
        _report(making, kinds, making.end.result, folder)
    return int(exit_code_of(making.end))


def _settings(settings: GenerationSettings, given: Mapping[str, object]) -> GenerationSettings:
    try:
        return GenerationSettings.model_validate(settings.model_dump() | dict(given))
    except ValidationError as error:
        name = error.errors()[0]["loc"][0]
        hint = "It should look like http://127.0.0.1:8000/v1" if name == "endpoint" else ""
        raise InputError(f"--{name} has no value that can be used.", hint) from error


def _without_text(event: Event) -> Event:
    """Events that are printed may end in a log: they carry ids, never fact text."""
    return event.model_copy(update={"row": None}) if isinstance(event, RowMade) else event


def _about_strangers(project: Project, ids: Collection[str]) -> Log:
    with project.database() as database:
        names = [fact.attribute for fact in all_facts(database) if fact.id in ids]
    facts = "1 fact is" if len(names) == 1 else f"{len(names)} facts are"
    text = f"{facts} not in the lexicon, their wordings are made by rule or generic: {', '.join(names[:5])}. "
    text += "To add how you would ask: andraeus-tui facts add ATTRIBUTE VALUE --replace --question TEXT "
    text += f"--project {project.folder}"
    return Log(level="warning", message=text)


def _with_counts(event: Finished, making: Making) -> Finished:
    refused: Counter[str] = Counter()
    for problem, count in making.refused.items():
        refused[problem.split(":")[0]] += count
    strangers = len(event.result["wants_paraphrases"])
    return Finished(result={**event.result, "refused": dict(refused), "wants_paraphrases": strangers})


def _report(making: Making, kinds: Mapping[str, int], result: Mapping[str, Any], folder: Path) -> None:
    line(f"  {making.accepted} rows passed all checks ({result['new']} new, {result['gone']} gone).")
    line("  To train: " + ", ".join(f"{count} {kind}" for kind, count in Counter(kinds).most_common()) + ".")
    for reason, count in Counter(making.refused).most_common():
        line(f"  {count} refused, {reason}")
    approved = result["states"].get(f"{Split.TRAIN}/{ReviewState.APPROVED}", 0)
    line(f"  Approved to train: {approved}.")
    if told := result.get("paraphrases"):
        line("  " + yield_text(told))
    pending = result["states"].get(f"{Split.TRAIN}/{ReviewState.PENDING}", 0)
    if pending:
        note(f"{pending} rows wait for review; only approved rows train. To approve all that passed: "
             f"andraeus-tui generate --project {folder} --approve")  # fmt: skip
