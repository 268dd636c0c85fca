"""Every command on a GPU machine with outgoing sockets blocked.

    python -m benchmarks.gpu_sockets OUT.json --models FOLDER [--train-path A:B] [--serve-path C:D] [--only small,served,unsloth] [--minutes 9]

FOLDER holds `smol` (SmolLM2-135M-Instruct) and `qwen` (Qwen2.5 0.5B). Every Python process of a command loads
benchmarks/socket_trap.py first, which refuses what goes beyond loopback and writes it down. Switches with which
libraries are kept offline are taken out of the environment: they have to come from the commands themselves. The folders
of --train-path, or of --serve-path for the command that needs vLLM, stand before ours on the path, in place of
PYTHONPATH. Exit code 1 when a command failed or the trap did not work; OUT.json has each command's attempts.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CLI = (sys.executable, "-P", "-m", "andraeus_tui.cli")
SWITCHES = (
    "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK",
    "VLLM_NO_USAGE_STATS", "VLLM_DO_NOT_TRACK", "UNSLOTH_DISABLE_STATISTICS",
)  # fmt: skip
SETTINGS = """
[generation]
variations = {variations}
abstention = 0.2
replay = 16
[recipe]
epochs = 1
early_stop = false
[evaluation]
unknown = 8
probe = 8
"""
FEW = '{"pet_name": "Max", "employer": "Acme", "city": "Lisbon", "barber": "Dario"}'
TRAP_CHECK = """
import socket
for number, call in enumerate((
    lambda: socket.create_connection(("192.0.2.1", 9), 2), lambda: socket.getaddrinfo("example.org", 80),
    lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9)),
)):
    try:
        call()
    except OSError:
        continue
    raise SystemExit(f"call {number} went through")
with socket.create_server(("127.0.0.1", 0)) as server:
    socket.create_connection(("127.0.0.1", server.getsockname()[1]), 5).close()
