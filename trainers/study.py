"""Runs the cells of a planned study, one arm and one person each; what is done is not done again.

    python -P -m trainers study < job.json                                  (one after the other, as the app does)
    python -P -m trainers.study FOLDER --model FOLDER --slots 14 --limit 540      (many at once, on a GPU machine)

It needs torch, transformers, peft and pydantic; no project, no network.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from schemas.errors import AndraeusError, Cancelled, InputError
from schemas.evaluation import Question
from schemas.events import Finished, Log, Progress, Stage, parse_event
from schemas.run import AnswerJob, MeasureJob, TrainConfig, TrainJob
from schemas.study import Cell, StudyJob
from schemas.weights import take_adapter
from schemas.wire import Wire

CELL_FILE, ANSWERS_FILE, MEASURED_FILE = "cell.json", "answers.jsonl", "measured.json"


def study(job: StudyJob, wire: Wire) -> None:
    """Every open cell in turn. A cell that fails is told and passed over; `finished` says how many are done."""
    folder = Path(job.folder)
    cells = open_cells(folder)
    failed = 0
    wire.emit(Stage(name="study", text=f"{len(cells)} cells to run"))
    for done, path in enumerate(cells, start=1):
        try:
            run_cell(folder, path, job.model, job.cache, lambda: wire.stop_requested)
        except Cancelled:
            raise
        except AndraeusError as error:
            failed += 1
            wire.emit(Log(level="warning", message=f"{path.parent.name}, {path.name}: {error}"))
        if wire.stop_requested:
            raise Cancelled(f"Stopped after {done} of {len(cells)} cells; the same command goes on.")
        wire.emit(Progress(stage="study", done=done, total=len(cells)))
    wire.emit(Finished(result={"cells": len(cells), "failed": failed}))


def open_cells(folder: Path) -> list[Path]:
    """Cells that are not done: person by person, so that a study that is cut off has all arms of some people.

    Of a person's the largest come first, those that continue another cell's adapter after it, and those that are asked
    with the adapter of somebody else last of all.
    """
    found = [
        (path.parent, Cell.model_validate_json(path.read_bytes())) for path in folder.glob(f"cells/*/*/{CELL_FILE}")
    ]
    waiting = [(path, cell) for path, cell in found if not _is_done(path, cell)]
    waiting.sort(
        key=lambda one: (
            _borrows(one[0], one[1], folder),
            one[1].person,
            _chain(one[1], folder),
            -_size(one[0]),
            str(one[0]),
        )
    )
    return [path for path, _ in waiting]


def _is_done(path: Path, cell: Cell) -> bool:
    return (path / ANSWERS_FILE).is_file() and (not cell.measure or (path / MEASURED_FILE).is_file())


def _borrows(path: Path, cell: Cell, folder: Path) -> bool:
    return cell.adapter is not None and folder / cell.adapter != path / "adapter"


def _chain(cell: Cell, folder: Path) -> int:
    """How many adapters have to be trained before this cell's own, one after the other."""
    if not cell.start:
        return 0
    before = (folder / cell.start).with_name(CELL_FILE)
    return 1 + _chain(Cell.model_validate_json(before.read_bytes()), folder)


def _size(path: Path) -> int:
    rows = path / "dataset" / "train.jsonl"
    return rows.stat().st_size if rows.is_file() else 0


def run_cell(folder: Path, path: Path, model: str, cache: str, stop: Callable[[], bool] = lambda: False) -> None:
    """Train if the cell does, then answer, then measure; each step once. Raises what the step raises.

    Raises InputError when the adapter of another cell is not there (yet).
    """
    cell = Cell.model_validate_json((path / CELL_FILE).read_bytes())
    adapter = folder / cell.adapter if cell.adapter else None
    if cell.train and adapter and not _is_whole(adapter):
        _train(path, model, cache, stop, folder / cell.start if cell.start else None)
    if adapter and not _is_whole(adapter):
        raise InputError(f"The adapter {cell.adapter} is missing.", "Run the study again.")
    if not (path / ANSWERS_FILE).is_file():
        _answer(folder, path, cell, model, cache, adapter, stop)
    if cell.measure and not (path / MEASURED_FILE).is_file():
        _measure(folder, path, model, cache, adapter, stop)


def _is_whole(adapter: Path) -> bool:
    return (adapter / "adapter_model.safetensors").is_file()


class _Recorder(Wire):
    """A wire whose events go into a file, and that hears of a stop from whoever runs the study."""

    def __init__(self, out: TextIO, stop: Callable[[], bool]) -> None:
        super().__init__(out, sys.stdin, must_save=False)
        self._wants_stop = stop

    @property
    def stop_requested(self) -> bool:
        """Whether to save and leave."""
        return self._wants_stop()


