"""The recipe, top to bottom: rows to adapter. python -P -m trainers train < job.json"""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from schemas.errors import AndraeusError, Cancelled, InputError
from schemas.events import Finished, Log, Metric, Progress, Stage
from schemas.row import Row, RowKind
from schemas.run import TrainConfig, TrainJob
from schemas.settings import Recipe, Trainer
from schemas.weights import sha256_of
from schemas.wire import Wire
from trainers import replay, spare
from trainers.backends import Choice, choose, open_libraries
from trainers.batches import Feed
from trainers.clock import Clock
from trainers.dataset import dev_rows, emphasised, encode, read_rows, shared_end, stand_ins
from trainers.frozen import Prepared, SplitModel
from trainers.fused import fused
from trainers.gate import learn, load_gate, no_gate
from trainers.loop import Loop
from trainers.lora import attach, first_block, load_weights, save_adapter
from trainers.models import Device, load_model, load_tokenizer, resolve
from trainers.optimizer import MasterAdamW
from trainers.pacing import Pace, free_bytes, steps_for, wants_graphs
from trainers.preflight import estimate
from trainers.primer import primer_for
from trainers.ranks import gather
from trainers.reader import encoder_for, learn_reader
from trainers.rule import PLAIN, PRIMED
from trainers.second_look import SecondLook, load_second_look, second_look_of
from trainers.tokens import ChatCodec


def train(job: TrainJob, wire: Wire) -> None:
    """Train the run in `job.folder` to its end, or as far as the user lets it."""
    clock = Clock()
    folder = Path(job.folder)
    config = TrainConfig.model_validate_json((folder / "config.json").read_text("utf-8"))
    recipe = config.recipe
    rows, dev, prompts = (
        read_rows(folder, file) for file in (config.dataset.train, config.dataset.dev, config.dataset.replay)
    )
    if not rows:
        raise InputError("There are no approved rows to train on.", "Generate rows and approve them first.")
    base = resolve(config.model, Path(job.cache), wire)
    clock.mark("torch")
    cuda = torch.cuda.is_available()
    choice = choose(config.trainer, base, torch.cuda.get_device_properties(0).total_memory if cuda else 0)
    short = (len(rows) + len(prompts)) * recipe.epochs < _SHORT * recipe.batch_size
    clock.mark("gpu")
    ranks = gather(job, choice.records, wire)
    if choice.trainer is not Trainer.UNSLOTH:
        spare.leave_out()
    choice = open_libraries(choice, config.trainer, Path(job.cache), short, wire)
    # cuDNN's attention plans anew for every length of rows.
    torch.backends.cuda.enable_cudnn_sdp(False)
    tokenizer = load_tokenizer(base)
    ranks.join()
    clock.mark("import")

    device = Device.best(base)
    precision = "4 bits (NF4)" if choice.four_bit else str(device.dtype).removeprefix("torch.")
    wire.emit(
        Log(message=f"Device: {device.note}. Trainer: {choice.trainer.value}, base in {precision}: {choice.why}.")
    )
    if config.parent:
        wire.emit(Log(message=f"Continuing from run {config.parent.run}. Facts: {config.parent.text}."))
        if config.parent.note:
            wire.emit(Log(level="warning", message=config.parent.note))
    primer = primer_for(base, recipe, Path(job.cache)) if recipe.primer and not config.parent else None
    if recipe.primer and not config.parent:
        wire.emit(_about_primer(primer, config.model))
    wire.emit(Stage(name="preflight", text="Looking at rows, time and memory"))
    codec = ChatCodec(tokenizer, config.system_prompt)
    examples = encode(emphasised(rows), codec, recipe.max_length)
    questions = [row.question for row in emphasised(rows)]
    cost = estimate(examples + stand_ins(prompts, codec), recipe, base, device, choice.four_bit)
    wire.emit(Metric(step=0, total_steps=cost.steps, epoch=0.0, values=cost.as_dict()))
    if job.dry_run:
        wire.emit(
            Finished(result={"dry_run": True, "device": device.note, "trainer": choice.trainer.value, **cost.as_dict()})
        )
        return
    if cost.memory_gb > cost.available_gb:
        raise AndraeusError(
            f"Training needs about {cost.memory_gb:.1f} GB of memory and {cost.available_gb:.1f} GB are free.",
            "Lower recipe.batch_size in project.toml, close other programs, or take a smaller model.",
        )
    clock.mark("preflight")

    wire.emit(Stage(name="load", text=f"Loading {config.model}"))
    model = _load(choice, base, device, recipe, config.seed)
    clock.mark("load")
    if prompts and recipe.rehearsal_weight:
        saved = folder / "dataset" / "replay.filled.jsonl"
        if ranks.leads:
            replay.fill(prompts, model, codec, saved, wire)
        ranks.wait()
        filled = replay.fill(prompts, model, codec, saved, wire)
        examples += [codec.rehearsal(row.question, row.answer) for row in filled]
        questions += [row.question for row in filled]
        clock.mark("rehearsal")

    wire.emit(Stage(name="prepare", text="Running the frozen blocks once for every row"))
    split = SplitModel(model, first_block(model, recipe))
    pad = tokenizer.pad_token_id
    prepared = split.prepare(examples, pad, lambda done: _tell("prepare", done, len(examples), wire))
    gate = learn(prepared, questions, codec, split.first) if recipe.gate and ranks.leads else None
    if recipe.gate and config.parent and gate is None:
        # An update may have few general prompts; the gate of the adapter that it continues has seen more.
        gate = load_gate(folder / config.parent.adapter)
    if recipe.gate and ranks.leads and gate is None:
        wire.emit(Log(level="warning", message=no_gate(len(prompts))))
    look = _second_look(rows, folder, config, primer, device, wire) if recipe.second_look and ranks.leads else None
    feed = Feed(prepared, model.device, room=free_bytes(model.device) / 4)
    del prepared
    known = split.prepare(encode(dev_rows(dev, RowKind.QUESTION), codec, recipe.max_length), pad)
    refusals = encode(dev_rows(dev, RowKind.ABSTENTION), codec, recipe.max_length)
    unknown = split.prepare(shared_end(refusals), pad) if any(row.kind is RowKind.ABSTENTION for row in rows) else []
    tuned = _attach(choice, model, recipe, config.seed)
    if config.parent:
        # Only now: the frozen base, without any adapter, has said above what training is to stay close to.
        load_weights(tuned, folder / config.parent.adapter, config.parent.sha256)
    elif primer:
        load_weights(tuned, primer, sha256_of(primer))
    graphs = wants_graphs(job.graphs, choice, feed, ranks)
    optimizer = MasterAdamW(tuned, recipe, capturable=graphs)
    loop = Loop(folder, split, optimizer, recipe, config.seed, wire, ranks)
    if job.resume:
        loop.resume()
    with ExitStack() as stack:
        stack.enter_context(split.trained_blocks())
        if choice.trainer is not Trainer.UNSLOTH:
            stack.enter_context(fused(tuned))
        pace = steps_for(tuned, split, optimizer, recipe, feed, choice, graphs, ranks, wire)
        clock.mark("prepare")
        loop.run(pace.steps, feed, _feed(known, model), _feed(unknown, model))
    clock.mark("train")
    ranks.part()
    if not ranks.leads:
        wire.emit(Finished())
        return

    wire.emit(Stage(name="save", text="Saving the adapter"))
    save_adapter(tuned, tokenizer, [one for one in (gate, look) if one], folder / "adapter")
    loop.forget_checkpoints()
    clock.mark("save")
    wire.emit(
        Finished(
            result=_result(loop, choice, config, device, pace, len(examples))
            | {"gate": gate is not None, "second_look": look is not None, "reader": bool(look and look.reader)}
            | {"primer": sha256_of(primer) if primer else ""}
            | {"stage_seconds": clock.stages}
        )
    )


