"""Runs the arms of benchmarks/train_gpu.py: each in a process of its own, with a time limit, its output in a log."""

import compileall
import importlib.util
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


DEFAULTS_ADAPTER = {"preset": "default", "batch_size": 32, "epochs": 5}
"""The default's adapter, to be trained on the seed's rows as well."""


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

    def project(self, name: str, model: str, recipe: dict[str, Any], seed_rows: bool = False) -> Project:
        """A fresh project for an arm."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        return gpu_projects.make(folder, str((self.models / model).resolve()), recipe, seed_rows)

    def frozen(self, name: str, model: str, recipe: dict[str, Any], trainer: str, **override: Any) -> Path:
        """A frozen run; `override` changes what settings do not offer."""
        project = self.project(name, model, recipe)
        run = freeze_run(project, project.runs)
        config = json.loads((run / "config.json").read_text())
        config["trainer"] = trainer
        config["recipe"] |= override
        (run / "config.json").write_text(json.dumps(config))
        return run

    def command(
        self, arm: str, trainer: str, cold: bool, recipe: dict[str, Any] = SEED_ROWS, **environment: str
    ) -> None:
        """andraeus-tui --train-only on the 7B shape and the seed's rows, from the command to the saved adapter."""
        if cold:
            shutil.rmtree(self.cache, ignore_errors=True)
            forget(self.models / "seven")
        project = self.project(arm, "seven", recipe, seed_rows=True)
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

    def train(
        self, arm: str, run: Path, limit: float, graphs: str = "", processes: int = 1, **environment: str
    ) -> None:
        """A frozen run through the trainers' code, which then answers questions in the same process."""
        more = [*(["--graphs", graphs] if graphs else []), "--processes", str(processes)]
        self.part(arm, ["train", run, self.out / f"{arm}.json", *more], limit, **environment)

    def part(self, arm: str, arguments: Sequence[str | Path], limit: float, **environment: str) -> None:
        """A part of benchmarks/gpu_parts.py."""
        self.run(arm, [sys.executable, "-m", "benchmarks.gpu_parts", *arguments], limit, **environment)


def compile_packages(names: Sequence[str]) -> dict[str, Any]:
    """Bytecode for packages that were unpacked without it, as pip writes it on installing: how much was there before."""
    began, found = time.monotonic(), {}
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec and spec.origin:
            folder = Path(spec.origin).parent
            modules = list(folder.rglob("*.py"))
            have = sum(Path(importlib.util.cache_from_source(str(path))).is_file() for path in modules)
            compileall.compile_dir(folder, quiet=2, workers=8)
            found[name] = {"modules": len(modules), "compiled_before": have}
    return {"packages": found, "writes_none": sys.dont_write_bytecode, "seconds": round(time.monotonic() - began, 1)}


def forget(folder: Path) -> None:
    """Drop a model's files from the page cache, so that they are read from the disk again."""
    for path in folder.glob("*.safetensors"):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
