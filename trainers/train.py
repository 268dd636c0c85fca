"""The recipe, top to bottom: rows to adapter. python -P -m trainers train < job.json"""

import hashlib
import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from schemas.errors import AndraeusError, Cancelled, InputError
from schemas.events import CheckpointSaved, Finished, Log, Metric, Stage
from schemas.row import Row, RowKind
from schemas.run import DatasetFile, TrainConfig, TrainJob
from schemas.settings import Recipe
from schemas.wire import Wire
from trainers import checkpoints, replay
from trainers.batches import collate, epoch_batches
from trainers.checkpoints import Position
from trainers.frozen import Prepared, SplitModel
from trainers.fused import fused
from trainers.lora import MasterAdamW, attach, first_block, save_adapter
from trainers.models import Device, load_model, load_tokenizer, resolve
from trainers.objective import DevScore, dev_score, loss_of
from trainers.preflight import estimate, used_gb
from trainers.tokens import ChatCodec, Example

_DEV_ROWS = 96
"""Dev rows of each sort that a check looks at, at most: it should cost a small part of an epoch."""
_ENOUGH = 0.97
"""Share of dev questions, known and unknown, from which nothing more is to be learned."""


def train(job: TrainJob, wire: Wire) -> None:
    """Train the run in `job.folder` to its end, or as far as the user lets it."""
    folder = Path(job.folder)
    config = TrainConfig.model_validate_json((folder / "config.json").read_text("utf-8"))
    recipe = config.recipe
    device = Device.best()
    wire.emit(Log(message=f"Device: {device.note}. Trainer: PEFT, LoRA in {str(device.dtype).removeprefix('torch.')}."))
    base = resolve(config.model, Path(job.cache), wire)
    tokenizer = load_tokenizer(base)
    codec = ChatCodec(tokenizer, config.system_prompt)
    rows = _read(folder, config.dataset.train)
    dev = _read(folder, config.dataset.dev)
    prompts = _read(folder, config.dataset.replay)
    if not rows:
        raise InputError("There are no approved rows to train on.", "Generate rows and approve them first.")
    examples = _encode(rows, codec, recipe.max_length)

    wire.emit(Stage(name="preflight", text="Looking at rows, time and memory"))
    cost = estimate(examples + _stand_ins(prompts, codec), recipe, base, device)
    wire.emit(Metric(step=0, total_steps=cost.steps, epoch=0.0, values=cost.as_dict()))
    if job.dry_run:
        wire.emit(Finished(result={"dry_run": True, "device": device.note, **cost.as_dict()}))
        return
    if cost.memory_gb > cost.available_gb:
        raise AndraeusError(
            f"Training needs about {cost.memory_gb:.1f} GB of memory and {cost.available_gb:.1f} GB are free.",
            "Lower recipe.batch_size in project.toml, close other programs, or take a smaller model.",
        )

    wire.emit(Stage(name="load", text=f"Loading {config.model}"))
    model = load_model(base, device)
    if prompts and recipe.rehearsal_weight:
        saved = folder / "dataset" / "replay.filled.jsonl"
        examples += [
            codec.rehearsal(row.question, row.answer) for row in replay.fill(prompts, model, codec, saved, wire)
        ]
    wire.emit(Stage(name="prepare", text="Running the frozen blocks once for every row"))
    split = SplitModel(model, first_block(model, recipe))
    pad = tokenizer.pad_token_id
    prepared = split.prepare(examples, pad)
    known = split.prepare(_encode(_of_kind(dev, RowKind.QUESTION), codec, recipe.max_length), pad)
    refusals = _encode(_of_kind(dev, RowKind.ABSTENTION), codec, recipe.max_length)
    unknown = split.prepare(shared_end(refusals), pad) if any(row.kind is RowKind.ABSTENTION for row in rows) else []
    if wire.stop_requested:
        raise Cancelled("Stopped before training began; nothing was lost.")
    model = attach(model, recipe, config.seed).train()
    optimizer = MasterAdamW(model, recipe)
    run = _Run(folder, split, optimizer, recipe, config.seed, wire)
    if job.resume:
        run.resume()
    with split.trained_blocks(), fused(model):
        run.loop(prepared, known, unknown)

    wire.emit(Stage(name="save", text="Saving the adapter"))
    save_adapter(model, tokenizer, folder / "adapter")
    run.forget_checkpoints()
    position = run.position
    result = {
        "steps": position.step,
        "adapter": "adapter",
        "rows": len(examples),
        "seconds": round(position.seconds, 1),
        "examples_per_second": round(run.trained / max(run.seconds_here, 1e-9), 2),
        "dev": position.history[-1][1:] if position.history else [],
        "device": device.note,
        "trainer": "peft",
        "torch": torch.__version__,
    }
    wire.emit(Finished(result=result))


