"""The model writes: a server is found or started, every fact is asked for in every register, good wordings become rows."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generators.checks import RowChecker
from generators.paraphrase.asking import Asking
from generators.paraphrase.asks import registers
from generators.paraphrase.client import connect, key_from_environment
from generators.paraphrase.encoder import Encoder
from generators.paraphrase.relevance import Relevance
from generators.paraphrase.server import REQUESTS, serving
from generators.paraphrase.tally import Tally
from generators.paraphrase.verdicts import Verdicts
from generators.writers import Writer, host_of, is_loopback
from schemas.events import Log, Stage
from schemas.fact import Fact
from schemas.row import Origin, ReviewState, Row
from schemas.run import GenerateJob
from schemas.settings import Backend
from schemas.weights import ENCODER_INSTALL, encoder_folder
from schemas.wire import Wire

ELSEWHERE_AT_ONCE = 4
"""Requests at a time for servers that are not ours: most of them work on few at once."""


@dataclass(frozen=True)
class Place:
    """Where the model is."""

    url: str
    model: str
    key: str | None
    concurrency: int


def write(
    job: GenerateJob, writer: Writer, wanted: dict[str, int], checker: RowChecker, tally: Tally, wire: Wire
) -> None:
    """Ask for what is missing of `wanted` wordings a fact (by id), tell each as it comes and count in `tally`.

    Raises AndraeusError when the model cannot be reached, Cancelled when somebody asks to stop. What was told before stands.
    """
    begun = time.monotonic()
    tally.wanted = sum(wanted.values())
    there = there_by_fact(job.kept)
    tally.there = sum(min(count, there[fact_id]) for fact_id, count in wanted.items())
    missing = {fact_id: count - there[fact_id] for fact_id, count in wanted.items() if count > there[fact_id]}
    if not missing:
        return
    with _one_thread() as pool, _recording(job.record) as record:
        # The encoder is read while the server loads.
        relevance = pool.submit(_relevance, list(job.facts), wire)
        with _place(job, writer, len(missing) * len(registers()), tally, begun, wire) as place:
            asyncio.run(_ask(job, missing, place, relevance, checker, record, tally, pool, wire))
    tally.seconds["all"] = time.monotonic() - begun


def there_by_fact(kept: tuple[Row, ...]) -> Counter[str]:
    """How many wordings of a model each fact has, those that a person rejected left out."""
    rows = (row for row in kept if row.origin is Origin.MODEL and row.state is not ReviewState.REJECTED)
    return Counter(fact_id for row in rows for fact_id in row.fact_ids)


@contextlib.contextmanager
def _one_thread() -> Iterator[ThreadPoolExecutor]:
    """A thread that nobody waits for when something went wrong: the process ends then anyway."""
    pool = ThreadPoolExecutor(1, "judge")
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextlib.contextmanager
def _recording(path: str) -> Iterator[IO[str] | None]:
    if not path:
        yield None
        return
    with Path(path).open("a", encoding="utf-8") as file:  # private: workers make files with mode 0600
        yield file


def _relevance(facts: list[Fact], wire: Wire) -> Relevance | None:
    folder = encoder_folder()
    if folder is None:
        message = f"Meaning is not checked: the encoder is not installed ({ENCODER_INSTALL})."
        wire.emit(Log(level="warning", message=message))
        return None
    return Relevance(Encoder(folder), facts)


@contextlib.contextmanager
def _place(job: GenerateJob, writer: Writer, asks: int, tally: Tally, begun: float, wire: Wire) -> Iterator[Place]:
    settings = job.settings
    if writer.backend is Backend.VLLM:
        with serving(job.model, asks, wire) as served:
            tally.seconds["load"] = served.load_seconds
            yield Place(served.url, served.model, served.key, settings.concurrency or REQUESTS)
        return
    if not is_loopback(settings.endpoint):
        message = f"The facts leave this machine: they are sent to {host_of(settings.endpoint)}."
        wire.emit(Log(level="warning", message=message))
    tally.seconds["load"] = time.monotonic() - begun
    yield Place(
        settings.endpoint,
        settings.endpoint_model,
        key_from_environment(),
        settings.concurrency or ELSEWHERE_AT_ONCE,
    )


async def _ask(
    job: GenerateJob,
    missing: dict[str, int],
    place: Place,
    relevance: "Future[Relevance | None]",
    checker: RowChecker,
    record: IO[str] | None,
    tally: Tally,
    pool: ThreadPoolExecutor,
    wire: Wire,
) -> None:
    client = await connect(place.url, place.model, place.key, place.concurrency)
    try:
        meaning = await asyncio.wrap_future(relevance)
        verdicts = Verdicts(list(job.facts), checker, meaning, tally, wire, record)
        name = Path(job.model).name if job.model else client.model
        wire.emit(Stage(name="paraphrase", text=f"{name} writes questions for {len(missing)} facts"))
        await Asking(job, missing, client, verdicts, place.concurrency, tally, pool, wire).run()
    finally:
        tally.tokens = {"prompt": client.usage.prompt_tokens, "completion": client.usage.completion_tokens}
        await client.close()
