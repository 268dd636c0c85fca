"""What a second look and its reader change and cost: a run's own questions, asked with them and without, in turns.

    python -m benchmarks.second_look PROJECT OUT.json [--most 48] [--turns 2]

Asks questions of the newest run's examination about the person, one by one and in batches of 32, on this machine, and
writes seconds an answer and how many answers differ. No text of a question or an answer is written.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from andraeus_tui.answering import pick_run
from andraeus_tui.examining import questions_for
from andraeus_tui.jobs import Job, error_of
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.runs import ADAPTER_FOLDER
from schemas.errors import InputError
from schemas.evaluation import Answer, Question, QuestionGroup
from schemas.events import Answered, Failed
from schemas.run import AnswerJob
from schemas.weights import NAMES_FILE, READER_FILE


def answers(project: Project, adapter: Path, questions: tuple[Question, ...], batch_size: int) -> list[Answer]:
    """What a worker of its own says."""
    model = project.settings.model
    job = AnswerJob(
        model=model.name, system_prompt=model.system_prompt, cache=str(cache_folder()), adapter=str(adapter), base=False,
        questions=questions, max_new_tokens=project.settings.evaluation.max_new_tokens, batch_size=batch_size,
    )  # fmt: skip
    found = []
    for event in Job("trainers", "answer", job).events():
        if isinstance(event, Failed):
            raise error_of(event)
        if isinstance(event, Answered):
            found.append(event.answer)
    return found


def main() -> None:
    """Run all arms and write the file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("project", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--most", type=int, default=48, help="questions")
    options.add_argument("--turns", type=int, default=2)
    given = options.parse_args()
    project = Project(given.project)
    run = pick_run(project, None)
    adapter = run.folder / ADAPTER_FOLDER
    if not (adapter / NAMES_FILE).is_file():
        raise InputError(f"Run {run.folder.name} has no second look.", "Train again with second_look = true.")
    asked = [one for one in questions_for(project, run) if one.group is not QuestionGroup.GENERAL]
    count = min(given.most, len(asked))
    questions = tuple(asked[at * len(asked) // count] for at in range(count))
    arms: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            name: Path(shutil.copytree(adapter, Path(scratch) / name, ignore=shutil.ignore_patterns(*without)))
            for name, without in (("greedy", (NAMES_FILE, READER_FILE)), ("second look", (READER_FILE,)))
        }
        if (adapter / READER_FILE).is_file():
            folders["second look with a reader"] = adapter
        for turn in range(given.turns):
            for name, folder in folders.items():
                for size in (1, 32):
                    said = answers(project, folder, questions, size)
                    arm = arms.setdefault(f"{name}, batches of {size}", {"seconds_an_answer": [], "changed": 0})
                    arm["seconds_an_answer"].append(round(statistics.mean(one.seconds for one in said), 3))
                    arm["changed"] = sum(one.second_look for one in said)
                    print(turn, name, size, arm, flush=True)
    given.out.write_text(json.dumps({"questions": count, "arms": arms}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
