"""Runs held by a supervisor of their own: watched, left alone, stopped, killed, resumed; on the tiny model."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from andraeus_tui import training
from andraeus_tui.progress import EventTail, Training, fold
from andraeus_tui.project import Project
from andraeus_tui.runs import EVENTS_FILE, RunState, all_runs, is_alive, read_run
from schemas.errors import AndraeusError, InputError
from schemas.events import CancelledByUser, Failed, Finished, Started
from tests.andraeus_tui.trainable import trainable
from tests.conftest import Cli
from tests.patience import PATIENCE

Watch = Callable[[Callable[[Training], bool]], Training]


class Watched:
    """Watches a run as the screen does: by the tail of its events alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._tail = EventTail(folder / EVENTS_FILE)
        self.state = Training()
        self.worker = 0

    def until(self, wanted: Callable[[Training], bool], seconds: float = PATIENCE) -> Training:
        end = time.monotonic() + seconds
        while not wanted(self.state):
            assert time.monotonic() < end, self.state
            for event in self._tail.read():
                self.state = fold(self.state, event)
                if isinstance(event, Started):
                    self.worker = event.pid
            time.sleep(0.05)
        return self.state

    def gone(self, seconds: float = PATIENCE) -> RunState:
        end = time.monotonic() + seconds
        while is_alive(self.folder):
            assert time.monotonic() < end
            time.sleep(0.05)
        return read_run(self.folder).state


