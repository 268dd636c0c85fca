"""Examines a trained model: asks it and the base model, judges, proves, and leaves eval.json and report.html in the run."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from andraeus_tui import __version__
from andraeus_tui.answering import collect, ignore
from andraeus_tui.drawing import draw
from andraeus_tui.files import write_whole
from andraeus_tui.jobs import Job
from andraeus_tui.project import Project
from andraeus_tui.runs import ADAPTER_FOLDER, EVALUATION_FILE, Run, config_of, facts_of, lock
from evaluators.metrics import metrics_of
from evaluators.proof import prove
from evaluators.questions import questions_of
from evaluators.scorer import judge_both
from schemas.errors import AndraeusError, InputError
from schemas.evaluation import Answer, Evaluation, Question, QuestionGroup
from schemas.events import Event, Stage
from schemas.row import Row, RowKind
from schemas.run import DatasetFile
from schemas.weights import GATE_FILE, NAMES_FILE, READER_FILE, encoder_folder

REPORT_FILE = "report.html"
_LOCK = "examination.lock"
_LIBRARIES = ("torch", "transformers", "peft")


def examine(
    project: Project,
    run: Run,
    tell: Callable[[Event], None] = ignore,
    started: Callable[[Job], None] = ignore,
) -> Evaluation:
    """Ask both models every question, and write the evidence into the run's folder.

    `started` gets the job, so that somebody can stop it; a stopped examination writes nothing and raises Cancelled.
    Raises AndraeusError while another process examines the run.
    """
    with _alone(run):
        return _examine(project, run, tell, started)


@contextmanager
def _alone(run: Run) -> Iterator[None]:
    handle = lock(run.folder / _LOCK)
    if handle is None:
        raise AndraeusError(
            f"Run {run.name} is being examined already, in another process.", "Wait for it, or stop it."
        )
    try:
        yield
    finally:
        os.close(handle)


def _examine(project: Project, run: Run, tell: Callable[[Event], None], started: Callable[[Job], None]) -> Evaluation:
    began = time.monotonic()
    config = config_of(run.folder)
    settings = project.settings.evaluation
    questions = questions_for(project, run)
    answers = collect(
        project, run, questions, base=True, max_new_tokens=settings.max_new_tokens, tell=tell, started=started
    )
    said = {(answer.source, answer.id): answer.answer for answer in answers}
    judged = tuple(judge_both(one, said["base", one.id], said["tuned", one.id]) for one in questions)
    result = Evaluation(
        run=run.name,
        model=project.settings.model.name,
        preset=config.preset.value,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        metrics=metrics_of((one.question, one.tuned_verdict) for one in judged),
        base_metrics=metrics_of((one.question, one.base_verdict) for one in judged if one.base_verdict),
        proof=prove(facts_of(run.folder), questions, answers),
        left_to_base=_left_to_base(questions, answers) if (run.folder / ADAPTER_FOLDER / GATE_FILE).is_file() else {},
        second_look=sum(one.second_look for one in answers)
        if (run.folder / ADAPTER_FOLDER / NAMES_FILE).is_file()
        else None,
        reader=(run.folder / ADAPTER_FOLDER / READER_FILE).is_file() and encoder_folder() is not None,
        caution=project.settings.answers.caution,
        judged=judged,
        seconds=round(time.monotonic() - began, 1),
        versions={"andraeus": __version__} | {name: version(name) for name in _LIBRARIES},
    )
    write_whole(run.folder / EVALUATION_FILE, result.model_dump_json(indent=1))
    tell(Stage(name="report", text="Writing the report"))
    write_report(run.folder)
    return result


def _left_to_base(questions: Sequence[Question], answers: Sequence[Answer]) -> dict[str, tuple[int, int]]:
    left = {answer.id for answer in answers if answer.source == "tuned" and answer.by_adapter is False}
    sides = {"general": [one.id for one in questions if one.group is QuestionGroup.GENERAL]}
    sides["other"] = [one.id for one in questions if one.group is not QuestionGroup.GENERAL]
    return {name: (sum(id in left for id in ids), len(ids)) for name, ids in sides.items()}


def questions_for(project: Project, run: Run) -> list[Question]:
    """Every question that an examination of the run asks. Raises InputError when the run's dataset was changed."""
    config = config_of(run.folder)
    taught = {row.topic for row in _rows(run.folder, config.dataset.train) if row.kind is RowKind.ABSTENTION}
    tests = _rows(run.folder, config.dataset.test)
    return questions_of(facts_of(run.folder), tests, taught, project.settings.evaluation)


def evaluation_of(folder: Path) -> Evaluation | None:
    """The evidence in a run's folder, None when it was not examined. Raises InputError when the file is damaged."""
    try:
        return Evaluation.model_validate_json((folder / EVALUATION_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise InputError(f"The evidence of run {folder.name} is damaged.", "Examine it again.") from error


def report_of(folder: Path) -> Path:
    """The report of an examined run, written first where there is none yet or people have rated since."""
    path = folder / REPORT_FILE
    rated = max((one.stat().st_mtime_ns for one in folder.glob("ratings/*/result.json")), default=0)
    return path if path.is_file() and path.stat().st_mtime_ns >= rated else write_report(folder)


def write_report(folder: Path) -> Path:
    """The report of an examined run; its path."""
    try:
        write_whole(folder / REPORT_FILE, draw("evaluators", folder))
    except subprocess.CalledProcessError as error:
        # The last line names the fault; lines above it may quote what the evidence says about a person.
        kind = error.stderr.decode("utf-8", errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        raise AndraeusError(f"The evidence is saved, but the report could not be written ({kind}).") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AndraeusError("The evidence is saved, but the report could not be written.") from error
    return folder / REPORT_FILE


def _rows(folder: Path, file: DatasetFile) -> list[Row]:
    try:
        data = (folder / file.path).read_bytes()
    except OSError as error:
        raise InputError(f"The dataset of run {folder.name} is missing.", "Start a new run.") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"The dataset of run {folder.name} was changed after it was frozen.", "Start a new run.")
    return [Row.model_validate_json(one) for one in data.decode("utf-8").splitlines()]
