"""Training on an NVIDIA GPU, against the seed's settings and trainer against trainer.

    python -m benchmarks.train_gpu OUT --models FOLDER [--only seven,b,c] [--minutes 9]

FOLDER holds `qwen` (Qwen2.5 0.5B) and `smol` (SmolLM2-135M-Instruct); `seven`, of Qwen2.5-7B's shape with random weights,
is made there. Every arm is a process of its own with a time limit and leaves OUT/ARM.json and OUT/ARM.log, so that one
that fails stops no other. With --serve PATH the vLLM arm runs with that folder alone on its path.

  seven  makes the 7B shape      a  the seed's settings written plainly (24 batches, extrapolated)
  b      ours, Unsloth, 4 bit    c  ours, NF4        d  ours, NF4, the default recipe's adapter (b to d: cold and warm)
  b2     b with compiled blocks
  f      SmolLM2, 50 facts, default rows: recorded, eager, larger batches, Unsloth
  e      Qwen2.5 0.5B, question rows: Unsloth, PEFT and NF4 at equal batch
  g      products' rate, and where a step's time goes
  h      the answers of e's and f's adapters: in the training process, in plain PEFT, in vLLM
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project
from benchmarks import gpu_projects

ROOT = Path(__file__).resolve().parent.parent
SEED_ROWS = {"preset": "seed", "batch_size": 32}
"""The seed's adapter and rows (r=64 on all linear layers, questions alone, 5 epochs) in larger batches."""
ORDER = ("seven", "c", "b", "a", "f", "d", "e", "g", "h", "b2")


