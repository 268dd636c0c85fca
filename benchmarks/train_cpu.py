"""Training speed on this machine against a plain transformers Trainer with PEFT: python -m benchmarks.train_cpu

Same base model, same rows, batch size, epochs, learning rate and schedule, in one run; the arms take turns, an epoch each,
so that whatever else the machine does slows all of them alike. The plain
arm is what a tutorial writes: Trainer, DataCollatorForSeq2Seq, LoRA on all linear layers. Ours runs once with the same
adapter and twice with the default recipe's (LoRA on the MLPs of the upper two thirds), in the precision that is taken on
this CPU and in the other one (bf16, fp32). All train without rehearsal, which the plain trainer does not know. Recall is free greedy generation on held-out families, judged by the scorer.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch

from andraeus_tui.importing import read_facts
from andraeus_tui.project import cache_folder
from evaluators.questions import questions_of
from evaluators.scorer import judge
from generators.build import build
from schemas.evaluation import QuestionGroup, Verdict
from schemas.fact import Fact
from schemas.row import Row, RowKind, Split
from schemas.settings import PRESETS, EvaluationSettings, GenerationSettings, Preset, Recipe
from schemas.wire import Wire
from trainers.batches import Feed, epoch_batches
from trainers.frozen import SplitModel
from trainers.fused import fused
from trainers.generation import replies
from trainers.loop import learning_rate
from trainers.lora import attach, first_block
from trainers.models import Device, load_model, load_tokenizer, resolve
from trainers.optimizer import MasterAdamW
from trainers.steps import EagerSteps
from trainers.tokens import ChatCodec

VARIATIONS = 10
"""Fewer than training has by default: the rate of rows hardly depends on how many there are."""
EXAMPLES = Path(__file__).parent.parent / "examples"


def facts_and_rows() -> tuple[list[Fact], list[Row]]:
    """The example person and template rows of VARIATIONS wordings a fact."""
    facts = read_facts(EXAMPLES / "alex.json", []).taken
    facts += read_facts(EXAMPLES / "people.yaml", facts).taken
    return facts, list(build(facts, GenerationSettings(variations=VARIATIONS, replay=0)).rows)


def plain(
    model: Any, tokenizer: Any, codec: ChatCodec, rows: list[Row], recipe: Recipe, between: Callable[[], None]
) -> tuple[Any, float]:
    """The baseline: (trained model, seconds of training). `between` is called after every epoch, off the clock."""
    from peft import LoraConfig, get_peft_model
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainerCallback, TrainingArguments

    torch.manual_seed(0)
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    tuned = get_peft_model(model, config)
    data = []
    for row in rows:
        example = codec.example(row.question, row.answer)
        labels = [-100] * example.answer_start + list(example.ids[example.answer_start :])
        data.append({"input_ids": list(example.ids), "attention_mask": [1] * len(example.ids), "labels": labels})
    off_the_clock = 0.0

    class Turns(TrainerCallback):  # type: ignore[misc]
        def on_epoch_end(self, *args: Any, **more: Any) -> None:
            nonlocal off_the_clock
            began = time.perf_counter()
            between()
            off_the_clock += time.perf_counter() - began

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, per_device_train_batch_size=recipe.batch_size, num_train_epochs=recipe.epochs,
            learning_rate=recipe.learning_rate, lr_scheduler_type="cosine", warmup_steps=recipe.warmup,
            save_strategy="no", report_to="none", logging_strategy="no", disable_tqdm=True, use_cpu=True, seed=0,
        )  # fmt: skip
        trainer = Trainer(
            model=tuned, args=arguments, train_dataset=data, callbacks=[Turns()],
            data_collator=DataCollatorForSeq2Seq(tokenizer, padding=True),
        )  # fmt: skip
        began = time.perf_counter()
        trainer.train()
        return tuned.eval(), time.perf_counter() - began - off_the_clock


class Ours:
    """Our loop, an epoch at a time; the preparation of frozen blocks counts into the time."""

    def __init__(self, model: Any, tokenizer: Any, codec: ChatCodec, rows: list[Row], recipe: Recipe) -> None:
        self.seconds = 0.0
        examples = [codec.example(row.question, row.answer) for row in rows]
        began = time.perf_counter()
        self._split = SplitModel(model, first_block(model, recipe))
        self._feed = Feed(self._split.prepare(examples, tokenizer.pad_token_id), torch.device("cpu"))
        self.tuned = attach(model, recipe, seed=0).train()
        self._steps = EagerSteps(self._split, MasterAdamW(self.tuned, recipe), recipe, self._feed)
        self._recipe, self._epoch, self._step = recipe, 0, 0
        self.seconds += time.perf_counter() - began

    def epoch(self) -> None:
        """The next epoch."""
        began = time.perf_counter()
        recipe = self._recipe
        batches = epoch_batches(self._feed.lengths, recipe.batch_size, 0, self._epoch)
        self.tuned.train()
        with self._split.trained_blocks(), fused(self.tuned):
            for plan in self._steps.plan(batches, self._step):
                self._steps.run(plan, learning_rate(recipe, self._step, len(batches) * recipe.epochs))
                self._step += 1
        self._epoch += 1
        self.seconds += time.perf_counter() - began


def recall(model: Any, codec: ChatCodec, facts: list[Fact], rows: list[Row]) -> tuple[int, int]:
    """(right, asked) on the held-out questions about given facts."""
    test = [row for row in rows if row.split is Split.TEST and row.kind is RowKind.QUESTION]
    questions = [
        q for q in questions_of(facts, test, set(), EvaluationSettings(probe=0)) if q.group is QuestionGroup.RECALL
    ]
    answers = replies(model, codec, [question.text for question in questions], 32, 32)
    right = sum(judge(questions[index], reply.text) is Verdict.RIGHT for index, reply in answers)
    return right, len(questions)


def main() -> None:
    """Run all arms and print the ratios; `--output` keeps the numbers as JSON."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--epochs", type=int, default=4)
    options.add_argument("--output", type=Path)
    given = options.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    base = resolve("embedded", cache_folder(), Wire(sys.stderr, sys.stdin, must_save=False))
    tokenizer = load_tokenizer(base)
    codec = ChatCodec(tokenizer, "")
    facts, rows = facts_and_rows()
    train = [row for row in rows if row.split is Split.TRAIN]
    default = PRESETS[Preset.DEFAULT].model_copy(update={"epochs": given.epochs, "rehearsal_weight": 0.0})
    same = default.model_copy(update={"targets": "all-linear", "frozen_below": 0.0})
    device = Device.best(base)
    other = replace(device, dtype=torch.float32 if device.dtype is torch.bfloat16 else torch.bfloat16)
    models = {name: load_model(base, device) for name in ("plain", "same", "default")}
    models["other"] = load_model(base, other)
    arms = {
        "ours, same adapter": Ours(models["same"], tokenizer, codec, train, same),
        "ours, default": Ours(models["default"], tokenizer, codec, train, default),
        f"ours, {str(other.dtype).removeprefix('torch.')}": Ours(models["other"], tokenizer, codec, train, default),
    }

    def between() -> None:
        for arm in arms.values():
            arm.epoch()

    tuned, seconds = plain(models["plain"], tokenizer, codec, train, same, between)
    measured = {"plain Trainer + PEFT": (tuned, seconds)}
    measured |= {name: (arm.tuned.eval(), arm.seconds) for name, arm in arms.items()}
    result: dict[str, Any] = {"rows": len(train), "epochs": given.epochs, "machine": _machine(), "arms": {}}
    for name, (model, taken) in measured.items():
        right, asked = recall(model, codec, facts, rows)
        rate = len(train) * given.epochs / taken
        result["arms"][name] = {
            "seconds": round(taken, 1),
            "examples_per_second": round(rate, 2),
            "ratio": round(seconds / taken, 2),
            "right": right,
            "asked": asked,
        }
        print(f"{name:24} {rate:6.2f} examples/s  {seconds / taken:4.2f}x  held-out recall {right}/{asked}", flush=True)
    if given.output:
        given.output.write_text(json.dumps(result, indent=1) + "\n")


def _machine() -> dict[str, str]:
    import transformers

    return {
        "device": Device.best().note,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    main()
