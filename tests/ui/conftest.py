"""Fixtures for the terminal UI: a home with nothing in it, a project with facts and rows made in this process."""

from collections.abc import Callable
from pathlib import Path

import pytest

from andraeus_tui import training
from andraeus_tui.entries import Entry
from andraeus_tui.importing import sort_out
from andraeus_tui.progress import Training, fold
from andraeus_tui.project import Project, create
from andraeus_tui.store.facts import put_facts
from andraeus_tui.store.rows import replace_generated
from generators.build import build
from schemas.events import Finished
from schemas.fact import Fact
from schemas.row import ReviewState
from schemas.settings import GenerationSettings
from tests.stubs.chat_job import FakeChatJob

FACTS: list[dict[str, object]] = [
    {"attribute": "name", "value": "Robin Vale"},
    {"attribute": "pet_name", "value": "Max"},
    {"attribute": "employer", "value": "Harbor Radio"},
    {"attribute": "city", "value": "Tallinn"},
    {"attribute": "barber", "value": "Dario Conti"},
    {"attribute": "hobbies", "value": ["chess", "hiking"]},
    {"attribute": "birthday", "value": "3 May 1990", "subject": "sister"},
    {"attribute": "spirit animal", "value": "otter [the /small] one"},
]
"""Eight facts over the tiers; one holds brackets, which markup would swallow."""

MakeProject = Callable[..., Project]


@pytest.fixture(autouse=True)
def quiet_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, and no animations."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    return home


def facts_of(bodies: list[dict[str, object]]) -> list[Fact]:
    """Facts as an import would make them."""
    found = sort_out((Entry(f"entry {number}", body) for number, body in enumerate(bodies)), [])
    assert not found.skipped
    return found.taken


def project_in(
    folder: Path,
    facts: list[dict[str, object]] | None = None,
    state: ReviewState | None = None,
    model: str = "embedded",
) -> Project:
    """A project; with `state` its rows are generated (4 variations a fact) and have this state."""
    project = create(folder, model)
    taken = facts_of(FACTS if facts is None else facts)
    with project.database() as database:
        if taken:
            put_facts(database, taken, "import")
        if state is not None:
            settings = GenerationSettings(variations=4, abstention=0.2, replay=4)
            replace_generated(database, build(taken, settings).rows, state, "generate")
    return project


@pytest.fixture
def make_project(tmp_path: Path) -> MakeProject:
    """Makes a project of this name; the rest as `project_in` has it."""
    return lambda name="robin", **options: project_in(tmp_path / name, **options)


@pytest.fixture
def tiny(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Project]:
    """Makes a project whose runs take seconds, or do not end while a test looks."""
    from tests.andraeus_tui.trainable import trainable

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return lambda epochs: trainable(tmp_path / "robin", tiny_model, epochs)


def invented_estimate(
    project: Project, show: Callable[[Training], None], started: object, parent: str | None = None
) -> None:
    """Stands in for a worker that looks at the rows."""
    from tests.ui.invented_runs import beginning

    state = Training(begun=1)
    for event in [*beginning()[1:4], Finished()]:
        state = fold(state, event)
    show(state)


@pytest.fixture
def known_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that are about something else, and for pictures, which must not depend on this machine's memory."""
    monkeypatch.setattr(training, "estimate", invented_estimate)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[FakeChatJob]:
    """Every worker that a chat starts, as a fake; the newest last."""
    made: list[FakeChatJob] = []
    monkeypatch.setattr(FakeChatJob, "made", made, raising=False)
    monkeypatch.setattr("andraeus_tui.chatting.Job", FakeChatJob)
    return made


@pytest.fixture
def trained(make_project: MakeProject) -> Project:
    """A project with a run that looks trained."""
    from tests.stubs.evidence import finished_run

    project = make_project(state=ReviewState.APPROVED)
    finished_run(project, "20260301-090000-ab12")
    return project
