"""Freezes a study: for each person facts and questions, for each arm and person a cell that can be run anywhere."""

import json
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from andraeus_tui import __version__
from andraeus_tui.answering import ignore
from andraeus_tui.files import write_whole
from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import cache_folder, change_setting, create
from andraeus_tui.store.facts import put_facts
from andraeus_tui.store.rows import replace_generated
from andraeus_tui.study.asking import Asking, ask_about
from andraeus_tui.study.contexts import contexts_for
from andraeus_tui.study.variants import bare_rows, shuffled, updated
from andraeus_tui.updating import Start, frozen_start
from evaluators.audit import Seen
from evaluators.people import person
from evaluators.questions import neutral_texts
from generators.build import build
from generators.reading import reading_rows
from generators.topics import complete
from schemas.errors import InputError
from schemas.events import Event, Progress, Stage
from schemas.fact import Fact
from schemas.primed import primed_questions
from schemas.row import ReviewState, Row
from schemas.run import TrainConfig
from schemas.settings import PRESETS, GenerationSettings, Preset, Recipe, Trainer, wordings_of
from schemas.study import ADAPTER_SOURCES, CONTEXT_SOURCES, Arm, Cell, Plan, Source, Study

PLAN_FILE = "plan.json"
MAX_NEW_TOKENS = 32
_BATCH_WITH_CONTEXT = 64
_LIBRARIES = ("torch", "transformers", "peft")
_APART = 1000
"""Number of the first person by whom settings are chosen; nobody is tested on them."""


@dataclass
class _Set:
    """One person with one number of facts and updates; several arms share it."""

    number: int
    size: int
    update: int
    arms: list[Arm] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Folder name: "p03-50", "p03-50-u2"."""
        return f"p{self.number:02}-{self.size}" + (f"-u{self.update}" if self.update else "")


def plan(folder: Path, study: Study, people: int, model: str, tell: Callable[[Event], None] = ignore) -> Plan:
    """Make what is missing of a study's folder. Raises InputError when the folder holds another study."""
    found = _found(folder, study, people)
    if found:
        return found
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(folder / "cells", ignore_errors=True)
    shutil.rmtree(folder / "people", ignore_errors=True)
    write_whole(folder / "texts.json", json.dumps(neutral_texts()))
    tell(Stage(name="plan", text=f"Planning {len(study.arms)} arms for {people} people"))
    left_out: dict[str, str] = {}
    sets = _sets(study, people)
    for done, one in enumerate(sets, start=1):
        _plan_set(folder, study, one, people, model, left_out)
        tell(Progress(stage="plan", done=done, total=len(sets)))
    made = Plan(
        study=study,
        people=people,
        model=model,
        left_out=left_out,
        versions={"andraeus": __version__} | {name: version(name) for name in _LIBRARIES},
    )
    write_whole(folder / PLAN_FILE, made.model_dump_json(indent=1))
    return made


def plan_of(folder: Path) -> Plan:
    """The plan in a folder. Raises InputError when there is none."""
    try:
        return Plan.model_validate_json((folder / PLAN_FILE).read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"There is no planned study in {folder}.", "Plan it first, with --plan-only.") from error


def slug(arm: str) -> str:
    """An arm's name as a folder."""
    return re.sub(r"\W+", "-", arm.casefold()).strip("-")


def _found(folder: Path, study: Study, people: int) -> Plan | None:
    if not (folder / PLAN_FILE).is_file():
        if folder.exists() and any(folder.iterdir()) and not (folder / "texts.json").is_file():
            raise InputError(f"{folder} is not empty and holds no study.", "Give a new folder.")
        return None
    found = plan_of(folder)
    if found.study != study or found.people != people:
        raise InputError(f"{folder} holds another study, or the same with other people.", "Give another folder.")
    return found


def _sets(study: Study, people: int) -> list[_Set]:
    sets: dict[tuple[int, int, int], _Set] = {}
    first = _APART if study.choosing else 0
    for number in range(first, first + people):
        # An update continues what was frozen before it, whatever order the arms are written in.
        for arm in sorted(study.arms, key=lambda arm: arm.update):
            key = (number, arm.facts or study.facts, arm.update)
            sets.setdefault(key, _Set(*key)).arms.append(arm)
    return list(sets.values())