class Bench:
    """Runs arms, each in a process of its own, until the time is over."""

    def __init__(self, out: Path, models: Path, serve: str, minutes: float) -> None:
        self.out, self.models, self.serve = out, models, serve
        self.until = time.monotonic() + minutes * 60
        self.cache = out / "cache"
        self.work = out / "work"
        self.work.mkdir(parents=True, exist_ok=True)

    def run(self, arm: str, command: Sequence[str | Path], limit: float, **environment: str) -> tuple[int, float]:
        """(exit code, seconds); the arm's output goes to its log."""
        left = self.until - time.monotonic()
        if left < 15:
            print(f"{arm}: no time left", flush=True)
            return -1, 0.0
        began = time.monotonic()
        with (self.out / f"{arm}.log").open("w") as log:
            process = subprocess.Popen(
                list(map(str, command)), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.PIPE,
                start_new_session=True, env=self.environment() | environment,
            )  # fmt: skip
            try:
                code = process.wait(min(limit, left))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                code = 124
        seconds = time.monotonic() - began
        print(f"{arm}: exit {code} after {seconds:.1f} s", flush=True)
        if code:
            print(
                "   " + "\n   ".join((self.out / f"{arm}.log").read_text(errors="replace").splitlines()[-6:]),
                flush=True,
            )
        return code, seconds

    def environment(self) -> dict[str, str]:
        """For a child: our packages found wherever it starts, nothing online."""
        path = os.pathsep.join(part for part in (str(ROOT), os.environ.get("PYTHONPATH", "")) if part)
        return dict(os.environ) | {"PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "ANDRAEUS_CACHE": str(self.cache)}

    def project(self, name: str, model: str, recipe: dict[str, Any]) -> Project:
        """A fresh project for an arm."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        return gpu_projects.make(folder, str((self.models / model).resolve()), recipe)

    def frozen(self, name: str, model: str, recipe: dict[str, Any], trainer: str, **override: Any) -> Path:
        """A frozen run; `override` changes what settings do not offer."""
        project = self.project(name, model, recipe)
        run = freeze_run(project, project.runs)
        config = json.loads((run / "config.json").read_text())
        config["trainer"] = trainer
        config["recipe"] |= override
        (run / "config.json").write_text(json.dumps(config))
        return run

    def command(self, arm: str, trainer: str, cold: bool, **environment: str) -> None:
        """andraeus-tui --train-only on the 7B shape, from the command to the saved adapter."""
        if cold:
            shutil.rmtree(self.cache, ignore_errors=True)
            forget(self.models / "seven")
        project = self.project(arm, "seven", SEED_ROWS)
        command: list[str | Path] = [sys.executable, "-m", "andraeus_tui.cli", "--train-only", "--project", project.folder,
                   "--trainer", trainer, "--output", "json"]  # fmt: skip
        code, seconds = self.run(arm, command, 150, **environment)
        events = [
            json.loads(line) for line in (self.out / f"{arm}.log").read_text().splitlines() if line.startswith("{")
        ]
        logs = [event["message"] for event in events if event["event"] == "log"]
        steps = [event for event in events if event["event"] == "metric" and event["step"]]
        for log in project.runs.glob("*/worker.log"):
            shutil.copy(log, self.out / f"{arm}.worker.log")
        self.keep(arm, {
            "arm": arm, "cold": cold, "exit": code, "command_seconds": round(seconds, 2), "logs": logs,
            "result": events[-1].get("result", events[-1]) if events else {},
            "rows_per_second": steps[-1]["values"]["examples_per_second"] if steps else 0,
        })  # fmt: skip

    def keep(self, arm: str, body: dict[str, Any]) -> None:
        """Write an arm's result."""
        (self.out / f"{arm}.json").write_text(json.dumps(body, indent=1) + "\n")
        print("   " + json.dumps(body)[:900], flush=True)

    def train(self, arm: str, run: Path, limit: float, graphs: str = "", **environment: str) -> None:
        """A frozen run through the trainers' code, which then answers questions in the same process."""
        more = ["--graphs", graphs] if graphs else []
        self.part(arm, ["train", run, self.out / f"{arm}.json", *more], limit, **environment)

    def part(self, arm: str, arguments: Sequence[str | Path], limit: float, **environment: str) -> None:
        """A part of benchmarks/gpu_parts.py."""
        self.run(arm, [sys.executable, "-m", "benchmarks.gpu_parts", *arguments], limit, **environment)


def forget(folder: Path) -> None:
    """Drop a model's files from the page cache, so that they are read from the disk again."""
    for path in folder.glob("*.safetensors"):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def seven(bench: Bench) -> None:
    """Makes the 7B shape."""
    bench.part("seven", ["seven", bench.models / "seven", bench.models / "qwen"], 180)


def a(bench: Bench) -> None:
    """The baseline."""
    bench.part("a", ["baseline", bench.frozen("a", "seven", SEED_ROWS, "nf4"), bench.out / "a.json"], 120)


def b(bench: Bench) -> None:
    """Unsloth."""
    bench.command("b_unsloth_cold", "unsloth", cold=True)
    bench.command("b_unsloth_warm", "unsloth", cold=False)


def b2(bench: Bench) -> None:
    """Unsloth with its blocks compiled, twice: the second time from its cache."""
    for turn in ("first", "again"):
        bench.command(f"b_unsloth_compiled_{turn}", "unsloth", cold=False, UNSLOTH_BLOCK_COMPILE="1")


def c(bench: Bench) -> None:
    """NF4, eager and recorded."""
    bench.command("c_nf4_cold", "nf4", cold=True)
    bench.command("c_nf4_warm", "nf4", cold=False)
    bench.train("c_nf4_graphs", bench.frozen("c_graphs", "seven", SEED_ROWS, "nf4"), 120, "yes")


def d(bench: Bench) -> None:
    """The default recipe's adapter on the seed's rows: rank 16 on the MLPs of the upper two thirds."""
    ours = {"rank": 16, "alpha": 32, "targets": "mlp", "frozen_below": 1 / 3}
    bench.train("d_nf4", bench.frozen("d_nf4", "seven", SEED_ROWS, "nf4", **ours), 120)
    bench.train("d_unsloth", bench.frozen("d_unsloth", "seven", SEED_ROWS, "unsloth", **ours), 120)


def e(bench: Bench) -> None:
    """Trainers at equal batch on Qwen2.5 0.5B: Unsloth and PEFT in 16 bits, which is what so small a model gets, and NF4."""
    rows = SEED_ROWS | {"learning_rate": 1e-3}
    for arm, trainer, graphs in (("e_peft_graphs", "peft", "yes"), ("e_peft_eager", "peft", "no"),
                                 ("e_unsloth", "unsloth", ""), ("e_nf4", "nf4", "no")):  # fmt: skip
        bench.train(arm, bench.frozen(arm, "qwen", rows, trainer), 110, graphs)


def f(bench: Bench) -> None:
    """SmolLM2 on the default rows. Eager arms take an epoch or two: they are slow, and only their speed is asked."""
    for arm, batch, epochs, trainer, graphs in (
        ("f_graphs_16", 16, 10, "peft", "yes"),
        ("f_graphs_32", 32, 10, "peft", "yes"),
        ("f_graphs_64", 64, 10, "peft", "yes"),
        ("f_eager_32", 32, 1, "peft", "no"),
        ("f_unsloth_32", 32, 1, "unsloth", ""),
    ):
        recipe = {"batch_size": batch, "epochs": epochs, "early_stop": False}
        bench.train(arm, bench.frozen(arm, "smol", recipe, trainer), 100, graphs)


def g(bench: Bench) -> None:
    """Where the time goes."""
    bench.part("g_rate", ["rate", bench.out / "g_rate.json"], 60)
    for arm, trainer, more in (
        ("g_nf4", "nf4", []),
        ("g_unsloth", "unsloth", []),
        ("g_nf4_graphs", "nf4", ["--graphs"]),
    ):
        run = bench.frozen(arm, "seven", SEED_ROWS, trainer)
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "benchmarks.gpu_profile",
            run,
            bench.out / f"{arm}.json",
            trainer,
            *more,
        ]
        bench.run(arm, command, 110)


