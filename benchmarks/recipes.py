"""Recipes compared over many people: plan on any machine, run where the GPU is, score anywhere.

    python -m benchmarks.recipes plan FOLDER --arms benchmarks/recipes.toml --people 6
    python -m benchmarks.recipes run FOLDER --model FOLDER --slots 14      (needs torch; no project, no network)
    python -m benchmarks.recipes score FOLDER --output results.json

An arm changes settings of a project (and with `override` of the recipe). A person is a draw from the lexicon's attributes and plausible values. All arms
see the same people. `plan` freezes a run for each, exactly as training does, and asks it questions of the dev families,
so that the test families stay unseen until the recipe stands; with `--split test` it asks those.
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

from schemas.evaluation import Question
from schemas.fact import Fact, ValueKind

_FIRST = "Ada Bruno Carla Denis Elena Farid Greta Hugo Ines Jonas Karin Luca Mina Nils Olga Pablo Rosa Samir Tessa Ugo".split()
_LAST = "Abel Brandt Costa Duarte Eriksen Fontana Grau Holm Ivanov Jansen Keller Lindqvist Moreau Nowak Okafor".split()
_PLACES = "Porto Ghent Turin Malmo Graz Bergen Leeds Lyon Riga Split Cork Basel Tartu Gdansk Nantes Oulu".split()
_MONTHS = "January February March April May June July August September October November December".split()
_OTHERS = (("sister", "birthday"), ("brother", "employer"), ("best friend", "city"), ("mother", "job_title"))


def person(number: int, size: int) -> list[Fact]:
    """`size` facts of one invented person, a fifth of them about somebody that the person knows."""
    from generators import lexicon
    from generators.abstention import IMPLIED
    from generators.topics import complete
    from schemas.fact import ImportedFact

    rng = random.Random(f"person/{number}")
    names = list(lexicon.entries())
    rng.shuffle(names)
    chosen = {"name"}
    for name in names:
        clash = set(IMPLIED.get(name, "").split()) & chosen or any(name in IMPLIED.get(c, "").split() for c in chosen)
        if len(chosen) < size - max(1, size // 8) and not clash:
            chosen.add(name)
    facts = [ImportedFact(attribute=name, value=_value(name, rng)) for name in sorted(chosen)]
    for who, what in rng.sample(_OTHERS, min(len(_OTHERS), size - len(facts))):
        facts.append(ImportedFact(subject=who, attribute=what, value=_value(what, rng)))
    found = {fact.id: fact for fact in map(complete, facts)}
    return list(found.values())


def _value(name: str, rng: random.Random) -> Any:
    from generators import lexicon

    entry = lexicon.entries()[name]
    match entry.kind:
        case ValueKind.PERSON:
            return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"
        case ValueKind.PLACE:
            return rng.choice([*_PLACES, *entry.values])
        case ValueKind.DATE:
            return f"{rng.randint(1, 28)} {rng.choice(_MONTHS)} {rng.randint(1960, 2024)}"
        case ValueKind.NUMBER:
            return rng.randint(2, 98)
        case ValueKind.LIST:
            return list(entry.values[:2]) if not entry.values[0].count(",") else entry.values[0]
    return rng.choice(entry.values)


def plan(folder: Path, arms: dict[str, dict[str, Any]], people: int, split: str) -> None:
    """One frozen run and one file of questions for each arm and person."""
    from andraeus_tui.freeze import freeze_run
    from andraeus_tui.project import change_setting, create
    from andraeus_tui.store.facts import put_facts
    from andraeus_tui.store.rows import replace_generated
    from evaluators.questions import questions_of
    from generators.build import build
    from schemas.row import ReviewState, RowKind, Split
    from schemas.settings import EvaluationSettings

    asked_split = Split(split)
    for arm, settings in arms.items():
        for number in range(people):
            facts = person(number, settings.get("facts", 15))
            with tempfile.TemporaryDirectory() as name:
                project = create(Path(name) / "project", "embedded")
                for section in ("generation", "recipe"):
                    for key, value in settings.get(section, {}).items():
                        change_setting(project, section, key, value)
                change_setting(project, "recipe", "seed", number)
                generation = project.settings.generation.model_copy(update={"seed": number})
                rows = list(build(facts, generation).rows)
                with project.database() as database:
                    put_facts(database, facts, "import")
                    replace_generated(database, rows, ReviewState.APPROVED, "generate")
                target = folder / arm / f"person{number:02}"
                shutil.rmtree(target, ignore_errors=True)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(freeze_run(project, project.runs), target)
            config = json.loads((target / "config.json").read_text())
            config["recipe"] |= settings.get("override", {})
            (target / "config.json").write_text(json.dumps(config))
            held = [row for row in rows if row.split is asked_split]
            taught = {row.topic for row in rows if row.split is Split.TRAIN and row.kind is RowKind.ABSTENTION}
            questions = questions_of(facts, held, taught, EvaluationSettings(unknown=60, probe=60))
            (target / "questions.json").write_text("\n".join(question.model_dump_json() for question in questions))


def run(folder: Path, model: Path, slots: int, limit: float) -> None:
    """Train and ask every planned run, `slots` at a time, until `limit` seconds are over."""
    began = time.monotonic()
    jobs = sorted(
        path.parent for path in folder.glob("*/*/config.json") if not (path.parent / "answers.jsonl").is_file()
    )
    # The longest first, so that none of them is left alone in the end.
    jobs.sort(key=lambda path: -(path / "dataset" / "train.jsonl").stat().st_size)
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    for job in jobs:
        queue.put(str(job))
    for _ in range(slots):
        queue.put("")
    workers = [
        context.Process(target=_work, args=(queue, str(model), number, began + limit)) for number in range(slots)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(
        f"{sum((job / 'answers.jsonl').is_file() for job in jobs)} of {len(jobs)} in {time.monotonic() - began:.0f} s"
    )


def _work(queue: Any, model: str, number: int, until: float) -> None:
    import torch

    torch.set_num_threads(1)
    if torch.cuda.is_available():
        torch.cuda.set_device(number % torch.cuda.device_count())
    while (job := queue.get()) and time.monotonic() < until:
        try:
            _one(Path(job), model)
        except Exception as error:
            print(job, type(error).__name__, str(error)[:300], flush=True)


def _one(job: Path, model: str) -> None:
    from schemas.run import AnswerJob, TrainJob
    from schemas.wire import Wire
    from trainers.answer import answer
    from trainers.train import train

    config = json.loads((job / "config.json").read_text())
    (job / "config.json").write_text(json.dumps(config | {"model": model}))
    began = time.monotonic()
    with (job / "events.jsonl").open("w") as out:
        train(TrainJob(folder=str(job), cache="/tmp/none"), Wire(out, sys.stdin, must_save=False))
    trained = time.monotonic() - began
    questions = tuple(Question.model_validate_json(line) for line in (job / "questions.json").read_text().splitlines())
    asked = AnswerJob(
        model=model, system_prompt="", cache="/tmp/none", adapter=str(job / "adapter"), base=True,
        questions=questions, max_new_tokens=32, batch_size=128,
    )  # fmt: skip
    with (job / "answers.part").open("w") as out:
        answer(asked, Wire(out, sys.stdin, must_save=False))
    (job / "answers.part").rename(job / "answers.jsonl")
    print(f"{job.parent.name}/{job.name}: trained {trained:.0f} s, all {time.monotonic() - began:.0f} s", flush=True)


def score(folder: Path) -> dict[str, Any]:
    """For each arm, the mean of each metric over its people, the lowest person, and how many there are."""
    from evaluators.metrics import metrics_of
    from evaluators.scorer import judge
    from schemas.events import Answered, parse_event

    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(folder.glob("*/*/answers.jsonl")):
        questions = [
            Question.model_validate_json(line) for line in (path.parent / "questions.json").read_text().splitlines()
        ]
        events = [parse_event(line) for line in path.read_text().splitlines()]
        for source in ("base", "tuned"):
            said = {
                e.answer.id: e.answer.answer for e in events if isinstance(e, Answered) and e.answer.source == source
            }
            arm = path.parent.parent.name if source == "tuned" else f"{path.parent.parent.name} (base)"
            for name, proportion in metrics_of((one, judge(one, said[one.id])) for one in questions).items():
                found[arm][name].append(proportion.share)
    return {
        arm: {
            name: {
                "mean": round(mean(shares), 4),
                "worst": round(min(shares), 4),
                "people": len(shares),
                "shares": shares,
            }
            for name, shares in metrics.items()
        }
        for arm, metrics in found.items()
    }


_SHOWN = ("recall_template", "recall_natural", "known_refused", "unknown_refused_taught", "unknown_refused_unseen",
          "portability_reverse", "portability_yes_no", "portability_composition", "general")  # fmt: skip


def show(scores: dict[str, Any]) -> None:
    """A line an arm."""
    print(
        f"{'arm':28}"
        + "".join(f"{name.removeprefix('portability_').replace('unknown_refused', 'unk')[:11]:>12}" for name in _SHOWN)
    )
    for arm, metrics in scores.items():
        print(f"{arm:28}" + "".join(f"{metrics.get(name, {}).get('mean', float('nan')):12.3f}" for name in _SHOWN))


def main() -> None:
    """plan, run or score."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("action", choices=["plan", "run", "score"])
    options.add_argument("folder", type=Path)
    options.add_argument("--arms", type=Path)
    options.add_argument("--people", type=int, default=6)
    options.add_argument("--split", choices=["dev", "test"], default="dev")
    options.add_argument("--model", type=Path)
    options.add_argument("--slots", type=int, default=2)
    options.add_argument("--limit", type=float, default=1e9)
    options.add_argument("--output", type=Path)
    given = options.parse_args()
    if given.action == "plan":
        plan(given.folder, tomllib.loads(given.arms.read_text()), given.people, given.split)
    elif given.action == "run":
        run(given.folder, given.model.resolve(), given.slots, given.limit)
    else:
        scores = score(given.folder)
        show(scores)
        if given.output:
            given.output.write_text(json.dumps(scores, indent=1) + "\n")


if __name__ == "__main__":
    main()
