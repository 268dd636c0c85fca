"""Fixtures: a private home for every test, the command line as a process, and a tiny model made once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patience import PATIENCE

ROOT = Path(__file__).parent.parent
COMMAND = (sys.executable, "-P", "-m", "andraeus_tui.cli")
"""`andraeus-tui` as a process."""
Cli = Callable[..., subprocess.CompletedProcess[str]]
CommandIn = Callable[[str], tuple[Cli, Path]]
# One thread a process, this one's too: tests run at once on two cores, and threads that wait for each other burn both.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones first: whoever comes last to a test of minutes keeps all others waiting."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where models are converted to, shared by the session: the embedded one takes half a minute."""
    given = os.environ.get("ANDRAEUS_CACHE")
    return Path(given) if given else tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model's folder, made in a process of its own so that the test process stays without torch."""
    folder = tmp_path_factory.mktemp("tiny") / "model"
    subprocess.run([sys.executable, ROOT / "tests/stubs/tiny_model.py", folder], check=True, capture_output=True)
    return folder


@pytest.fixture
def environment(tmp_path: Path, cache: Path) -> dict[str, str]:
    """A home and a working directory with nothing in them."""
    return _environment(tmp_path, cache)


def _environment(folder: Path, cache: Path) -> dict[str, str]:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "VIRTUAL_ENV"}}
    return {
        **kept,
        "OMP_NUM_THREADS": os.environ["OMP_NUM_THREADS"],
        "HOME": str(home),
        "ANDRAEUS_CACHE": str(cache),
        "COLUMNS": "100",
    }


@pytest.fixture
def cli(environment: dict[str, str], tmp_path: Path) -> Cli:
    """Runs `andraeus-tui ARGUMENTS` as a process; refuses any traceback in its output."""
    return _command(environment, tmp_path)


def _command(environment: dict[str, str], folder: Path) -> Cli:
    def run(*arguments: object, stdin: str | None = "", timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            input=stdin, capture_output=True, text=True, env=environment, cwd=folder, timeout=timeout, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr + done.stdout, done.stderr + done.stdout
        return done

    return run


@pytest.fixture(scope="session")
def command_in(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> CommandIn:
    """For what many tests start from: the command line with a home of its own, and that home."""

    def make(name: str) -> tuple[Cli, Path]:
        home = tmp_path_factory.mktemp(name)
        return _command(_environment(home, cache), home), home

    return make


@pytest.fixture(scope="session")
def made_project(command_in: CommandIn, tiny_model: Path) -> Path:
    """A project on the tiny model with three facts and approved rows, quick to train, made by the commands once."""
    run, home = command_in("made")
    facts, folder = home / "facts.json", home / "project"
    facts.write_text('{"pet_name": "Max", "employer": "Acme", "city": "Lisbon"}')
    assert run("init", folder, "--facts", facts, "--model", tiny_model).returncode == 0
    settings = (folder / "project.toml").read_text()
    # Without a reader: its encoder would read thousands of questions for every tiny training.
    settings += "[generation]\nvariations = 4\nabstention = 0.1\nreplay = 8\n"
    settings += "[recipe]\nepochs = 2\ncheckpoint_every = 2\nreader = false\n"
    (folder / "project.toml").write_text(settings + "[evaluation]\nmax_new_tokens = 4\nunknown = 4\nprobe = 4\n")
    assert run("generate", "--project", folder, "--approve").returncode == 0
    return folder


@pytest.fixture(scope="session")
def trained_project(command_in: CommandIn, made_project: Path) -> Path:
    """The same with a finished run, trained once."""
    run, home = command_in("trained")
    folder = Path(shutil.copytree(made_project, home / "project"))
    settings = folder / "project.toml"
    settings.write_text(settings.read_text().replace("reader = false\n", ""))
    done = run("--train-only", "--project", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def trained(trained_project: Path, tmp_path: Path) -> Path:
    """A copy of that."""
    return Path(shutil.copytree(trained_project, tmp_path / "project"))


@pytest.fixture
def project(made_project: Path, tmp_path: Path) -> Path:
    """A copy of it: a project is one folder."""
    return Path(shutil.copytree(made_project, tmp_path / "project"))
