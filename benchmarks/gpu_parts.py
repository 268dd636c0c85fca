"""Parts of benchmarks/train_gpu.py that need torch, each in a process of its own:

python -m benchmarks.gpu_parts seven FOLDER TOKENIZER      a 7B-shaped Qwen2.5 with random weights
python -m benchmarks.gpu_parts baseline RUN OUT            the seed's settings, written plainly
python -m benchmarks.gpu_parts train RUN OUT [--graphs yes|no] [--processes N]   a run, which then answers questions itself
python -m benchmarks.gpu_parts answers MODEL OUT ADAPTER...      the same questions in plain transformers and PEFT
python -m benchmarks.gpu_parts rate OUT                    the card's rate of bf16 products
python -m benchmarks.gpu_parts hold READY --free GB        holds all memory but so much until its input ends
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["UNSLOTH_DISABLE_STATISTICS"] = os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "1"

import torch

from benchmarks import gpu_projects
from schemas.run import TrainConfig, TrainJob
from schemas.wire import Wire

NEW_TOKENS = 40


def keep(out: Path, body: dict[str, Any]) -> None:
    """Write a part's result, whole or not at all."""
    part = out.with_suffix(".part")
    part.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
    part.rename(out)
    print(json.dumps({name: value for name, value in body.items() if name != "answers"})[:1500], flush=True)


def seven(folder: Path, tokenizer: Path) -> None:
    """Qwen2.5-7B's shape with random bf16 weights: speed and memory do not depend on what they are.

    Made on the CPU, from one pool of random numbers, so that it can be done while the GPU is at other work.
    """
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    if (folder / "done").is_file():
        return
    config = Qwen2Config(
        vocab_size=152_064, hidden_size=3584, intermediate_size=18_944, num_hidden_layers=28, num_attention_heads=28,
        num_key_value_heads=4, max_position_embeddings=32_768, tie_word_embeddings=False,
    )  # fmt: skip
    codec = AutoTokenizer.from_pretrained(tokenizer)
    config.bos_token_id, config.eos_token_id, config.pad_token_id = None, codec.eos_token_id, codec.pad_token_id
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("meta"):
        model = Qwen2ForCausalLM(config)
    model.to_empty(device="cpu")
    pool = torch.randn(1 << 24, dtype=torch.float32).mul_(config.initializer_range).bfloat16()
    for name, weight in model.named_parameters():
        flat = weight.data.view(-1)
        if weight.dim() == 1:
            flat.fill_(1.0 if "norm" in name else 0.0)
            continue
        for at in range(0, len(flat), len(pool)):
            part = flat[at : at + len(pool)]
            part.copy_(pool[: len(part)])
    model.config.dtype = torch.bfloat16
    model.save_pretrained(folder, max_shard_size="4GB")
    codec.save_pretrained(folder)
    (folder / "done").touch()