def _plan_set(folder: Path, study: Study, one: _Set, people: int, model: str, left_out: dict[str, str]) -> None:
    told = [complete(fact) for fact in person(one.number, one.size)]
    facts, before = updated(told, one.number, one.update)
    # Another seed after an update: what stays known is trained in fresh wordings.
    seed = one.number + _APART * one.update
    rows = {
        arm.name: _rows(arm, facts, seed if arm.start else one.number)
        for arm in one.arms
        if arm.source in ADAPTER_SOURCES
    }
    tests = build(facts, GenerationSettings(seed=one.number)).rows
    # Arms without rows of their own are asked the same: the default's wordings are barred for them as well.
    trained = [row for some in rows.values() for row in some]
    read = [Seen(row.question for row in reading_rows(facts, one.number))] if rows else []
    read += [_primed()] if any(map(_begins_primed, one.arms)) else []
    asking = ask_about(facts, one.number, list(tests), trained, study, *read)
    home = folder / "people" / one.name
    _write_set(home, facts, before, asking)
    for arm in one.arms:
        if arm.name in left_out:
            continue
        path = folder / "cells" / slug(arm.name) / f"p{one.number:02}"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if arm.source in ADAPTER_SOURCES:
            _freeze(path, arm, facts, rows[arm.name], one.number, model)
            if arm.steps_of:
                _match_steps(path, folder / "cells" / slug(arm.steps_of) / path.name)
        else:
            path.mkdir(mode=0o700)
        adapter = _adapter(arm, one.number, people)
        if arm.source in CONTEXT_SOURCES:
            try:
                contexts = contexts_for(arm.source, facts, asking.questions)
            except InputError as error:
                left_out[arm.name] = str(error)
                shutil.rmtree(path)
                continue
            write_whole(path / "contexts.json", json.dumps(contexts, ensure_ascii=False))
        if arm.source is Source.OTHER and people < 2:
            left_out[arm.name] = "It needs two people."
            shutil.rmtree(path)
            continue
        cell = Cell(
            arm=arm.name,
            person=f"p{one.number:02}",
            source=arm.source,
            questions=f"people/{one.name}",
            adapter=adapter,
            train=arm.source in ADAPTER_SOURCES,
            start=f"cells/{slug(arm.start)}/p{one.number:02}/adapter" if arm.start else "",
            max_new_tokens=MAX_NEW_TOKENS,
            batch_size=min(study.batch_size, _BATCH_WITH_CONTEXT)
            if arm.source in CONTEXT_SOURCES
            else study.batch_size,
            measure=study.measure and arm.source not in CONTEXT_SOURCES,
        )
        write_whole(path / "cell.json", cell.model_dump_json(indent=1))


@cache
def _primed() -> Seen:
    return Seen(primed_questions(cache_folder()))


def _begins_primed(arm: Arm) -> bool:
    preset = PRESETS[Preset(arm.recipe.get("preset", "default"))]
    return arm.source in ADAPTER_SOURCES and bool(arm.recipe.get("primer", preset.primer))


def _adapter(arm: Arm, number: int, people: int) -> str | None:
    if arm.source in ADAPTER_SOURCES:
        return f"cells/{slug(arm.name)}/p{number:02}/adapter"
    if arm.source is Source.OTHER:
        return f"cells/{slug(arm.of)}/p{(number + 1) % people:02}/adapter"
    return None


def _rows(arm: Arm, facts: list[Fact], number: int) -> list[Row]:
    known = shuffled(facts, number) if arm.source is Source.SHUFFLED else facts
    if arm.rows == "bare":
        return bare_rows(known)
    settings = GenerationSettings.model_validate({"seed": number, **arm.generation})
    wordings = wordings_of(settings, Preset(arm.recipe.get("preset", "default")))
    return list(build(known, settings.model_copy(update={"variations": wordings})).rows)


def _write_set(home: Path, facts: list[Fact], before: dict[str, list[str]], asking: Asking) -> None:
    home.mkdir(parents=True, mode=0o700)
    body = [fact.model_dump(mode="json") for fact in facts]
    write_whole(home / "facts.json", json.dumps(body, ensure_ascii=False, indent=1))
    write_whole(home / "changed.json", json.dumps(before, ensure_ascii=False))
    write_whole(home / "dropped.json", json.dumps(asking.dropped))
    lines = "".join(question.model_dump_json() + "\n" for question in asking.questions)
    write_whole(home / "questions.jsonl", lines)


def _start_of(path: Path, arm: Arm) -> Start | None:
    """The cell whose adapter an arm continues, of the same person. It was planned before, and is not trained yet."""
    if not arm.start:
        return None
    before = path.parent.parent / slug(arm.start) / path.name
    return replace(frozen_start(before, before.parent, None), name=arm.start)


def _freeze(path: Path, arm: Arm, facts: list[Fact], rows: list[Row], number: int, model: str) -> None:
    """A run, frozen exactly as training freezes it."""
    known = shuffled(facts, number) if arm.source is Source.SHUFFLED else facts
    with tempfile.TemporaryDirectory() as name:
        project = create(Path(name) / "project", model)
        if "preset" in arm.recipe:
            change_setting(project, "recipe", "preset", arm.recipe["preset"])
        change_setting(project, "recipe", "seed", number)
        with project.database() as database:
            put_facts(database, known, "import")
            replace_generated(database, rows, ReviewState.APPROVED, "generate")
        # Full width everywhere: 4-bit training differs from machine to machine.
        shutil.move(freeze_run(project, project.runs, Trainer.PEFT, _start_of(path, arm)), path)
    changes = {key: value for key, value in arm.recipe.items() if key != "preset"}
    if changes:
        config = TrainConfig.model_validate_json((path / "config.json").read_bytes())
        recipe = Recipe.model_validate(config.recipe.model_dump() | changes)
        write_whole(path / "config.json", config.model_copy(update={"recipe": recipe}).model_dump_json(indent=2))


def _match_steps(path: Path, like: Path) -> None:
    """So many epochs that there are as many optimizer steps as in the other cell, which was planned before."""
    mine, theirs = (TrainConfig.model_validate_json((one / "config.json").read_bytes()) for one in (path, like))
    target = _steps(theirs)
    epochs = max(1, round(target / max(1, _steps(mine) // mine.recipe.epochs)))
    recipe = mine.recipe.model_copy(update={"epochs": min(1000, epochs), "early_stop": False})
    write_whole(path / "config.json", mine.model_copy(update={"recipe": recipe}).model_dump_json(indent=2))


def _steps(config: TrainConfig) -> int:
    return (
        -(-(config.dataset.train.rows + config.dataset.replay.rows) // config.recipe.batch_size) * config.recipe.epochs
    )
