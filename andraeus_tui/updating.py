"""A run that goes on from another one's adapter: what changed between them, and the rows that this takes.

What is new, changed or deleted trains with all its rows, and so does what could be taken for it: a new best friend is
soon everybody's name. Of every other fact that stayed some come along, in wordings that the parent did not train as far
as there are any, and of refusals and general prompts the same share: without them the update would be learned at the
price of the rest. A fact for which the person gave more questions of their own stays what it is, so nothing is spoiled by
it, and trains with all its rows. One that is asked in fewer ways is no change: no training takes a wording back.
"""

import json
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from andraeus_tui.project import Project
from andraeus_tui.runs import ADAPTER_FOLDER, RunState, all_runs, config_of, facts_of, read_run
from generators.gone import gone_topics
from generators.make import rng_for
from generators.topics import topic_of_fact
from schemas.errors import InputError
from schemas.fact import Fact, ValueKind
from schemas.row import Row, RowKind
from schemas.run import Parent, TrainConfig
from schemas.settings import ProjectSettings, Recipe, resolve_recipe
from schemas.weights import take_adapter

LATEST = "latest"
_KEPT, _KEPT_ROWS = 1 / 3, 4
"""Of each fact that stayed, the share of its rows that comes along, and how many at least."""
_FEWEST = 60
"""Refusals and general prompts, each, that come along however little changed."""
_EPOCHS = 2 / 3
"""Of the recipe's epochs, the share that an update takes, two at least: half the learning rate learned less and kept no more."""
_COMMON = frozenset({ValueKind.TEXT, ValueKind.LIST})
"""Kinds of value that make no two facts alike."""
_SAME = ("rank", "alpha", "targets", "frozen_below")
"""Numbers of the recipe that shape the adapter."""
_GENERATE = "Run: andraeus-tui generate --project DIR --approve"
_NO_PROOF = (
    "Deleting by a warm start is no proof of forgetting: train from scratch for that, and delete this run and those "
    "before it."
)


@dataclass(frozen=True)
class Start:
    """The run that another one continues, as it was frozen."""

    name: str
    adapter: Path | None
    """None in a study's plan: the adapter is not trained yet."""
    facts: tuple[Fact, ...]
    told: tuple[Fact, ...]
    """All facts that this line of runs was ever told."""
    questions: frozenset[str]
    """What it was trained to answer."""


@dataclass(frozen=True)
class Changes:
    """The present facts beside those of the run before."""

    new: tuple[Fact, ...]
    changed: tuple[Fact, ...]
    kept: tuple[Fact, ...]
    asked_anew: tuple[Fact, ...]
    """Those of the kept ones for which there are own questions that there were not."""
    deleted: tuple[Fact, ...]
    refused: frozenset[str]
    """Topics of deleted facts that no other fact tells."""

    @property
    def learned(self) -> frozenset[str]:
        """Ids of the facts that the adapter does not know as they are now."""
        return frozenset(fact.id for fact in (*self.new, *self.changed))

    @property
    def alike(self) -> frozenset[str]:
        """Ids of kept facts that an update spoils first: the same thing of somebody else, or another person, place, date
        or number."""
        learned = [topic_of_fact(fact) for fact in (*self.new, *self.changed)]
        things, kinds = {topic.phrase for topic in learned}, {topic.kind for topic in learned} - _COMMON
        topics = ((fact.id, topic_of_fact(fact)) for fact in self.kept)
        return frozenset(fact_id for fact_id, topic in topics if topic.phrase in things or topic.kind in kinds)

    def touches(self, row: Row) -> bool:
        """Whether the row is about something that changed."""
        trained = {*self.learned, *_ids(self.asked_anew)}
        return not trained.isdisjoint(row.fact_ids) or (row.kind is RowKind.ABSTENTION and row.topic in self.refused)

    def as_parent(self, run: str) -> Parent:
        """The same by ids, as it is recorded."""
        return Parent(
            run=run,
            new=_ids(self.new),
            changed=_ids(self.changed),
            kept=_ids(self.kept),
            asked_anew=_ids(self.asked_anew),
            deleted=_ids(self.deleted),
            note=_NO_PROOF if self.deleted else "",
        )

    @property
    def happened(self) -> bool:
        """Whether there are any."""
        return bool(self.new or self.changed or self.asked_anew or self.deleted)