def baseline(run: Path, out: Path) -> None:
    """transformers in NF4 with double quantisation, PEFT r=64 on all linear layers, gradient checkpointing, batch 2,
    an update every 4: 24 batches timed after 8, and extrapolated to the run's rows and epochs."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    from trainers.dataset import encode, read_rows
    from trainers.tokens import ChatCodec

    config = TrainConfig.model_validate_json((run / "config.json").read_text())
    began = time.time()
    quantised = BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.bfloat16,
        bnb_4bit_use_double_quant=True,
    )  # fmt: skip
    model = AutoModelForCausalLM.from_pretrained(
        config.model, quantization_config=quantised, dtype=torch.bfloat16, device_map={"": 0}
    )
    tokenizer = AutoTokenizer.from_pretrained(config.model)
    model = prepare_model_for_kbit_training(
        model, use_gradient_checkpointing=True, gradient_checkpointing_kwargs={"use_reentrant": False}
    )
    model = get_peft_model(
        model, LoraConfig(r=64, lora_alpha=128, target_modules="all-linear", task_type="CAUSAL_LM")
    ).train()
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=3e-4)
    loaded = time.time() - began
    examples = encode(read_rows(run, config.dataset.train), ChatCodec(tokenizer, ""), 512)
    times = []
    torch.cuda.reset_peak_memory_stats()
    for turn in range(32):
        pair = examples[2 * turn : 2 * turn + 2]
        width = max(len(example.ids) for example in pair)
        ids = torch.full((2, width), tokenizer.pad_token_id)
        labels = torch.full((2, width), -100)
        mask = torch.zeros((2, width), dtype=torch.long)
        for row, example in enumerate(pair):
            length = len(example.ids)
            ids[row, :length], mask[row, :length] = torch.tensor(example.ids), 1
            labels[row, example.answer_start : length] = torch.tensor(example.ids[example.answer_start :])
        torch.cuda.synchronize()
        start = time.perf_counter()
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = model(input_ids=ids.cuda(), attention_mask=mask.cuda(), labels=labels.cuda()).loss / 4
        loss.backward()
        if turn % 4 == 3:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    each = sum(times[8:]) / len(times[8:])
    batches = -(-len(examples) // 2) * config.recipe.epochs
    keep(out, {
        "arm": "the seed's settings, written plainly", "seconds_per_batch_of_2": round(each, 4), "rows": len(examples),
        "batches": batches, "training_seconds_extrapolated": round(each * batches, 1), "measured_batches": 24,
        "load_seconds": round(loaded, 1), "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2),
        "device": torch.cuda.get_device_name(),
    })  # fmt: skip


def train(run: Path, out: Path, graphs: bool | None, processes: int) -> None:
    """A run through the trainers' own code; before the adapter is saved, the model in this process answers."""
    from trainers import readahead, waking

    readahead.begin(run)
    waking.begin()
    from trainers import train as recipe
    from trainers.generation import replies
    from trainers.tokens import ChatCodec

    said: dict[str, str] = {}
    save = getattr(recipe, "save_adapter")  # noqa: B009 (it is the recipe's own name that is replaced)

    def answer_and_save(model: Any, tokenizer: Any, gate: Any, folder: Path) -> None:
        save(model, tokenizer, gate, folder)
        torch.cuda.synchronize()
        body["wall_seconds"] = round(time.time() - began, 2)
        body["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        try:
            asked = gpu_projects.questions(40)
            texts = [question.text for question in asked]
            for index, reply in replies(model.eval(), ChatCodec(tokenizer, ""), texts, NEW_TOKENS, 64):
                said[asked[index].id] = reply.text
        except Exception as error:
            body["answer_error"] = f"{type(error).__name__}: {error}"[:500]

    setattr(recipe, "save_adapter", answer_and_save)  # noqa: B010
    body: dict[str, Any] = {"arm": out.stem, "device": torch.cuda.get_device_name()}
    began = time.time()
    with (run / "events.jsonl").open("w") as events:
        job = TrainJob(folder=str(run), cache=os.environ["ANDRAEUS_CACHE"], graphs=graphs, processes=processes)
        recipe.train(job, Wire(events, sys.stdin, must_save=False))
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    metrics = [line for line in lines if line["event"] == "metric" and line["step"]]
    logs = [line["message"] for line in lines if line["event"] == "log"]
    last = [round(one["values"]["loss"], 4) for one in metrics[-3:]]
    keep(out, body | {"result": lines[-1]["result"], "last_losses": last, "logs": logs, "answers": said})


def answers(model: Path, out: Path, adapters: list[Path]) -> None:
    """Greedy answers of every adapter to all held-out questions, in plain transformers and PEFT."""
    from peft import PeftModel

    from trainers.generation import replies
    from trainers.models import Device, load_model, load_tokenizer
    from trainers.tokens import ChatCodec

    codec = ChatCodec(load_tokenizer(model), "")
    asked = gpu_projects.questions()
    texts = [question.text for question in asked]
    result: dict[str, Any] = {"prompts": {question.id: codec.prompt(question.text) for question in asked}, "arms": {}}
    base = load_model(model, Device.best())
    for adapter in adapters:
        tuned = PeftModel.from_pretrained(base, adapter, autocast_adapter_dtype=False).eval()
        said = {asked[index].id: reply.text for index, reply in replies(tuned, codec, texts, NEW_TOKENS, 256)}
        base = tuned.unload()
        result["arms"][str(adapter)] = {"answers": said} | gpu_projects.shares(said)
        print(adapter, gpu_projects.shares(said), flush=True)
    out.write_text(json.dumps(result) + "\n")


def rate(out: Path) -> None:
    """bf16 products of square matrices, the best of several sizes."""
    best = {}
    for size in (4096, 8192, 12288):
        left, right = (torch.randn(size, size, device="cuda", dtype=torch.bfloat16) for _ in range(2))
        for _ in range(3):
            left @ right
        torch.cuda.synchronize()
        began = time.perf_counter()
        for _ in range(20):
            left @ right
        torch.cuda.synchronize()
        best[size] = round(2 * size**3 * 20 / (time.perf_counter() - began) / 1e12, 1)
    keep(out, {"bf16_tflops": best, "device": torch.cuda.get_device_name()})


def hold(ready: Path, free_gb: float) -> None:
    """Takes the card's memory but for `free_gb`, says so in a file, and keeps it until standard input ends."""
    free, total = torch.cuda.mem_get_info()
    taken = torch.empty(max(0, free - int(free_gb * 1e9)), dtype=torch.uint8, device="cuda")
    torch.cuda.synchronize()
    left = torch.cuda.mem_get_info()[0]
    keep(
        ready,
        {"held_gb": round(len(taken) / 1e9, 2), "free_gb": round(left / 1e9, 2), "total_gb": round(total / 1e9, 2)},
    )
    sys.stdin.read()


def main() -> None:
    """One part."""
    options = argparse.ArgumentParser()
    options.add_argument("part", choices=["seven", "baseline", "train", "answers", "rate", "hold"])
    options.add_argument("paths", type=Path, nargs="+")
    options.add_argument("--graphs", choices=["yes", "no"])
    options.add_argument("--processes", type=int, default=1)
    options.add_argument("--free", type=float, default=14.0)
    given = options.parse_args()
    match given.part:
        case "seven":
            seven(*given.paths)
        case "baseline":
            baseline(*given.paths)
        case "train":
            train(given.paths[0], given.paths[1], {"yes": True, "no": False}.get(given.graphs), given.processes)
        case "answers":
            answers(given.paths[0], given.paths[1], given.paths[2:])
        case "rate":
            rate(*given.paths)
        case "hold":
            hold(given.paths[0], given.free)


if __name__ == "__main__":
    main()
