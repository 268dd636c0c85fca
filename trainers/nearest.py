"""Finds the texts that mean most nearly the same, by cosine: python -P -m trainers nearest < job.json"""

from schemas.errors import InputError
from schemas.events import Finished, Progress, Stage
from schemas.run import NearestJob
from schemas.weights import ENCODER_INSTALL, encoder_folder
from schemas.wire import Wire
from trainers.encoder import Encoder
from trainers.models import Device


def nearest(job: NearestJob, wire: Wire) -> None:
    """`finished` with `nearest`: for each query the numbers of the texts, nearest first, `count` of them.

    Raises InputError when the encoder is not installed.
    """
    folder = encoder_folder()
    if not folder:
        raise InputError("The sentence encoder is not installed.", f"Install it: {ENCODER_INSTALL}")
    wire.emit(Stage(name="load", text="Loading the sentence encoder"))
    device = Device.best()
    encoder = Encoder(folder, device.name)
    total = len(job.texts) + len(job.queries)
    wire.emit(Stage(name="encode", text=f"Encoding {total} texts"))
    vectors = encoder.encode(
        [*job.texts, *job.queries], lambda done: wire.emit(Progress(stage="encode", done=done, total=total))
    )
    texts, queries = vectors[: len(job.texts)], vectors[len(job.texts) :]
    best = (queries @ texts.T).topk(min(job.count, len(job.texts)), dim=1).indices if len(queries) else queries
    wire.emit(Finished(result={"nearest": best.tolist(), "encoder": "all-MiniLM-L6-v2", "device": device.note}))
