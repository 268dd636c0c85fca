"""Trains a primer and keeps it where training looks for it: python -P -m trainers prime < job.json"""

from pathlib import Path

from schemas.events import Event, Finished
from schemas.primed import keep_questions
from schemas.run import PrimeJob, TrainConfig, TrainJob
from schemas.weights import take_adapter
from schemas.wire import Wire
from trainers.models import resolve
from trainers.primer import keep_as
from trainers.train import train


def prime(job: PrimeJob, wire: Wire) -> None:
    """Train the run in `job.folder`, or as far as the user lets it; its adapter becomes the primer."""
    folder, cache = Path(job.folder), Path(job.cache)
    told = _Until(wire)
    train(TrainJob(folder=job.folder, cache=job.cache, resume=job.resume), told)
    if told.finished:
        config = TrainConfig.model_validate_json((folder / "config.json").read_text("utf-8"))
        place = keep_as(resolve(config.model, cache, wire), config.recipe, cache)
        keep_questions(folder / config.dataset.train.path, folder / "adapter")
        sha256 = take_adapter(folder / "adapter", place)
        wire.emit(Finished(result=told.finished.result | {"primer": str(place), "sha256": sha256}))


class _Until(Wire):
    """Passes everything on but the end, after which there is something left to do."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.finished: Finished | None = None

    def emit(self, event: Event) -> None:
        if isinstance(event, Finished):
            self.finished = event
        else:
            self._wire.emit(event)

    @property
    def stop_requested(self) -> bool:
        return self._wire.stop_requested
