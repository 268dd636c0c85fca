"""Where a training step's time goes on the GPU: python -m benchmarks.gpu_profile RUN OUT nf4|unsloth|peft [--graphs]

Runs the trainers' own steps on a frozen run: a few to warm up, some timed, a few under torch's profiler. Kernels are put
into groups by their names; what no kernel fills is the host's. Operations are counted, not measured.
"""

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = os.environ["UNSLOTH_DISABLE_STATISTICS"] = "1"

import torch

from schemas.run import TrainConfig, TrainJob
from schemas.wire import Wire

GROUPS = {
    "unpacking 4 bits": ("dequant", "kdequantize"),
    "attention": ("flash", "fmha", "attention", "softmax_warp", "cudnn_generated"),
    "matrix products": ("gemm", "cutlass", "cublas", "nvjet", "wgmma", "xmma", "splitk"),
    "optimizer and clipping": ("adam", "multi_tensor", "lpnorm", "norm_kernel"),
    "norms, rotary, activation (fused)": ("rms_layernorm", "rope", "swiglu", "swi_glu", "triton"),
    "copies and gathers": ("memcpy", "memset", "copy", "index", "gather", "cat"),
    "loss": ("cross_entropy", "nll", "log_softmax", "softmax"),
}


def group_of(kernel: str) -> str:
    """The group of a kernel's name; most of the rest are element-wise."""
    name = kernel.casefold()
    return next((group for group, marks in GROUPS.items() if any(mark in name for mark in marks)), "element-wise")


class Enough(Exception):
    """Ends the run when all is measured."""


class Measured:
    """Stands in for the loop: measures steps instead of training to the end."""

    warm, timed, profiled = 6, 12, 4

    def __init__(self, out: Path, arm: str, run: Path) -> None:
        self.out, self.arm, self.run = out, arm, run

    def measure(self, loop: Any, steps: Any, feed: Any, known: Any, unknown: Any) -> None:
        """What `Loop.run` is called with."""
        from trainers.batches import epoch_batches

        recipe = loop.recipe
        batches = epoch_batches(feed.lengths, recipe.batch_size, 0, 0)
        full = [rows for rows in batches if len(rows) == recipe.batch_size]
        count = self.warm + self.timed + self.profiled
        full = (full * (count // len(full) + 1))[:count]
        plans = steps.plan(full, 0)
        for plan in plans[: self.warm]:
            steps.run(plan, 1e-5)
        torch.cuda.synchronize()
        began = time.perf_counter()
        for plan in plans[self.warm : self.warm + self.timed]:
            steps.run(plan, 1e-5)
        launched = time.perf_counter() - began
        torch.cuda.synchronize()
        seconds = (time.perf_counter() - began) / self.timed
        timed = full[self.warm : self.warm + self.timed]
        real = sum(feed.lengths[row] for rows in timed for row in rows) / self.timed
        padded = sum(len(rows) * max(feed.lengths[row] for row in rows) for rows in timed) / self.timed
        body = {
            "arm": self.arm, "seconds_per_step": round(seconds, 4),
            "host_seconds_per_step": round(launched / self.timed, 4), "tokens_per_step": round(real, 1),
            "padded_tokens_per_step": round(padded, 1), "peak_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2),
            "device": torch.cuda.get_device_name(), "batch": recipe.batch_size,
        }  # fmt: skip
        body |= operations(loop.model, real, seconds)
        self.keep(body)
        body["kernel_shares"], body["kernel_seconds_per_step"], body["launches_per_step"] = self.profile(
            steps, plans[self.warm + self.timed :]
        )
        body["gpu_idle_share"] = round(max(0.0, 1 - body["kernel_seconds_per_step"] / seconds), 3)
        self.keep(body)
        raise Enough

    def profile(self, steps: Any, plans: Any) -> tuple[dict[str, float], float, int]:
        """(seconds a step by group, seconds a step in kernels, kernels a step)."""
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CUDA, ProfilerActivity.CPU]) as profiler:
            for plan in plans:
                steps.run(plan, 1e-5)
            torch.cuda.synchronize()
        found: dict[str, float] = defaultdict(float)
        names: dict[str, float] = defaultdict(float)
        launches = 0
        for event in profiler.events():
            if event.device_type.name == "CUDA":
                seconds = event.time_range.elapsed_us() / 1e6 / len(plans)
                found[group_of(event.name)] += seconds
                names[event.name[:100]] += seconds
                launches += 1
        top = dict(sorted(((n, round(s, 5)) for n, s in names.items()), key=lambda pair: -pair[1])[:25])
        (self.out.parent / f"{self.out.stem}.kernels.json").write_text(json.dumps(top, indent=1) + "\n")
        total = sum(found.values())
        return {name: round(value, 5) for name, value in found.items()}, round(total, 4), launches // len(plans)

    def keep(self, body: dict[str, Any]) -> None:
        """Write what is known so far."""
        self.out.write_text(json.dumps(body, indent=1) + "\n")
        print(json.dumps(body), flush=True)


def operations(split: Any, tokens: float, seconds: float) -> dict[str, float]:
    """Operations of a step, padding not counted: two a weight and token forward, two for the gradient by the inputs,
    and for the adapter two more for its own. The vocabulary counts at answer positions only and is left out."""
    config = split.model.config.get_text_config()
    width, inner = config.hidden_size, config.intermediate_size
    key = width // config.num_attention_heads * config.num_key_value_heads
    block = 2 * width * width + 2 * width * key + 3 * width * inner
    blocks = config.num_hidden_layers - split.first
    adapter = sum(weight.numel() for weight in split.model.parameters() if weight.requires_grad)
    total = tokens * (4 * block * blocks + 6 * adapter)
    return {"operations_per_step": total, "tflops": round(total / seconds / 1e12, 1)}


def main() -> None:
    """Measure one trainer."""
    options = argparse.ArgumentParser()
    options.add_argument("run", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("trainer", choices=["nf4", "unsloth", "peft"])
    options.add_argument("--graphs", action="store_true")
    given = options.parse_args()
    config = TrainConfig.model_validate_json((given.run / "config.json").read_text())
    (given.run / "config.json").write_text(
        config.model_copy(update={"trainer": given.trainer}).model_dump_json(indent=2)
    )
    from trainers import loop
    from trainers import train as recipe

    measured = Measured(given.out, given.out.stem, given.run)
    setattr(loop.Loop, "run", lambda self, *parts: measured.measure(self, *parts))  # noqa: B010
    job = TrainJob(folder=str(given.run), cache=os.environ["ANDRAEUS_CACHE"], graphs=given.graphs)
    try:
        recipe.train(job, Wire(sys.stderr, sys.stdin, must_save=False))
    except Enough:
        pass


if __name__ == "__main__":
    main()
