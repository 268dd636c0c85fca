"""--train-only, runs and fetch."""

from pathlib import Path

from andraeus_tui.commands.show import EventPrinter, document, follow, line, note, table
from andraeus_tui.jobs import Job, exit_code_of, stop_on_signals
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.runs import Run, all_runs
from andraeus_tui.training import new_run, newest_to_resume, preflight, take_up, train_job
from schemas.errors import AndraeusError, InputError
from schemas.events import Failed, Finished
from schemas.run import FetchJob
from schemas.settings import Trainer
from schemas.weights import EMBEDDED


def train(folder: Path, resume: bool, dry_run: bool, output: str, trainer: str | None, parent: str | None) -> int:
    """Train in a worker process; the exit code says how it ended. `parent` is the run to continue on changed facts."""
    tell = EventPrinter(output)
    try:
        return _train(Project(folder), resume, dry_run, tell, Trainer(trainer) if trainer else None, parent)
    except AndraeusError as error:
        if tell.json:
            tell(Failed(kind="input" if isinstance(error, InputError) else "error", message=str(error)))
        raise


def _train(
    project: Project, resume: bool, dry_run: bool, tell: EventPrinter, trainer: Trainer | None, parent: str | None
) -> int:
    if dry_run:
        return _estimate(project, resume, tell, trainer, parent)
    held = take_up(project, newest_to_resume(project)) if resume else new_run(project, trainer, parent)
    if not tell.json:
        line(f"Run {held.folder.name}")
    job = Job("trainers", "train", train_job(held.folder, resume=resume), held)
    stop_on_signals(job)
    last = follow(job.events(), tell)
    if isinstance(last, Finished) and not tell.json:
        _report(last, held.folder, project)
    return int(exit_code_of(last))


def _estimate(project: Project, resume: bool, tell: EventPrinter, trainer: Trainer | None, parent: str | None) -> int:
    with preflight(project, newest_to_resume(project) if resume else None, trainer, parent) as job:
        stop_on_signals(job)
        last = follow(job.events(), tell)
    if isinstance(last, Finished) and not tell.json:
        line("Dry run: nothing was trained.")
    return int(exit_code_of(last))


def _report(last: Finished, run: Path, project: Project) -> None:
    result = last.result
    line(f"Trained {result['steps']} steps in {result['seconds'] / 60:.1f} minutes "
         f"({result['examples_per_second']} rows/s). Adapter: {run / 'adapter'}")  # fmt: skip
    line(f"Next: andraeus-tui evaluate --project {project.folder}")


def show_runs(folder: Path, output: str) -> None:
    """All runs, as their folders tell."""
    runs = all_runs(Project(folder).runs)
    if output == "json":
        document({"runs": [_as_dict(run) for run in runs]})
        return
    if not runs:
        note("No runs yet.")
        return
    rows = [
        (run.name, run.parent.run if run.parent else "", run.state.value, f"{run.step}/{run.total_steps}", "" if run.dev_recall is None else f"{run.dev_recall:.2f}",
         "yes" if run.evaluated else "", run.message[:120])
        for run in runs
    ]  # fmt: skip
    table(("run", "from", "state", "step", "dev recall", "evaluated", ""), rows)


def _as_dict(run: Run) -> dict[str, object]:
    return {
        "name": run.name,
        "from": run.parent.run if run.parent else None,
        "facts": run.parent.counts if run.parent else None,
        "state": run.state.value,
        "step": run.step,
        "total_steps": run.total_steps,
        "dev_recall": run.dev_recall,
        "evaluated": run.evaluated,
        "can_resume": run.can_resume,
        "message": run.message,
    }


def fetch(folder: Path | None, model: str | None) -> None:
    """Get a model ready: download it from the hub, because the user asked for it, or convert the embedded one."""
    name = model or (Project(folder).settings.model.name if folder else EMBEDDED)
    if Path(name).expanduser().is_dir():
        line(f"The model {name} needs no download.")
        return
    last = follow(
        Job("trainers", "fetch", FetchJob(model=name, cache=str(cache_folder()))).events(), EventPrinter("text")
    )
    if not isinstance(last, Finished):
        raise AndraeusError("The model was not fetched.")
    line(f"The model {name} is ready in {last.result['path']}.")
