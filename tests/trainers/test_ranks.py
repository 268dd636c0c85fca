"""Two processes train what one does, and leave together."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from andraeus_tui.freeze import freeze_run
from andraeus_tui.project import Project
from schemas.run import TrainJob
from schemas.wire import Wire
from tests.patience import PATIENCE

torch = pytest.importorskip("torch")


def start(environment: dict[str, str], run: Path, processes: int) -> "subprocess.Popen[str]":
    job = TrainJob(folder=str(run), cache=environment["ANDRAEUS_CACHE"], processes=processes)
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "trainers", "train"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(run / "worker.log").open("w"),
    )  # fmt: skip
    assert worker.stdin
    worker.stdin.write(job.model_dump_json() + "\n")
    worker.stdin.flush()
    return worker


@pytest.mark.parametrize(
    ("records", "graphs", "asked", "count", "told"),
    [
        (True, None, None, 1, "One of 2 GPUs trains: with recorded steps it is quicker than all without."),
        (False, None, None, 2, "2 processes train together, each on its share of every batch."),
        (True, False, None, 2, "2 processes train together, each on its share of every batch."),
        (True, None, 2, 2, "2 processes train together, each on its share of every batch."),
    ],
)
def test_one_gpu_trains_where_steps_are_recorded(
    monkeypatch: pytest.MonkeyPatch, records: bool, graphs: bool | None, asked: int | None, count: int, told: str
) -> None:
    from trainers import ranks

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(ranks, "_start", lambda *_: None)
    monkeypatch.setattr(ranks.Ranks, "watch", lambda *_: None)
    monkeypatch.setattr(os, "environ", {})
    out = io.StringIO()
    wire = Wire(out, io.StringIO(), must_save=False)
    found = ranks.gather(TrainJob(folder="", cache="", graphs=graphs, processes=asked), records, wire)
    assert found.count == count
    assert [json.loads(line)["message"] for line in out.getvalue().splitlines()] == [told]


def test_two_processes_train_what_one_does(environment: dict[str, str], project: Path) -> None:
    from safetensors.torch import load_file

    made = Project(project)
    losses, adapters = [], []
    for processes in (1, 2):
        run = freeze_run(made, made.runs)
        worker = start(environment, run, processes)
        assert worker.stdout
        events = [json.loads(line) for line in worker.stdout]
        assert worker.wait(PATIENCE) == 0, (run / "worker.log").read_text()[-2000:]
        assert events[-1]["result"]["processes"] == processes
        losses.append([event["values"]["loss"] for event in events if event["event"] == "metric" and event["step"]])
        adapters.append(load_file(run / "adapter" / "adapter_model.safetensors"))
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    off = sum(float((adapters[0][name].float() - adapters[1][name].float()).norm() ** 2) for name in adapters[0])
    size = sum(float(value.float().norm() ** 2) for value in adapters[0].values())
    assert off < 0.01 * size


def test_a_stop_ends_all_of_them_after_a_checkpoint(environment: dict[str, str], project: Path) -> None:
    settings = project / "project.toml"
    settings.write_text(settings.read_text().replace("epochs = 2", "epochs = 400\nearly_stop = false"))
    made = Project(project)
    run = freeze_run(made, made.runs)
    worker = start(environment, run, 2)
    assert worker.stdout
    assert worker.stdin
    others: list[psutil.Process] = []
    for line in worker.stdout:
        event = json.loads(line)
        if event["event"] == "metric" and event["step"] == 3:
            others = psutil.Process(worker.pid).children(recursive=True)
            worker.stdin.write('{"command": "stop"}\n')
            worker.stdin.flush()
    assert worker.wait(PATIENCE) == 3
    assert event["event"] == "cancelled"
    assert len(list((run / "checkpoints").glob("step-*/state.safetensors"))) == 1
    assert others
    until = time.monotonic() + PATIENCE
    while any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in others):
        assert time.monotonic() < until, "a process was left behind"
        time.sleep(0.2)
