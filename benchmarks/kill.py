"""kill -9 at random moments, then the truth: python -m benchmarks.kill --model FOLDER [--times 20]

Each time the worker, the front end or both are killed at a random moment of a training run. Then: every approved row
is there, no process is left, `runs` does not claim what is not so, and `--resume` ends with the very adapter of a run
that nobody disturbed (byte by byte, so with the same recall).
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

CLI = [sys.executable, "-P", "-m", "andraeus_tui.cli"]


def cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run([*CLI, *map(str, arguments)], capture_output=True, text=True, check=False)


def make_project(folder: Path, model: Path, epochs: int) -> Path:
    """A small project with approved rows."""
    facts = folder / "facts.json"
    facts.write_text('{"pet_name": "Max", "employer": "Acme", "city": "Lisbon", "barber": "Dario"}')
    project = folder / "project"
    assert cli("init", project, "--facts", facts, "--model", model).returncode == 0
    with (project / "project.toml").open("a") as file:
        file.write(f"[generation]\nvariations = 4\nabstention = 0.1\nreplay = 8\n[recipe]\nepochs = {epochs}\n")
        file.write("early_stop = false\ncheckpoint_every = 3\n")
    assert cli("generate", "--project", project, "--approve").returncode == 0
    return project


def rows_of(project: Path) -> list[tuple[str, str]]:
    """(id, state) of every row."""
    with contextlib.closing(sqlite3.connect(project / "memory.db")) as connection:
        return connection.execute("SELECT id, state FROM rows ORDER BY id").fetchall()


def runs_of(project: Path) -> list[dict[str, Any]]:
    """What `runs` says."""
    found: list[dict[str, Any]] = json.loads(cli("runs", "--project", project, "--output", "json").stdout)["runs"]
    return found


def workers_of(project: Path) -> list[psutil.Process]:
    """Worker processes that still hold a file of the project open."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] and "trainers" in process.info["cmdline"]:
            with contextlib.suppress(psutil.Error):
                if any(str(project) in file.path for file in process.open_files()):
                    found.append(process)
    return found


def kill_once(project: Path, whom: str, delay: float) -> dict[str, Any]:
    """Start a run, kill at `delay` seconds, wait until all is quiet, and look."""
    front = subprocess.Popen(
        [*CLI, "--train-only", "--project", str(project)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(delay)
    children = psutil.Process(front.pid).children() if front.poll() is None else []
    if whom in {"front end", "both"} and front.poll() is None:
        os.kill(front.pid, signal.SIGKILL)
    if whom in {"worker", "both"}:
        for child in children:
            with contextlib.suppress(psutil.Error):
                child.kill()
    code = front.wait(120)
    gone = psutil.wait_procs(children, timeout=120)[1] == []
    newest = (runs_of(project) or [{"state": "none"}])[0]
    return {
        "whom": whom,
        "after_seconds": round(delay, 2),
        "front_end_code": code,
        "no_orphan": gone,
        "state": newest["state"],
    }


def main() -> None:
    """Kill, look, resume, compare; exit code 1 if anything was lost."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--times", type=int, default=20)
    options.add_argument("--epochs", type=int, default=12)
    options.add_argument("--longest", type=float, default=14.0, help="latest moment of a kill, in seconds")
    options.add_argument("--output", type=Path)
    given = options.parse_args()
    rng = random.Random(0)
    results = []
    with tempfile.TemporaryDirectory() as name:
        project = make_project(Path(name), given.model.resolve(), given.epochs)
        assert cli("--train-only", "--project", project).returncode == 0
        wanted = next(project.glob("runs/*/adapter/adapter_model.safetensors")).read_bytes()
        before = rows_of(project)
        for number in range(given.times):
            one = kill_once(project, ("worker", "front end", "both")[number % 3], rng.uniform(0.2, given.longest))
            one["rows_kept"] = rows_of(project) == before
            one["no_orphan"] = one["no_orphan"] and not workers_of(project)
            one["told_truth"] = one["state"] in {"interrupted", "failed", "finished", "stopped"}
            newest = runs_of(project)[0]
            resumed = cli("--train-only", "--project", project, "--resume") if newest["can_resume"] else None
            one["resume_code"] = resumed.returncode if resumed else None
            adapter = project / "runs" / newest["name"] / "adapter" / "adapter_model.safetensors"
            one["same_adapter"] = adapter.is_file() and adapter.read_bytes() == wanted
            results.append(one)
            print(json.dumps(one), flush=True)
    good = [all(one[key] for key in ("rows_kept", "no_orphan", "told_truth", "same_adapter")) for one in results]
    print(f"{sum(good)} of {len(good)} kills lost nothing, left nothing behind and were resumed to the same adapter.")
    if given.output:
        given.output.write_text(json.dumps(results, indent=1) + "\n")
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
