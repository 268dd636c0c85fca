"""The "dose": facts that fail get more rows, once. On a planned study's folder, after an arm of it has run:

    python -m benchmarks.dose FOLDER --of default --rows 40-wordings-3-epochs --as dose

For every person, facts about which `--of` answered a question wrongly or not at all get their further rows from
`--rows`, whose wordings are more; the rest stays as `--of` trained it. The new cells train from scratch and are asked
the same. Needs no project, so that it runs where the study runs.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

from evaluators.figures import right_answers
from schemas.evaluation import Question, QuestionGroup
from schemas.events import Answered, parse_event
from schemas.row import Row, RowKind
from schemas.run import TrainConfig
from schemas.study import Cell


def failed_facts(folder: Path, path: Path) -> set[str]:
    """Ids of the facts about which at least one recall question of a cell was not answered rightly."""
    cell = Cell.model_validate_json((path / "cell.json").read_bytes())
    lines = (folder / cell.questions / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [Question.model_validate_json(line) for line in lines]
    events = [parse_event(line) for line in (path / "answers.jsonl").read_text("utf-8").splitlines()]
    right = right_answers(questions, [event.answer for event in events if isinstance(event, Answered)])
    recall = [one for one in questions if one.group is QuestionGroup.RECALL]
    return {fact for one in recall if not right.get(one.id) for fact in one.fact_ids}


def dosed(folder: Path, of: Path, more: Path, name: str) -> int:
    """Make the cell beside `of`; the number of rows that were added."""
    failed = failed_facts(folder, of)
    path = of.parent.parent / name / of.name
    shutil.copytree(of, path, ignore=shutil.ignore_patterns("adapter", "*.jsonl", "measured.json", "checkpoints"))
    shutil.copytree(of / "dataset", path / "dataset", dirs_exist_ok=True)
    config = TrainConfig.model_validate_json((path / "config.json").read_bytes())
    file = path / config.dataset.train.path
    rows = [Row.model_validate_json(line) for line in file.read_text("utf-8").splitlines()]
    had = {row.question.casefold() for row in rows}
    source = (
        Row.model_validate_json(line) for line in (more / config.dataset.train.path).read_text("utf-8").splitlines()
    )
    added = [
        row
        for row in source
        if row.kind is RowKind.QUESTION and set(row.fact_ids) & failed and row.question.casefold() not in had
    ]
    text = "".join(row.model_dump_json() + "\n" for row in (*rows, *added))
    file.write_text(text, "utf-8")
    train = config.dataset.train.model_copy(
        update={"sha256": hashlib.sha256(text.encode()).hexdigest(), "rows": len(rows) + len(added)}
    )
    dataset = config.dataset.model_copy(update={"train": train})
    (path / "config.json").write_text(config.model_copy(update={"dataset": dataset}).model_dump_json(indent=2), "utf-8")
    cell = json.loads((path / "cell.json").read_text("utf-8"))
    cell |= {"arm": name, "adapter": f"cells/{name}/{of.name}/adapter"}
    (path / "cell.json").write_text(json.dumps(cell, indent=1), "utf-8")
    return len(added)


def main() -> None:
    """Make the cells for all people whose cell of `--of` is done."""
    options = argparse.ArgumentParser(description="Give facts that failed more rows, once.")
    options.add_argument("folder", type=Path)
    options.add_argument("--of", default="default")
    options.add_argument("--rows", required=True, help="the arm with more wordings")
    options.add_argument("--as", dest="name", default="dose")
    given = options.parse_args()
    for of in sorted((given.folder / "cells" / given.of).iterdir()):
        if (of / "answers.jsonl").is_file():
            added = dosed(given.folder, of, given.folder / "cells" / given.rows / of.name, given.name)
            print(f"{of.name}: {added} rows added", flush=True)


if __name__ == "__main__":
    main()