def start_from(runs: Path, name: str, settings: ProjectSettings) -> Start:
    """The run of that name, or the latest that has an adapter. Raises InputError when it cannot be continued."""
    if name == LATEST:
        newest = newest_with_adapter(runs)
        if newest is None:
            raise InputError("No run of this project has an adapter to continue from.", "Leave out --from.")
        folder = newest
    else:
        folder = runs / name
        if Path(name).name != name or not folder.is_dir():
            raise InputError(f"This project has no run {name!r}.", f"See: andraeus-tui runs --project {runs.parent}")
        if read_run(folder).state is not RunState.FINISHED:
            raise InputError(f"Run {name} is not finished: it has no adapter to continue from.", "Resume it first.")
    config = config_of(folder)
    problem = misfit(config, settings)
    if problem:
        raise InputError(f"Run {folder.name} was trained with {problem}.", "Set it back, or train from scratch.")
    return frozen_start(folder, runs, folder / ADAPTER_FOLDER)


def misfit(config: TrainConfig, settings: ProjectSettings) -> str:
    """Why these settings cannot continue a run with that config, "" when they can."""
    if config.model != settings.model.name:
        return f"another model ({config.model}) than the settings say ({settings.model.name})"
    recipe = resolve_recipe(settings)
    for name in _SAME:
        before, now = getattr(config.recipe, name), getattr(recipe, name)
        if before != now:
            return f"{name} {before}, and the settings say {now}; a run can only continue with the same"
    return ""


def frozen_start(folder: Path, runs: Path, adapter: Path | None) -> Start:
    """A run as something to start from. Raises InputError when a file of it is missing or damaged."""
    try:
        lines = (folder / config_of(folder).dataset.train.path).read_bytes().splitlines()
        questions = frozenset(str(json.loads(line)["question"]) for line in lines)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"The rows of run {folder.name} are missing or damaged.", "Train from scratch.") from error
    return Start(folder.name, adapter, tuple(facts_of(folder)), told_to(folder, runs), questions)


def told_to(folder: Path, runs: Path) -> tuple[Fact, ...]:
    """All facts that a run or one that it continues was told, as far back as there are whole folders; newest values."""
    told: dict[str, Fact] = {}
    seen: set[Path] = set()
    while folder not in seen:
        seen.add(folder)
        try:
            told = {fact.id: fact for fact in facts_of(folder)} | told
            parent = config_of(folder).parent
        except InputError:  # deleted, or damaged: whoever needs this very run asks for its files and is told
            break
        folder = runs / parent.run if parent else folder
    return tuple(told.values())


@dataclass(frozen=True)
class Update:
    """A run that could be continued, and what changed since, for people."""

    run: str
    text: str


def possible_update(project: Project, facts: list[Fact]) -> Update | None:
    """What could be continued: the newest run with an adapter, if facts changed since and the settings fit it."""
    newest = newest_with_adapter(project.runs)
    if newest is None:
        return None
    try:
        if misfit(config_of(newest), project.settings):
            return None
        before, told = tuple(facts_of(newest)), told_to(newest, project.runs)
    except InputError:  # a damaged run is nothing to go on from
        return None
    changes = changes_since(Start(newest.name, None, before, told, frozenset()), facts)
    return Update(newest.name, changes.as_parent(newest.name).text) if changes.happened else None


def newest_with_adapter(runs: Path) -> Path | None:
    """Folder of the newest finished run."""
    return next((run.folder for run in all_runs(runs) if run.state is RunState.FINISHED), None)


def gone_facts(runs: Path, facts: list[Fact]) -> tuple[Fact, ...]:
    """Facts that the newest adapter was told and that are no longer there."""
    newest = newest_with_adapter(runs)
    there = {fact.id for fact in facts}
    return tuple(fact for fact in told_to(newest, runs) if fact.id not in there) if newest else ()


