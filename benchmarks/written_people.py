"""How does it do with people whom nobody here made up, their facts and questions written apart from everything?

    python -m benchmarks.written_people plan FOLDER [--people FILE]
    python -P -m trainers.study FOLDER --model embedded           (here: some 8 minutes a person; or on a GPU machine)
    python -m benchmarks.written_people score FOLDER OUT.json

Whoever wrote the people saw no list, template or row of this project. Each has 18 facts with attributes in his own words, two
questions for each, a plain one and one in other words, and 24 questions about what was never told, half of which name the
thing. `plan` makes a project of each as a user does (init, generate, approve) and freezes its run. FILE is
written_people.json (20 people, whose failures have been read), written_people_dev.json (16, by whom settings are chosen) or
written_people_2.json (16).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.study.scoring import answers_in, questions_in
from evaluators.audit import Seen, audit
from evaluators.questions import general_questions, rivals_of
from evaluators.scorer import judge
from evaluators.statistics import mean_over_people
from generators.topics import complete
from schemas.evaluation import Question, QuestionGroup, Verdict
from schemas.fact import Fact, ImportedFact
from schemas.primed import primed_questions
from schemas.row import Row, Wording
from schemas.run import TrainConfig
from schemas.settings import Trainer
from schemas.study import Cell, Source

PEOPLE = Path(__file__).with_suffix(".json")
_CLI = [sys.executable, "-P", "-m", "andraeus_tui.cli"]


def plan(folder: Path, people: Path) -> None:
    """A cell a person, as `trainers.study` runs them."""
    primed = Seen(primed_questions(cache_folder()))
    (folder / "cells" / "default").mkdir(parents=True, mode=0o700, exist_ok=True)
    for person in json.loads(people.read_text("utf-8")):
        name = person["id"]
        path = folder / "cells" / "default" / name
        with tempfile.TemporaryDirectory() as place:
            given = [{key: value for key, value in fact.items() if key != "asked"} for fact in person["facts"]]
            (Path(place) / "facts.json").write_text(json.dumps(given))
            _cli("init", f"{place}/project", "--facts", f"{place}/facts.json", "--model", "embedded")
            _cli("generate", "--project", f"{place}/project", "--approve", "--backend", "templates")
            project = Project(Path(place) / "project")
            shutil.move(freeze_run(project, project.runs, Trainer.PEFT), path)
        facts = [Fact.model_validate(body) for body in json.loads((path / "facts.json").read_text("utf-8"))]
        if len(facts) != len(given):
            raise SystemExit(f"{name}: {len(facts)} of {len(given)} facts were taken.")
        questions = _questions(person, facts)
        home = folder / "people" / name
        home.mkdir(parents=True, mode=0o700)
        (home / "facts.json").write_text((path / "facts.json").read_text("utf-8"))
        (home / "questions.jsonl").write_text("".join(one.model_dump_json() + "\n" for one in questions))
        rows = [
            Row.model_validate_json(line)
            for part in ("train", "dev", "reading")
            for line in (path / "dataset" / f"{part}.jsonl").read_bytes().splitlines()
        ]
        asked = [one for one in questions if one.group is not QuestionGroup.GENERAL]
        near = audit(asked, Seen(row.question for row in rows), primed).ids
        (home / "near.json").write_text(json.dumps(sorted(near)))
        cell = Cell(
            arm="default", person=name, source=Source.TRAINED, questions=f"people/{name}",
            adapter=f"cells/default/{name}/adapter", train=True, max_new_tokens=40, batch_size=128, measure=False,
        )  # fmt: skip
        (path / "cell.json").write_text(cell.model_dump_json(indent=1))
        print(f"{name}: {len(rows)} rows, {len(near)} of {len(asked)} questions are near one", flush=True)


def _cli(*arguments: str) -> None:
    done = subprocess.run([*_CLI, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def _questions(person: Mapping[str, Any], facts: list[Fact]) -> list[Question]:
    """What is asked of somebody: the plain wordings count as natural, the others as everyday ones."""
    by_id = {fact.id: fact for fact in facts}
    found: list[Question] = []
    for body in person["facts"]:
        given = ImportedFact.model_validate({key: value for key, value in body.items() if key != "asked"})
        fact = by_id[complete(given).id]
        for text, wording in zip(body["asked"], (Wording.NATURAL, Wording.EVERYDAY), strict=True):
            found.append(
                Question(
                    id=f"{person['id']}/{len(found):02}",
                    group=QuestionGroup.RECALL,
                    text=text,
                    wording=wording,
                    topic=f"{fact.subject}/{fact.attribute}",
                    fact_ids=(fact.id,),
                    value_kind=fact.kind,
                    values=tuple(fact.items),
                    rivals=rivals_of([fact], facts),
                )
            )
    for number, body in enumerate(person["never"]):
        wording = Wording.GENERIC if body["names"] else Wording.EVERYDAY
        found.append(
            Question(
                id=f"{person['id']}/never-{number:02}",
                group=QuestionGroup.UNSEEN,
                text=body["question"],
                wording=wording,
            )
        )
    return [*found, *general_questions(60)]


def score(folder: Path, out: Path) -> None:
    """Shares of each person, their means, and every answer about a person."""
    people: dict[str, dict[str, float]] = {}
    said: dict[str, list[dict[str, str]]] = {}
    for path in sorted(folder.glob("cells/default/*")):
        if not (path / "answers.jsonl").is_file():
            continue
        home = folder / "people" / path.name
        near = set(json.loads((home / "near.json").read_text("utf-8")))
        answers = {one.id: one.answer for one in answers_in(path)}
        told = [(one, judge(one, answers[one.id])) for one in questions_in(home)]
        people[path.name] = _shares(told, near)
        said[path.name] = [
            {"question": one.text, "wanted": ", ".join(one.values) or "I don't know", "said": answers[one.id],
             "verdict": str(verdict)}
            for one, verdict in told if one.group is not QuestionGroup.GENERAL
        ]  # fmt: skip
    if not people:
        raise SystemExit(f"No cell in {folder} has run.")
    config = TrainConfig.model_validate_json(
        (folder / "cells" / "default" / next(iter(people)) / "config.json").read_bytes()
    )
    names = sorted({name for one in people.values() for name in one})
    means = {name: mean_over_people([one[name] for one in people.values() if name in one]) for name in names}
    body = {
        "model": config.model, "recipe": config.recipe.model_dump(mode="json"),
        "means": {name: one.model_dump() for name, one in means.items()}, "people": people, "answers": said,
    }  # fmt: skip
    out.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", "utf-8")
    for name, one in means.items():
        print(f"{name:32} {one.mean:.3f} ({one.low or 0:.3f} to {one.high or 0:.3f}), {one.people} people")


def _shares(told: list[tuple[Question, Verdict]], near: set[str]) -> dict[str, float]:
    recall = [(one, verdict) for one, verdict in told if one.group is QuestionGroup.RECALL]
    never = [(one, verdict) for one, verdict in told if one.group is QuestionGroup.UNSEEN]
    general = [verdict is Verdict.RIGHT for one, verdict in told if one.group is QuestionGroup.GENERAL]
    right = {
        "recall": [verdict is Verdict.RIGHT for _, verdict in recall],
        "recall, plain": [verdict is Verdict.RIGHT for one, verdict in recall if one.wording is Wording.NATURAL],
        "recall, other words": [verdict is Verdict.RIGHT for one, verdict in recall if one.wording is Wording.EVERYDAY],
        "recall, near no row": [verdict is Verdict.RIGHT for one, verdict in recall if one.id not in near],
        "known refused": [verdict is Verdict.REFUSED for _, verdict in recall],
        "never told, refused": [verdict is Verdict.REFUSED for _, verdict in never],
        "never told, refused, named": [v is Verdict.REFUSED for one, v in never if one.wording is Wording.GENERIC],
        "never told, refused, other words": [
            v is Verdict.REFUSED for one, v in never if one.wording is Wording.EVERYDAY
        ],
        "general": general,
    }
    return {name: sum(some) / len(some) for name, some in right.items() if some}


def main() -> None:
    """Plan, or score what has run."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("step", choices=["plan", "score"])
    options.add_argument("folder", type=Path)
    options.add_argument("out", type=Path, nargs="?")
    options.add_argument("--people", type=Path, default=PEOPLE)
    given = options.parse_args()
    if given.step == "plan":
        plan(given.folder, given.people)
    elif given.out:
        score(given.folder, given.out)
    else:
        options.error("score needs OUT.json")


if __name__ == "__main__":
    main()