"""
"""Three ways out that must be refused, and one inside that must not."""


class Blocked:
    """Runs commands behind the trap and keeps what came of them."""

    def __init__(self, out: Path, folder: Path, minutes: float) -> None:
        self.out, self.folder = out, folder
        self.until = time.monotonic() + 60 * minutes
        self.body: dict[str, Any] = {"python": sys.version, "commands": []}

    def run(self, name: str, command: list[str], path: str, limit: float) -> int:
        """One command to its end, its exit code and attempts written down; -1 when no time was left for it."""
        trap = self.folder / "traps" / name.replace(" ", "_")
        trap.mkdir(parents=True)
        shutil.copyfile(ROOT / "benchmarks" / "socket_trap.py", trap / "sitecustomize.py")
        began, left = time.monotonic(), self.until - time.monotonic()
        streams = [trap / "stdout", trap / "stderr"]
        code = (
            _code_of(command, self._environment(trap, path), self.folder, streams, min(limit, left)) if left > 5 else -1
        )
        said = [
            stream.read_text("utf-8", errors="replace").splitlines() if stream.is_file() else [] for stream in streams
        ]
        notes = _lines(trap / "record.jsonl")
        attempts = [note for note in notes if "attempt" in note]
        one: dict[str, Any] = {
            "name": name, "argv": command, "exit": code, "seconds": round(time.monotonic() - began, 2),
            "blocked": sorted({f"{note['attempt']} {note['kind']} {note['address']}" for note in attempts}),
            "attempts": attempts, "processes": [note["process"] for note in notes if "process" in note],
            "last_stderr_line": said[1][-1] if said[1] else "",
        }  # fmt: skip
        if code:
            one["stdout_tail"], one["stderr_tail"] = said[0][-15:], said[1][-15:]
            one["worker_logs"] = self._worker_logs()
        self.keep(one)
        return code

    def keep(self, one: dict[str, Any]) -> None:
        """Write down what is known so far."""
        self.body["commands"].append(one)
        self.out.write_text(json.dumps(self.body, indent=1) + "\n")
        told = {name: one[name] for name in ("name", "exit", "seconds", "blocked", "last_stderr_line") if name in one}
        print(json.dumps(told)[:1500], flush=True)

    def skip(self, name: str, why: str) -> None:
        """A command that cannot be run here."""
        self.keep({"name": name, "skipped": why})

    def _environment(self, trap: Path, path: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in SWITCHES}
        parts = (str(trap), path or os.environ.get("PYTHONPATH", ""), str(ROOT))
        return kept | {"PYTHONPATH": os.pathsep.join(filter(None, parts)), "ANDRAEUS_CACHE": str(self.folder / "cache")}

    def _worker_logs(self) -> dict[str, list[str]]:
        logs = self.folder.glob("*/runs/*/worker.log")
        return {log.parent.name: log.read_text("utf-8", errors="replace").splitlines()[-15:] for log in logs}


def _code_of(command: list[str], environment: dict[str, str], folder: Path, streams: list[Path], limit: float) -> int:
    """The exit code; 124 when it was ended. Its workers leave when it is gone."""
    with streams[0].open("wb") as out, streams[1].open("wb") as errors:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
            start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 124


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def _settle(project: Path, variations: int) -> None:
    """Few rows and one epoch; `init` has written the model alone."""
    with (project / "project.toml").open("a") as file:
        file.write(SETTINGS.format(variations=variations))


def small(blocked: Blocked, models: Path, path: str) -> None:
    """The way of a person: from facts to answers, and on from there, with PEFT on the smaller model."""
    project = blocked.folder / "small"
    at = ["--project", str(project)]

    def cli(name: str, *arguments: str, limit: float = 60) -> int:
        return blocked.run(name, [*CLI, *arguments, *at], path, limit)

    if blocked.run("init", [*CLI, "init", str(project), "--model", str(models / "smol")], path, 60):
        return
    _settle(project, 8)
    for file in sorted((ROOT / "examples").glob("*.json")):
        cli(f"facts import {file.name}", "facts", "import", str(file))
    cli("generate templates", "generate", "--backend", "templates", "--approve", limit=90)
    cli("train peft dry", "--train-only", "--trainer", "peft", "--dry-run", limit=90)
    cli("train peft", "--train-only", "--trainer", "peft", limit=150)
    cli("evaluate", "evaluate", limit=150)
    cli("ask", "ask", "Where do I work?", "What is my blood type?", limit=90)
    cli("ask base", "ask", "--base", "Where do I work?", limit=90)
    cli("facts add", "facts", "add", "best friend", "Samira")
    cli("generate new", "generate", "--backend", "templates", "--approve", limit=90)
    cli("train from latest", "--train-only", "--trainer", "peft", "--from", "latest", limit=150)
    cli("facts list", "facts", "list")
    cli("facts export", "facts", "export", "--file", str(blocked.folder / "facts.json"))
    cli("runs", "runs")
    cli("history", "history")
    adapters = sorted(str(one.parent.relative_to(project)) for one in project.glob("runs/*/adapter/*.safetensors"))
    blocked.body["adapters"] = adapters


def unsloth(blocked: Blocked, models: Path, path: str) -> None:
    """A few steps of Unsloth, where it is installed."""
    found = [sys.executable, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('unsloth') is None)"]
    missing = blocked.run("unsloth is installed", found, path, 60)
    blocked.body["commands"].pop()
    if missing:
        blocked.skip("train unsloth", "no time was left" if missing == -1 else "it is not installed")
        return
    project = _prepared(blocked, "unsloth", models / "qwen", path)
    generate = ["generate", "--backend", "templates", "--approve", "--project", str(project)]
    blocked.run("generate for unsloth", [*CLI, *generate], path, 90)
    train = ["--train-only", "--trainer", "unsloth", "--project", str(project)]
    blocked.run("train unsloth", [*CLI, *train], path, 200)


def served(blocked: Blocked, models: Path, path: str) -> None:
    """The model words questions through `vllm serve`."""
    project = _prepared(blocked, "served", models / "smol", path)
    blocked.run("generate vllm", [*CLI, "generate", "--backend", "vllm", "--project", str(project)], path, 300)


def _prepared(blocked: Blocked, name: str, model: Path, path: str) -> Path:
    project, facts = blocked.folder / name, blocked.folder / "few.json"
    facts.write_text(FEW)
    blocked.run(f"init {name}", [*CLI, "init", str(project), "--facts", str(facts), "--model", str(model)], path, 60)
    if project.is_dir():
        _settle(project, 4)
    return project


def main() -> None:
    """The trap first, then every command."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("out", type=Path)
    options.add_argument("--models", type=Path, required=True)
    options.add_argument("--train-path", default="")
    options.add_argument("--serve-path", default="")
    options.add_argument("--only", default="small,served,unsloth")
    options.add_argument("--minutes", type=float, default=9.0)
    given = options.parse_args()
    models = given.models.resolve()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        blocked = Blocked(given.out.resolve(), Path(folder).resolve(), given.minutes)
        trapped = blocked.run("trap", [sys.executable, "-c", TRAP_CHECK], given.train_path, 60)
        trap = blocked.body["commands"].pop()
        blocked.body["trap"] = trap | {"works": trapped == 0 and len(trap["attempts"]) == 3}
        parts = {"small": (small, given.train_path), "served": (served, given.serve_path),
                 "unsloth": (unsloth, given.train_path)}  # fmt: skip
        for name in given.only.split(","):
            part, path = parts[name]
            part(blocked, models, path)
    commands = blocked.body["commands"]
    failed = [one["name"] for one in commands if one.get("exit")]
    blocked.body |= {"failed": failed, "blocked": sorted({what for one in commands for what in one.get("blocked", ())})}
    given.out.write_text(json.dumps(blocked.body, indent=1) + "\n")
    print(
        json.dumps(
            {name: blocked.body[name] for name in ("failed", "blocked")} | {"trap": blocked.body["trap"]["works"]}
        )
    )
    sys.exit(0 if blocked.body["trap"]["works"] and not failed else 1)


if __name__ == "__main__":
    main()
