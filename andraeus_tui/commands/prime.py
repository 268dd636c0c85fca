"""prime: an adapter that can read questions and knows nothing, for a base model that has none."""

import shutil
from pathlib import Path

from andraeus_tui.commands.show import EventPrinter, follow, line
from andraeus_tui.jobs import Job, exit_code_of, stop_on_signals
from andraeus_tui.priming import prime_job
from andraeus_tui.project import cache_folder
from andraeus_tui.runs import claim
from schemas.events import Finished
from schemas.run import FetchJob
from schemas.settings import Preset, Trainer


def prime(model: str, preset: str, trainer: str, output: str) -> int:
    """Train it in a worker process; the exit code says how it ended."""
    tell = EventPrinter(output)
    # Before rows are made: a model that is not there is told at once.
    looked = Job("trainers", "resolve", FetchJob(model=model, cache=str(cache_folder()))).events()
    found = follow(looked, lambda event: None if isinstance(event, Finished) else tell(event))
    if not isinstance(found, Finished):
        return int(exit_code_of(found))
    told = prime_job(model, Preset(preset), Trainer(trainer), cache_folder())
    job = Job("trainers", "prime", told, claim(Path(told.folder)))
    stop_on_signals(job)
    last = follow(job.events(), tell)
    if isinstance(last, Finished):
        shutil.rmtree(told.folder)
    if isinstance(last, Finished) and not tell.json:
        line(f"Training with {model} begins with {last.result['primer']} from now on.")
    return int(exit_code_of(last))