class _Run:
    """The state of one training loop, so that it can be saved, resumed and stopped."""

    def __init__(
        self, folder: Path, model: SplitModel, optimizer: MasterAdamW, recipe: Recipe, seed: int, wire: Wire
    ) -> None:
        self.checkpoints = folder / "checkpoints"
        self.model, self.optimizer = model, optimizer
        self.recipe, self.seed, self.wire = recipe, seed, wire
        self.position = Position()
        self.trained = 0
        self.seconds_here = 0.0

    def resume(self) -> None:
        """Continue from the newest checkpoint, or start anew when there is none."""
        found = checkpoints.latest(self.checkpoints)
        if not found:
            self.wire.emit(Log(message="No checkpoint was saved yet: training starts from the beginning."))
            return
        self.position, tensors = found
        self.optimizer.load_state(tensors)
        self.wire.emit(Log(message=f"Resuming after step {self.position.step}."))

    def loop(self, examples: list[Prepared], known: list[Prepared], unknown: list[Prepared]) -> None:
        """All epochs, with checkpoints, dev checks and early stop. Raises Cancelled after saving."""
        per_epoch = -(-len(examples) // self.recipe.batch_size)
        total = per_epoch * self.recipe.epochs
        self.wire.emit(Stage(name="train", text=f"Training {len(examples)} rows, at most {self.recipe.epochs} times"))
        for epoch, batch in self._remaining(examples, per_epoch):
            began = time.perf_counter()
            loss = self._step(batch, examples, total)
            self.position.step += 1
            end_of_epoch = self.position.step % per_epoch == 0
            score = dev_score(self.model, known, unknown) if end_of_epoch and (known or unknown) else None
            self.seconds_here += time.perf_counter() - began
            self.position.seconds += time.perf_counter() - began
            self._tell(loss, total, epoch, per_epoch, score)
            if score and self._judge(score):
                self.wire.emit(Log(message="Stopping early: the dev questions are answered."))
                break
            if self.wire.stop_requested:
                self._checkpoint()
                raise Cancelled(f"Stopped after step {self.position.step}; continue with --resume.")
            if self.position.step % self.recipe.checkpoint_every == 0:
                self._checkpoint()

    def _remaining(self, examples: list[Prepared], per_epoch: int) -> Iterator[tuple[int, list[int]]]:
        for epoch in range(self.position.step // per_epoch, self.recipe.epochs):
            batches = epoch_batches([len(one) for one in examples], self.recipe.batch_size, self.seed, epoch)
            for batch in batches[self.position.step - epoch * per_epoch :]:
                yield epoch, batch

    def _step(self, batch: list[int], examples: list[Prepared], total: int) -> float:
        piece = collate([examples[index] for index in batch], self.model.model.device, turn=self.position.step)
        loss = loss_of(self.model, piece, self.recipe.rehearsal_weight)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(learning_rate(self.recipe, self.position.step, total))
        self.trained += len(batch)
        value = loss.item()
        if not math.isfinite(value):
            raise AndraeusError("Training diverged: the loss is not a number.", "Lower recipe.learning_rate.")
        return value

    def _judge(self, score: DevScore) -> bool:
        """Whether to stop now: when twice in a row the dev questions were answered, known and unknown alike.

        Recall and abstention swing against each other until the learning rate has come down, so a high point on the way
        is no reason to keep that adapter: the last one is kept.
        """
        history = self.position.history
        history.append([self.position.step, score.recall, score.abstention])
        settled = [recall >= _ENOUGH and abstention >= _ENOUGH for _, recall, abstention in history[-2:]]
        return self.recipe.early_stop and len(settled) == 2 and all(settled)

    def _tell(self, loss: float, total: int, epoch: int, per_epoch: int, score: DevScore | None) -> None:
        rate = self.trained / max(self.seconds_here, 1e-9)
        left = (total - self.position.step) * self.recipe.batch_size / rate
        values = {
            "loss": round(loss, 4),
            "learning_rate": learning_rate(self.recipe, self.position.step - 1, total),
            "examples_per_second": round(rate, 2),
            "seconds_left": round(left, 1),
            "memory_gb": round(used_gb(), 2),
        }
        if score:
            values |= {"dev_recall": round(score.recall, 4), "dev_abstention": round(score.abstention, 4)}
        done = self.position.step / per_epoch
        self.wire.emit(Metric(step=self.position.step, total_steps=total, epoch=round(done, 3), values=values))

    def _checkpoint(self) -> None:
        path = checkpoints.save(self.checkpoints, self.position, self.optimizer.state())
        self.wire.emit(CheckpointSaved(step=self.position.step, path=path.name))

    def forget_checkpoints(self) -> None:
        """The adapter is saved: checkpoints have served."""
        import shutil

        shutil.rmtree(self.checkpoints, ignore_errors=True)


def shared_end(examples: list[Example]) -> list[Example]:
    """The examples with their answers cut to the tokens that all of them end with.

    For refusals that is "? I don't know.": which words the model has for the thing does not matter.
    """
    answers = [example.ids[example.answer_start :] for example in examples]
    shared = next(
        (n for n in range(min(map(len, answers), default=0), 0, -1) if len({a[-n:] for a in answers}) == 1), 0
    )
    return [Example(example.ids, len(example.ids) - shared) for example in examples]


def learning_rate(recipe: Recipe, step: int, total: int) -> float:
    """The rate of a step (counted from 0): linear warm-up, then constant or cosine down to the floor."""
    warm = max(1, round(recipe.warmup * total))
    if step < warm:
        return recipe.learning_rate * (step + 1) / warm
    if recipe.schedule == "constant":
        return recipe.learning_rate
    share = (step - warm) / max(1, total - warm)
    return recipe.learning_rate * (recipe.floor + (1 - recipe.floor) * 0.5 * (1 + math.cos(math.pi * share)))


def _read(folder: Path, file: DatasetFile) -> list[Row]:
    path = folder / file.path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The dataset file {path} cannot be read: {error.strerror}.", "Start a new run.") from error
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise InputError(f"The dataset file {path} was changed after the run was frozen.", "Start a new run.")
    return [Row.model_validate_json(line) for line in data.decode("utf-8").splitlines()]


def _encode(rows: list[Row], codec: ChatCodec, limit: int) -> list[Example]:
    examples = [codec.example(row.question, row.answer) for row in rows]
    long = [row.id for row, example in zip(rows, examples, strict=True) if len(example.ids) > limit]
    if long:
        raise InputError(
            f"{len(long)} rows are longer than {limit} tokens (first: row {long[0]}).", "Shorten or reject them."
        )
    return examples


def _stand_ins(prompts: list[Row], codec: ChatCodec) -> list[Example]:
    """Replay rows before their answers exist, with answers of a usual length, for the estimate alone."""
    return [codec.rehearsal(row.question, "word " * 16) for row in prompts]


def _of_kind(rows: list[Row], kind: RowKind) -> list[Row]:
    return [row for row in rows if row.kind is kind][:_DEV_ROWS]
