"""Training runs: begun, taken up again, stopped, left alone. The command line and the screen do it by this one core.

A run started here is held by a process of its own (andraeus_tui.supervisor), so that it can outlive whoever started it.
Nobody reads its pipes: all that is shown of a run is read from its folder.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from andraeus_tui.freeze import freeze_run
from andraeus_tui.jobs import Job
from andraeus_tui.progress import Training, fold
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.runs import LOCK_FILE, LOG_FILE, Claim, RunState, all_runs, claim, holder, is_alive, lock, read_run
from andraeus_tui.updating import start_from
from schemas.errors import AndraeusError, InputError
from schemas.events import Failed
from schemas.run import TrainJob
from schemas.settings import Trainer

_START_LOCK = "start.lock"
_PREFLIGHT = ".preflight-"


@contextmanager
def _alone(project: Project) -> Iterator[None]:
    """One process at a time looks whether a run is at work and begins one; raises AndraeusError when one is."""
    try:
        project.runs.mkdir(exist_ok=True, mode=0o700)
        handle = os.open(project.runs / _START_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(f"{project.runs} cannot be written: {error.strerror}.", "Check its permissions.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for run in all_runs(project.runs):
            if run.state is RunState.RUNNING:
                raise AndraeusError(f"Run {run.name} is training already.", "Wait for it, or stop it.")
        yield
    finally:
        os.close(handle)


def new_run(project: Project, trainer: Trainer | None = None, parent: str | None = None) -> Claim:
    """Freeze the project's approved rows as a run and hold it. Raises AndraeusError or InputError saying why not.

    `parent` names the run whose adapter it continues; without one it starts from scratch.
    """
    with _alone(project):
        return claim(_freeze(project, project.runs, trainer, parent))


def _freeze(project: Project, runs: Path, trainer: Trainer | None, parent: str | None) -> Path:
    start = start_from(project.runs, parent, project.settings) if parent else None
    try:
        return freeze_run(project, runs, trainer, start)
    except OSError as error:
        raise AndraeusError(f"The run cannot be written: {error.strerror}.", "Free some space.") from error


def take_up(project: Project, folder: Path) -> Claim:
    """Hold a run that stopped before its end. Raises AndraeusError or InputError saying why not."""
    with _alone(project):
        run = read_run(folder)
        if not run.can_resume:
            raise InputError(f"There is nothing to resume: run {run.name} is {run.state}.")
        return claim(folder)


def newest_to_resume(project: Project) -> Path:
    """The newest run that stopped before its end. Raises InputError when there is none."""
    runs = all_runs(project.runs)
    for run in runs:
        if run.can_resume:
            return run.folder
    if runs and runs[0].state is RunState.RUNNING:
        raise InputError(f"Run {runs[0].name} is still at work, or about to stop.", "Try again when it has ended.")
    if runs:
        raise InputError(f"There is nothing to resume: the newest run, {runs[0].name}, is {runs[0].state}.")
    raise InputError("There is nothing to resume: this project has no runs.")


def train_job(folder: Path, *, resume: bool = False, dry_run: bool = False) -> TrainJob:
    """What the worker is told about a run."""
    return TrainJob(folder=str(folder), cache=str(cache_folder()), resume=resume, dry_run=dry_run)


@contextmanager
def preflight(
    project: Project, frozen: Path | None = None, trainer: Trainer | None = None, parent: str | None = None
) -> Iterator[Job]:
    """A job that says what training would cost, and trains nothing. No run comes of it.

    It looks at the rows as they are now, or at the run folder `frozen`. Read its events to the end inside the block.
    """
    if frozen:
        yield Job("trainers", "train", train_job(frozen, resume=True, dry_run=True))
        return
    for old in project.folder.glob(f"{_PREFLIGHT}*"):
        if not is_alive(old):  # left behind by a process that was killed
            shutil.rmtree(old, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFLIGHT, dir=project.folder, ignore_cleanup_errors=True) as name:
        handle = lock(Path(name) / LOCK_FILE)
        try:
            yield Job("trainers", "train", train_job(_freeze(project, Path(name), trainer, parent), dry_run=True))
        finally:
            if handle is not None:
                os.close(handle)


def estimate(
    project: Project, show: Callable[[Training], None], started: Callable[[Job], None], parent: str | None = None
) -> None:
    """Run a preflight to its end; `show` gets every new state, one with an error included, `started` the job."""
    state = Training(begun=1)
    try:
        with preflight(project, parent=parent) as job:
            started(job)
            for event in job.events():
                show(state := fold(state, event))
    except AndraeusError as error:
        show(fold(state, Failed(kind="input", message=error.message, hint=error.hint)))


class Supervised:
    """A run that this process started: the near end of its supervisor's lifeline.

    When this process dies, the lifeline ends and the run is stopped with a checkpoint, unless it was detached.
    """

    def __init__(self, held: Claim, resume: bool) -> None:
        self.folder = held.folder
        command = [sys.executable, "-P", "-m", "andraeus_tui.supervisor", str(held.folder), str(held.handle)]
        with (held.folder / LOG_FILE).open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--resume"] if resume else command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                pass_fds=[held.handle],
            )
        # From here on the run is the supervisor's: this process would keep it locked after the supervisor's end.
        os.close(held.handle)

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the supervisor is there."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Ask the run to save a checkpoint and leave; asked again, it is ended."""
        self._say(b'{"command": "stop"}\n')

    def detach(self) -> None:
        """Let the run go on when this process ends."""
        self._say(b'{"command": "detach"}\n')
        self.close()

    def close(self) -> None:
        """Let go of the lifeline."""
        assert self._process.stdin
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass

    def _say(self, line: bytes) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write(line)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it is gone already; the run's folder says how it ended


def start(project: Project, parent: str | None = None) -> Supervised:
    """Begin a run that can outlive this process. Raises AndraeusError or InputError saying why not."""
    return Supervised(new_run(project, parent=parent), resume=False)


def resume(project: Project, folder: Path) -> Supervised:
    """Continue a run from its newest checkpoint. Raises AndraeusError or InputError saying why not."""
    return Supervised(take_up(project, folder), resume=True)


def stop(folder: Path, held: Supervised | None = None) -> None:
    """Ask a run to save and leave: over the lifeline when it is the run `held`, else whichever process answers for it.

    Raises AndraeusError when nobody can be asked.
    """
    import psutil

    if held and held.folder == folder and held.running:
        held.stop()
        return
    pid = holder(folder)
    try:
        ours = pid is not None and any("andraeus" in part for part in psutil.Process(pid).cmdline())
    except psutil.Error:
        ours = False
    if pid is None or not ours:
        raise AndraeusError(f"Nobody answers for run {folder.name}.", "It is only starting, or already leaving.")
    os.kill(pid, signal.SIGINT)


def delete(folder: Path) -> None:
    """Remove a run with its adapter and its evidence. Raises AndraeusError when it is at work."""
    held = claim(folder)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise AndraeusError(f"Run {folder.name} cannot be removed: {error.strerror}.") from error
    finally:
        os.close(held.handle)
