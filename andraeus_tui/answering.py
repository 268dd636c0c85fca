"""Questions to the model and back: one worker, the model loaded once."""

from collections.abc import Callable
from pathlib import Path

from andraeus_tui.jobs import Job, error_of
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.runs import ADAPTER_FOLDER, Run, RunState, latest_finished, read_run
from schemas.errors import Cancelled, InputError
from schemas.evaluation import Answer, Question
from schemas.events import Answered, CancelledByUser, Event, Failed
from schemas.run import AnswerJob


def ignore(_: object) -> None:
    """For callers that do not want to hear of events or of the job."""


def pick_run(project: Project, name: str | None) -> Run:
    """The named run, or the newest finished one. Raises InputError when it has no trained model."""
    if name is None:
        return latest_finished(project.runs)
    folder = project.runs / name
    if Path(name).name != name or not (folder / "config.json").is_file():
        raise InputError(f"There is no run {name!r} in this project.")
    run = read_run(folder)
    if run.state is not RunState.FINISHED:
        raise InputError(f"Run {name} has no trained model: it is {run.state}.")
    return run


def collect(
    project: Project,
    run: Run | None,
    questions: list[Question],
    *,
    base: bool,
    max_new_tokens: int,
    tell: Callable[[Event], None] = ignore,
    started: Callable[[Job], None] = ignore,
) -> list[Answer]:
    """All answers, in no particular order. `started` gets the job, so that somebody can stop it.

    Raises what the worker said when it did not finish: Cancelled, InputError or AndraeusError.
    """
    job = Job(
        "trainers",
        "answer",
        AnswerJob(
            model=project.settings.model.name,
            system_prompt=project.settings.model.system_prompt,
            cache=str(cache_folder()),
            adapter=str(run.folder / ADAPTER_FOLDER) if run else None,
            base=base,
            questions=tuple(questions),
            max_new_tokens=max_new_tokens,
            caution=project.settings.answers.caution,
        ),
    )
    started(job)
    answers = []
    for event in job.events():
        if isinstance(event, Answered):
            answers.append(event.answer)
        elif isinstance(event, Failed):
            raise error_of(event)
        elif isinstance(event, CancelledByUser):
            raise Cancelled(event.message)
        else:
            tell(event)
    return answers