@pytest.fixture
def project(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    made = trainable(tmp_path / "project", tiny_model)
    yield made
    left = [process for process in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(_command(process))]
    for process in psutil.wait_procs(left, timeout=60)[1]:
        process.kill()
        raise AssertionError("a process was left behind")


def _command(process: psutil.Process) -> list[str]:
    return process.info["cmdline"] or []


def long(project: Project) -> Project:
    """The same project, with a run that does not end by itself while a test looks."""
    return trainable(project.folder.with_name("long"), Path(project.settings.model.name), epochs=1000)


def test_a_run_is_watched_by_its_folder_to_the_end(project: Project) -> None:
    held = training.start(project)
    assert read_run(held.folder).state is RunState.RUNNING, "from the first moment on"
    with pytest.raises(AndraeusError, match="training already"):
        training.start(project)
    with pytest.raises(AndraeusError, match="another process"):
        training.delete(held.folder)
    state = Watched(held.folder).until(lambda state: state.ended is not None)
    assert isinstance(state.ended, Finished), state.ended
    assert state.machine.startswith("Device: CPU")
    assert "Trainer" in state.machine
    assert state.cost["rows"] > 10
    assert state.latest["memory_gb"] > 0.05
    assert len(state.loss.shown) == state.step == state.total_steps
    assert len(state.dev_recall.shown) == 2
    held.close()
    held.close()


def test_a_detached_run_goes_on(project: Project) -> None:
    held = training.start(project)
    held.detach()
    watched = Watched(held.folder)
    assert isinstance(watched.until(lambda state: state.ended is not None).ended, Finished)
    assert watched.gone() is RunState.FINISHED


_FRONT = """
import sys, time
from pathlib import Path
from andraeus_tui import training
from andraeus_tui.project import Project
held = training.start(Project(Path(sys.argv[1])))
print(held.folder, flush=True)
time.sleep(600)
"""


def test_a_killed_front_end_stops_the_run_with_a_checkpoint_and_it_resumes(project: Project) -> None:
    project = long(project)
    command = [sys.executable, "-c", _FRONT, str(project.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as front:
        assert front.stdout
        folder = Path(front.stdout.readline().strip())
        watched = Watched(folder)
        watched.until(lambda state: state.step >= 3)
        front.kill()
    state = watched.until(lambda state: state.ended is not None)
    assert isinstance(state.ended, CancelledByUser)
    assert watched.gone() is RunState.STOPPED
    assert list(folder.glob("checkpoints/step-*/state.safetensors"))
    stopped_at = state.step

    again = training.resume(project, folder)
    state = watched.until(lambda state: state.step > stopped_at + 2)
    assert state.begun == 2
    assert f"Resuming after step {stopped_at}." in state.notes
    assert [step for step, _ in state.loss.shown] == [float(step) for step in range(1, state.step + 1)]
    training.stop(folder)  # as another process would
    assert watched.gone() is RunState.STOPPED
    again.close()
    with pytest.raises(AndraeusError, match="Nobody answers"):
        training.stop(folder)
    training.delete(folder)
    assert all_runs(project.runs) == []


def test_a_stop_and_then_leaving_still_saves(project: Project) -> None:
    project = long(project)
    held = training.start(project)
    watched = Watched(held.folder)
    watched.until(lambda state: state.step >= 1)
    held.stop()
    held.close()
    assert watched.gone() is RunState.STOPPED
    assert list(held.folder.glob("checkpoints/step-*/state.safetensors")), "not ended while it saved"


def test_a_killed_worker_is_told_and_a_killed_supervisor_leaves_an_interrupted_run(project: Project) -> None:
    project = long(project)
    held = training.start(project)
    watched = Watched(held.folder)
    watched.until(lambda state: state.checkpoint is not None)
    os.kill(watched.worker, signal.SIGKILL)
    state = watched.until(lambda state: state.ended is not None)
    assert isinstance(state.ended, Failed)
    assert state.ended.kind == "crash"
    assert "SIGKILL" in state.ended.message
    assert watched.gone() is RunState.FAILED

    again = training.resume(project, held.folder)
    begun = watched.until(lambda state: state.begun == 2 and state.step > 3)
    os.kill(again.pid, signal.SIGKILL)
    assert watched.gone() is RunState.INTERRUPTED, "the worker has seen that its supervisor is gone"
    assert begun.ended is None
    assert not again.running
    last = training.resume(project, held.folder)
    watched.until(lambda state: state.begun == 3)
    last.stop()
    assert watched.gone() is RunState.STOPPED


def test_the_command_line_and_the_screen_share_one_slot(cli: Cli, project: Project) -> None:
    project = long(project)
    held = training.start(project)
    refused = cli("--train-only", "--project", project.folder)
    assert (refused.returncode, "training already" in refused.stderr) == (1, True)
    held.stop()
    assert Watched(held.folder).gone() in {RunState.STOPPED, RunState.INTERRUPTED}


def test_a_preflight_leaves_nothing_behind(project: Project) -> None:
    stale = project.folder / ".preflight-old"
    stale.mkdir()
    with training.preflight(project) as job:
        *_, last = job.events()
    assert isinstance(last, Finished)
    assert last.result["rows"] > 10
    assert not list(project.folder.glob(".preflight-*"))
    assert all_runs(project.runs) == []


def test_what_cannot_be_trained_is_said(project: Project) -> None:
    empty = trainable(project.folder.with_name("empty"), Path(project.settings.model.name), facts={})
    with pytest.raises(InputError, match="no facts"):
        training.start(empty)
    with pytest.raises(InputError, match="no runs"):
        training.newest_to_resume(empty)
    assert all_runs(empty.runs) == []


def test_a_full_disk_leaves_no_half_run(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("andraeus_tui.freeze.write_whole", full)
    with pytest.raises(AndraeusError, match="No space left"):
        training.start(project)
    assert not list(project.runs.glob("*/"))


def test_a_closed_terminal_still_stops_the_work() -> None:
    code = """
import os, signal
from andraeus_tui.jobs import stop_on_signals
class Work:
    stops = 0
    def stop(self): self.stops += 1
work = Work()
read, write = os.pipe()
os.dup2(write, 2), os.close(read), os.close(write)  # nobody reads what is said any more
stop_on_signals(work)
os.kill(os.getpid(), signal.SIGHUP)
print(work.stops)
"""
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=PATIENCE)
    assert (done.returncode, done.stdout.strip()) == (0, "1")