def _tell(stage: str, done: int, total: int, wire: Wire) -> None:
    """Says how far what comes before the steps is, and hears whether the user wants it to stop."""
    if wire.stop_requested:
        raise Cancelled("Stopped before training began; nothing was lost.")
    wire.emit(Progress(stage=stage, done=done, total=total))


_SHORT = 400
"""Steps of a run below which Unsloth does not compile the blocks: that takes about 20 s."""


def _second_look(
    rows: list[Row], folder: Path, config: TrainConfig, primer: Path | None, device: Device, wire: Wire
) -> SecondLook | None:
    """With the borders, and where it has a reader the questions, of the adapter that this one continues, if it does."""
    encoder = encoder_for(device.name, wire) if config.recipe.reader else None
    before = load_second_look(folder / config.parent.adapter, lambda: encoder) if config.parent else None
    look = second_look_of(rows, before.borders if before else PRIMED if primer else PLAIN)
    if not look or not encoder:
        return look
    wire.emit(Stage(name="read", text="Reading every question with the sentence encoder"))
    more = read_rows(folder, config.dataset.reading) if config.dataset.reading else []
    older = before.reader if before else None
    reader = learn_reader(
        rows, look.refusal, encoder, lambda done, total: _tell("read", done, total, wire), more, older
    )
    return replace(look, reader=reader)


def _about_primer(primer: Path | None, model: str) -> Log:
    if primer:
        return Log(message="The adapter begins with a primer: it reads questions and knows nothing about anybody.")
    hint = f"'andraeus-tui prime --model {model}' makes one"
    return Log(
        level="warning",
        message=f"There is no primer for this model and recipe, so training begins from nothing; {hint}.",
    )


def _load(choice: Choice, base: Path, device: Device, recipe: Recipe, seed: int) -> Any:
    if choice.trainer is Trainer.UNSLOTH:
        from trainers import with_unsloth

        return with_unsloth.load(base, choice.four_bit, recipe.max_length, seed)
    return load_model(base, device, choice.four_bit)


def _attach(choice: Choice, model: Any, recipe: Recipe, seed: int) -> Any:
    if choice.trainer is Trainer.UNSLOTH:
        from trainers import with_unsloth

        return with_unsloth.attach(model, recipe, seed)
    return attach(model, recipe, seed).train()


def _feed(prepared: list[Prepared], model: Any) -> Feed | None:
    return Feed(prepared, model.device) if prepared else None


def _result(
    loop: Loop, choice: Choice, config: TrainConfig, device: Device, pace: Pace, examples: int
) -> dict[str, Any]:
    position = loop.position
    return {
        "steps": position.step,
        "adapter": "adapter",
        "rows": examples,
        "seconds": round(position.seconds, 1),
        "examples_per_second": round(loop.trained / max(loop.seconds_here, 1e-9), 2),
        "dev": position.history[-1][1:] if position.history else [],
        "device": device.note,
        "trainer": choice.trainer.value,
        "trainer_asked": config.trainer.value,
        "why": choice.why,
        "four_bit": choice.four_bit,
        "processes": loop.ranks.count,
        "torch": torch.__version__,
        **pace.as_dict(),
        **({"parent": config.parent.run, "facts": config.parent.counts} if config.parent else {}),
    }
