"""prime: an adapter that can read questions and knows nothing, for a base model that has none."""

import shutil
from pathlib import Path

from andraeus_tui.commands.show import EventPrinter, line
from andraeus_tui.jobs import Job, exit_code_of, stop_on_signals
from andraeus_tui.priming import prime_job
from andraeus_tui.project import cache_folder
from andraeus_tui.runs import claim
from schemas.events import TERMINAL, Event, Finished
from schemas.settings import Preset, Trainer


def prime(model: str, preset: str, trainer: str, output: str) -> int:
    """Train it in a worker process; the exit code says how it ended."""
    tell = EventPrinter(output)
    told = prime_job(model, Preset(preset), Trainer(trainer), cache_folder())
    job = Job("trainers", "prime", told, claim(Path(told.folder)))
    stop_on_signals(job)
    last: Event | None = None
    for event in job.events():
        tell(event)
        if isinstance(event, TERMINAL):
            last = event
    assert last is not None
    if isinstance(last, Finished):
        shutil.rmtree(told.folder)
    if isinstance(last, Finished) and not tell.json:
        line(f"Training with {model} begins with {last.result['primer']} from now on.")
    return int(exit_code_of(last))
