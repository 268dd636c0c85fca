"""Run folders with invented events: past runs for the screens, with no worker and no clock."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from andraeus_tui.project import Project
from andraeus_tui.runs import ADAPTER_FOLDER, EVENTS_FILE, LOG_FILE
from schemas.events import CheckpointSaved, Event, Failed, Finished, Log, Metric, Progress, Stage, Started

MACHINE = "Device: CPU, 2 threads, fp32: it has no bf16 instructions. Trainer: PEFT, LoRA in float32."
COST = {
    "rows": 180.0, "tokens": 6120.0, "longest": 61.0, "steps": 120.0,
    "minutes": 4.2, "memory_gb": 1.3, "available_gb": 6.1,
}  # fmt: skip
PER_EPOCH, STEPS = 12, 120


def beginning() -> list[Event]:
    """A worker that starts, finds no GPU, and says what the run will cost."""
    return [
        Started(job="train", pid=4_000_000, time=0.0),
        Log(message=MACHINE),
        Stage(name="preflight", text="Looking at rows, time and memory"),
        Metric(step=0, total_steps=STEPS, epoch=0.0, values=COST),
        Stage(name="replay", text="Asking the base model for its own answers"),
        Progress(stage="replay", done=8, total=8),
        Stage(name="train", text="Training 180 rows, at most 10 times"),
    ]


def steps(first: int, last: int) -> Iterator[Event]:
    """Training steps with dev checks and checkpoints."""
    for step in range(first, last + 1):
        values = {
            "loss": round(3.2 * math.exp(-step / 25) + 0.08 + 0.05 * math.sin(step), 4),
            "examples_per_second": 9.4, "seconds_left": (STEPS - step) * 1.7, "memory_gb": 1.24,
        }  # fmt: skip
        if step % PER_EPOCH == 0:
            share = min(1.0, step / 80)
            values |= {"dev_recall": round(share, 4), "dev_abstention": round(0.4 + 0.6 * share * share, 4)}
        yield Metric(step=step, total_steps=STEPS, epoch=step / PER_EPOCH, values=values)
        if step % 50 == 0:
            yield CheckpointSaved(step=step, path=f"step-{step:06d}")


def finish(step: int) -> list[Event]:
    """The end of a run that stopped early."""
    return [Log(message="Stopping early: the dev questions are answered."),
            Finished(result={"steps": step, "seconds": 163.0, "examples_per_second": 9.4, "device": "CPU"})]  # fmt: skip


def crash() -> Failed:
    """What the supervisor says of a worker that the system killed."""
    hint = "Signal 9 often means that memory ran out. Last lines of worker.log: loading [weights] / Killed"
    return Failed(kind="crash", message="The worker was ended by signal 9 (SIGKILL).", hint=hint)


def write_run(project: Project, name: str, events: Iterable[Event], log: str = "", adapter: bool = False) -> Path:
    """A run folder that says this; its config is not looked at by screens that only watch."""
    folder = project.runs / name
    folder.mkdir(mode=0o700)
    (folder / "config.json").write_text("{}")
    (folder / EVENTS_FILE).write_text("".join(event.model_dump_json() + "\n" for event in events))
    (folder / LOG_FILE).write_text(log)
    if adapter:
        (folder / ADAPTER_FOLDER).mkdir()
        (folder / ADAPTER_FOLDER / "adapter_model.safetensors").write_bytes(b"")
    return folder