def h(bench: Bench) -> None:
    """Whether adapters say the same elsewhere."""
    for model, arms in (("smol", "f_graphs_*"), ("qwen", "e_*")):
        adapters = sorted(path for path in bench.work.glob(f"{arms}/runs/*/adapter") if path.is_dir())
        if not adapters:
            continue
        name, told = bench.models / model, bench.out / f"h_plain_{model}.json"
        bench.part(f"h_plain_{model}", ["answers", name, told, *adapters], 90)
        if told.is_file():
            bench.keep(f"h_agreement_{model}", agreement(bench.out, json.loads(told.read_text())["arms"]))
        if bench.serve and told.is_file():
            command: list[str | Path] = [sys.executable, ROOT / "benchmarks" / "gpu_serve.py", name, told,
                       bench.out / f"h_vllm_{model}.json", *adapters]  # fmt: skip
            bench.run(f"h_vllm_{model}", command, 120, PYTHONPATH=bench.serve, VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1",
                      VLLM_USE_FLASHINFER_SAMPLER="0")  # fmt: skip


def agreement(out: Path, arms: dict[str, Any]) -> dict[str, Any]:
    """For each adapter, answers of the training process that plain PEFT gives too."""
    found: dict[str, Any] = {}
    for adapter, plain in arms.items():
        arm = Path(adapter).parent.parent.parent.name
        body = json.loads((out / f"{arm}.json").read_text()) if (out / f"{arm}.json").is_file() else {}
        said = body.get("answers", {})
        same = sum(plain["answers"].get(name) == text for name, text in said.items())
        shares = {name: value for name, value in plain.items() if name != "answers"}
        found[arm] = {"same_as_in_training": same, "asked": len(said)} | shares
    return found


def main() -> None:
    """Run the parts asked for, the most important first."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--only", default=",".join(ORDER))
    options.add_argument("--serve", default="")
    options.add_argument("--minutes", type=float, default=9.5)
    given = options.parse_args()
    bench = Bench(given.out.resolve(), given.models.resolve(), given.serve, given.minutes)
    parts = {"seven": seven, "a": a, "b": b, "b2": b2, "c": c, "d": d, "e": e, "f": f, "g": g, "h": h}
    for name in given.only.split(","):
        try:
            parts[name](bench)
        except Exception as error:
            print(f"{name}: {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main()
