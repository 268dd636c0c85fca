"""kill -9 and Ctrl-C on a machine with a GPU: what is left, what is lost, and whether it goes on.

    python -m benchmarks.gpu_kill train MODEL_FOLDER OUT.json [--cases worker,front,interrupt]
    python -m benchmarks.gpu_kill generate MODEL_FOLDER OUT.json [--cases worker,front,interrupt]

`worker` and `front` are killed with signal 9, `interrupt` is Ctrl-C. Trainings run side by side and are ended once each
has a checkpoint; generations, each with a `vllm serve` of its own, one after the other while it asks. Exit code 1 when
a process or GPU memory was left, rows were lost, or a training could not be resumed. Without a GPU it looks at processes
alone.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from andraeus_tui.project import create
from andraeus_tui.store.facts import put_facts
from benchmarks import gpu_projects
from benchmarks.kill import CLI, rows_of, runs_of
from benchmarks.left_behind import MARK, after, environment, left_of
from benchmarks.paraphrase_facts import facts
from generators.paraphrase.gpu import gpu_memory

CASES = ("worker", "front", "interrupt")
RECIPE = {"epochs": 10, "early_stop": False, "checkpoint_every": 20}
ASKED = 30
"""Rows that a generation has told when it is ended."""


class Front:
    """A command of ours at work, with all its processes marked."""

    def __init__(self, case: str, project: Path, *arguments: str) -> None:
        self.case, self.project, self.mark = case, project, uuid.uuid4().hex
        self.log = (project.parent / f"{project.name}.{arguments[0].strip('-')}.log").open("w+b")
        self.process = subprocess.Popen(
            [*CLI, *arguments, "--project", str(project), "--output", "json"],
            stdout=subprocess.PIPE, stderr=self.log, env=environment(self.mark), start_new_session=True, text=True,
        )  # fmt: skip
        self.seen: Counter[str] = Counter()
        _FRONTS.append(self)

    def until(self, enough: Callable[[Counter[str], dict[str, Any]], bool]) -> None:
        """Read events until there are enough. Raises RuntimeError when it ends before."""
        assert self.process.stdout
        for line in self.process.stdout:
            event = json.loads(line)
            self.seen[event["event"]] += 1
            if enough(self.seen, event):
                return
        raise RuntimeError(f"{self.case}: it ended too soon: {line}")

    def end(self) -> None:
        """Kill whom the case says."""
        if self.case == "interrupt":
            os.killpg(self.process.pid, signal.SIGINT)
        elif self.case == "front":
            self.process.kill()
        else:
            for child in psutil.Process(self.process.pid).children():
                child.kill()

    def left(self) -> dict[str, Any]:
        """Its exit code, and how long it took until nothing was left of it."""
        began = time.monotonic()
        assert self.process.stdout
        # Read to the end: a front end that cannot say its last words would end otherwise than it should.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        while (left := left_of(self.mark)) and time.monotonic() - began < 60:
            time.sleep(0.1)
        return {"front_end_code": self.process.returncode, "seconds_until_gone": round(time.monotonic() - began, 2),
                "processes_left": left}  # fmt: skip


_FRONTS: list[Front] = []


def _end_all() -> None:
    for front in _FRONTS:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == front.mark:
                    process.kill()


def train(model: Path, folder: Path, cases: list[str]) -> list[dict[str, Any]]:
    """Each case in a project of its own, all at once, and then resumed."""
    projects = {case: gpu_projects.make(folder / case, str(model), RECIPE).folder for case in cases}
    before, rows = gpu_memory(), {case: rows_of(project) for case, project in projects.items()}
    fronts = [Front(case, project, "--train-only") for case, project in projects.items()]
    for front in fronts:
        front.until(lambda seen, _: seen["checkpoint"] > 0)
    during = gpu_memory()
    results = []
    for front in fronts:
        front.end()
        results.append({"case": front.case, "steps_told": front.seen["metric"], **front.left()})
    memory = {"gpu_bytes_in_use_during": _used(before, during), **after("none", before)}
    resumed = []
    for front, result in zip(fronts, results, strict=True):
        newest = runs_of(front.project)[0]
        result |= {"rows_kept": rows_of(front.project) == rows[front.case], "state": newest["state"],
                   "can_resume": newest["can_resume"], "memory_when_all_were_gone": memory}  # fmt: skip
        resumed.append(Front("resume", front.project, "--train-only", "--resume"))
    for front, result in zip(resumed, results, strict=True):
        last: list[dict[str, Any]] = []
        with contextlib.suppress(RuntimeError):
            front.until(lambda _, event, last=last: last.append(event) or False)  # type: ignore[misc]
        result["resume_code"] = front.process.wait()
        result["resumed"] = last[-1].get("result", last[-1]) if last else {}
        result["told"] = [event["message"] for event in last if event["event"] == "log"]
        result["good"] = (
            result["rows_kept"] and not result["processes_left"] and result["resume_code"] == 0
            and _nothing_held(memory) and any("Resuming after step" in line for line in result["told"])
        )  # fmt: skip
    return results


def generate(model: Path, folder: Path, cases: list[str]) -> list[dict[str, Any]]:
    """One after the other: each server wants the whole GPU."""
    results = []
    for case in cases:
        project = create(folder / case, str(model))
        with project.database() as database:
            put_facts(database, facts(50), "import")
        before = gpu_memory()
        front = Front(case, project.folder, "generate", "--backend", "vllm")
        asking: list[bool] = []

        def enough(seen: Counter[str], event: dict[str, Any], asking: list[bool] = asking) -> bool:
            if event["event"] == "stage" and event["name"] == "paraphrase":
                asking.append(True)
                seen["row"] = 0
            return bool(asking) and seen["row"] >= ASKED

        front.until(enough)
        during, processes = gpu_memory(), len(left_of(front.mark))
        front.end()
        result: dict[str, Any] = {"case": case, "processes_during": processes, **front.left()}
        result |= {"gpu_bytes_in_use_during": _used(before, during), "memory": after(front.mark, before),
                   "rows_stored": len(rows_of(project.folder))}  # fmt: skip
        result["good"] = not result["processes_left"] and _nothing_held(result["memory"])
        results.append(result)
        print(json.dumps(result), flush=True)
    return results


def _used(before: tuple[int, int] | None, now: tuple[int, int] | None) -> int | None:
    return before[0] - now[0] if before and now else None


def _nothing_held(memory: dict[str, Any]) -> bool:
    """Whether the GPU has its memory back, but for what a driver rounds."""
    more = memory["gpu_bytes_more_in_use"]
    return more is None or more < 50_000_000


def main() -> None:
    """One of the two, with everything written down."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", choices=["train", "generate"])
    options.add_argument("model", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--cases", default=",".join(CASES))
    given = options.parse_args()
    # A time limit that ends this program must not leave its commands behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as ended:
        ended.callback(_end_all)
        run = train if given.what == "train" else generate
        results = run(given.model.resolve(), Path(name), given.cases.split(","))
    given.out.write_text(json.dumps(results, indent=1) + "\n")
    for result in results:
        print(json.dumps(result)[:1500], flush=True)
    sys.exit(0 if all(result["good"] for result in results) else 1)


if __name__ == "__main__":
    main()