def _train(path: Path, model: str, cache: str, stop: Callable[[], bool], start: Path | None) -> None:
    from trainers.train import train

    resume = (path / "checkpoints").is_dir()
    # The plan may come from another machine, where the model lies elsewhere.
    config = TrainConfig.model_validate_json((path / "config.json").read_bytes()).model_copy(update={"model": model})
    if config.parent and start and not (resume and config.parent.sha256):
        # When this was planned, the adapter to continue was not trained yet.
        taken = take_adapter(start, path / config.parent.adapter)
        config = config.model_copy(update={"parent": config.parent.model_copy(update={"sha256": taken})})
    _write(path / "config.json", config.model_dump_json(indent=2))
    with (path / "events.jsonl").open("a", encoding="utf-8") as out:
        train(TrainJob(folder=str(path), cache=cache, resume=resume), _Recorder(out, stop))


def _answer(
    folder: Path, path: Path, cell: Cell, model: str, cache: str, adapter: Path | None, stop: Callable[[], bool]
) -> None:
    from trainers.answer import answer

    lines = (folder / cell.questions / "questions.jsonl").read_text("utf-8").splitlines()
    contexts = path / "contexts.json"
    job = AnswerJob(
        model=model,
        system_prompt="",
        cache=cache,
        adapter=str(adapter) if adapter else None,
        base=adapter is None,
        questions=tuple(Question.model_validate_json(line) for line in lines),
        max_new_tokens=cell.max_new_tokens,
        batch_size=cell.batch_size,
        contexts=json.loads(contexts.read_text("utf-8")) if contexts.is_file() else {},
    )
    part = path / "answers.part"
    with part.open("w", encoding="utf-8") as out:
        answer(job, _Recorder(out, stop))
    part.rename(path / ANSWERS_FILE)


def _measure(folder: Path, path: Path, model: str, cache: str, adapter: Path | None, stop: Callable[[], bool]) -> None:
    from trainers.measure import measure

    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    job = MeasureJob(model=model, cache=cache, adapter=str(adapter) if adapter else None, texts=tuple(texts))
    part = path / "measured.part"
    with part.open("w", encoding="utf-8") as out:
        measure(job, _Recorder(out, stop))
    events = [parse_event(line) for line in part.read_text("utf-8").splitlines()]
    result = next(event.result for event in events if isinstance(event, Finished))
    _write(path / MEASURED_FILE, json.dumps(result))
    part.unlink()


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.new")
    part.write_text(text, "utf-8")
    part.replace(path)


def _work(folder: str, number: int, cards: list[str], jobs: list[str], model: str, cache: str, until: float) -> None:
    """One of many processes: every so-manieth cell, on one card. Before torch is loaded it is told which."""
    if cards:
        os.environ["CUDA_VISIBLE_DEVICES"] = cards[number % len(cards)]
    import torch

    torch.set_num_threads(1)
    for job in jobs:
        path = Path(job)
        lock = path / "taken"
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            continue
        began = time.monotonic()
        try:
            if began < until:
                run_cell(Path(folder), path, model, cache, lambda: time.monotonic() > until)
                print(f"{path.parent.name}/{path.name}: {time.monotonic() - began:.0f} s", flush=True)
        except Cancelled:
            print(f"{path.parent.name}/{path.name}: cut off, goes on next time", flush=True)
        except Exception as error:
            # Whatever goes wrong with one cell, the others count.
            print(f"{path.parent.name}/{path.name}: {type(error).__name__}: {str(error)[:300]}", flush=True)
        finally:
            lock.unlink()


def main() -> int:
    """Many cells at once. Exit code 1 when some are left."""
    import multiprocessing

    options = argparse.ArgumentParser(description="Run the cells of a planned study on this machine.")
    options.add_argument("folder", type=Path)
    options.add_argument("--model", required=True, help="embedded, or a folder with safetensors")
    options.add_argument("--cache", default=str(Path.home() / ".cache" / "andraeus"))
    options.add_argument("--slots", type=int, default=1, help="cells at once")
    options.add_argument("--limit", type=float, default=1e9, help="seconds after which no step goes on")
    given = options.parse_args()
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    until = time.monotonic() + given.limit
    for lock in given.folder.glob("cells/*/*/taken"):
        lock.unlink()
    cards = _cards()
    context = multiprocessing.get_context("spawn")
    # First all that train from scratch, then those that continue what these left, and so on; at last who borrows.
    parts: dict[tuple[bool, int], list[str]] = {}
    for path in open_cells(given.folder):
        parts.setdefault(_turn(given.folder, path), []).append(str(path))
    for _, jobs in sorted(parts.items()):
        workers = [
            context.Process(
                target=_work, args=(str(given.folder), number, cards, jobs, given.model, given.cache, until)
            )
            for number in range(min(given.slots, len(jobs)))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    left = len(open_cells(given.folder))
    print(f"{left} cells are left." if left else "All cells are done.")
    return 1 if left else 0


def _turn(folder: Path, path: Path) -> tuple[bool, int]:
    cell = Cell.model_validate_json((path / CELL_FILE).read_bytes())
    return _borrows(path, cell, folder), _chain(cell, folder)


def _cards() -> list[str]:
    """The GPUs that there are, as CUDA_VISIBLE_DEVICES names them, without loading torch into this process."""
    import subprocess

    code = "import torch; print(torch.cuda.device_count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return (named or [str(number) for number in range(int(done.stdout))])[: int(done.stdout)]


if __name__ == "__main__":
    sys.exit(main())