def changes_since(start: Start, facts: list[Fact]) -> Changes:
    """What is new, changed, kept and deleted. A fact changed when its value reads differently; of the kept ones some are
    asked anew."""
    before = {fact.id: fact for fact in start.facts}
    there = {fact.id for fact in facts}
    deleted = tuple(fact for fact in start.told if fact.id not in there)
    kept = tuple(fact for fact in facts if fact.id in before and fact.text == before[fact.id].text)
    return Changes(
        new=tuple(fact for fact in facts if fact.id not in before),
        changed=tuple(fact for fact in facts if fact.id in before and fact.text != before[fact.id].text),
        kept=kept,
        asked_anew=tuple(fact for fact in kept if new_questions(fact, before[fact.id])),
        deleted=deleted,
        refused=frozenset(topic.key for topic in gone_topics(facts, deleted)),
    )


def new_questions(fact: Fact, before: Fact) -> set[str]:
    """Own questions that there were not."""
    there = {text.casefold() for text in before.questions}
    return {text for text in fact.questions if text.casefold() not in there}


def rows_of_update(rows: list[Row], changes: Changes, start: Start, seed: int) -> list[Row]:
    """The rows, in their order, that an update trains. Raises InputError when nothing changed or rows are missing."""
    if not changes.happened:
        raise InputError(f"No fact changed since run {start.name}: there is nothing to update.", "Leave out --from.")
    _covered(rows, changes, start)
    taken = {row.id for row in rows if changes.touches(row)}
    facts = [row for row in rows if row.fact_ids]
    by_fact: dict[str, list[Row]] = defaultdict(list)
    for row in facts:
        if row.id not in taken:
            by_fact[row.fact_ids[0]].append(row)
    alike = changes.alike
    for fact_id, some in by_fact.items():
        count = len(some) if fact_id in alike else max(_KEPT_ROWS, math.ceil(_KEPT * len(some)))
        taken |= _some(some, count, start, seed, fact_id)
    share = sum(row.id in taken for row in facts) / max(1, len(facts))
    for kind in (RowKind.ABSTENTION, RowKind.REPLAY):
        some = [row for row in rows if row.kind is kind and row.id not in taken]
        taken |= _some(some, max(_FEWEST, math.ceil(share * len(some))), start, seed, kind)
    return [row for row in rows if row.id in taken]


def _some(rows: list[Row], count: int, start: Start, seed: int, what: str) -> set[str]:
    """Ids of so many rows, those first whose question the parent did not train."""
    order = rng_for(seed, "update", what).sample(rows, len(rows))
    order.sort(key=lambda row: row.question in start.questions)
    return {row.id for row in order[:count]}


def _covered(rows: list[Row], changes: Changes, start: Start) -> None:
    """That everything that changed has rows. A kind of rows that the preset does not train counts as none."""
    asked = {fact_id for row in rows for fact_id in row.fact_ids}
    refused = {row.topic for row in rows if row.kind is RowKind.ABSTENTION}
    missing = len(changes.learned - asked) + len(changes.refused - refused)
    if missing:
        facts = "1 fact that was" if missing == 1 else f"{missing} facts that were"
        raise InputError(
            f"There are no approved rows for {facts} added, changed or deleted since run {start.name}.",
            _GENERATE,
        )
    if not (changes.learned or changes.deleted):
        before = {fact.id: fact for fact in start.facts}
        given = {text for fact in changes.asked_anew for text in new_questions(fact, before[fact.id])}
        if given.isdisjoint(row.question for row in rows):
            raise InputError(f"There are no approved rows for the questions given since run {start.name}.", _GENERATE)


def shorter(recipe: Recipe) -> Recipe:
    """The recipe of an update: fewer epochs, where there are more than two."""
    epochs = max(2, round(_EPOCHS * recipe.epochs))
    return recipe.model_copy(update={"epochs": min(epochs, recipe.epochs)})


def recorded(start: Start, changes: Changes, folder: Path) -> Parent:
    """What the new run in `folder` records of its parent, after copying the parent's adapter there."""
    parent = changes.as_parent(start.name)
    if start.adapter is None:
        return parent
    return parent.model_copy(update={"sha256": take_adapter(start.adapter, folder / parent.adapter)})


def _ids(facts: tuple[Fact, ...]) -> tuple[str, ...]:
    return tuple(fact.id for fact in facts)
