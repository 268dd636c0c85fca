"""Pictures of the Chat step at both sizes."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.question_line import QuestionLine
from schemas.row import ReviewState
from tests.stubs.chat_job import FakeChatJob
from tests.stubs.evidence import finished_run
from tests.ui.chat_steps import ask, go, texts, until
from tests.ui.conftest import MakeProject
from tests.ui.steps import settle, shown

SIZES = [(80, 24), (120, 40)]
SnapCompare = Callable[..., bool]
Scene = Callable[[Pilot[None], list[FakeChatJob]], Awaitable[None]]


async def _compared(pilot: Pilot[None], jobs: list[FakeChatJob]) -> None:
    await pilot.press("ctrl+b")
    await ask(pilot, "Where do I work?")
    jobs[0].answer("Your employer is Harbor Radio.", at=0)
    jobs[0].answer(
        "I'm an AI and do not know where you work. If you tell me more about your job, I can try to help you with it.",
        at=1,
    )
    await until(pilot, lambda: len([one for one in texts(pilot, "numbers") if one]) == 2)
    await pilot.press("ctrl+b")
    await ask(pilot, "What is my dog [sic] called?")
    jobs[0].write("Your dog is ca")
    await until(pilot, lambda: texts(pilot)[-1] == "Your dog is ca")


async def _looked_at(pilot: Pilot[None], jobs: list[FakeChatJob]) -> None:
    await ask(pilot, "What is my spirit animal?")
    jobs[0].answer("Your spirit animal is a fox.")
    await until(pilot, lambda: texts(pilot, "numbers")[0])
    await pilot.press("escape", "w")
    await settle(pilot)


async def _crashed(pilot: Pilot[None], jobs: list[FakeChatJob]) -> None:
    await ask(pilot, "Hello?")
    jobs[0].crash("The worker was ended by signal 9 (SIGKILL). Signal 9 often means that memory ran out.")
    await until(pilot, lambda: pilot.app.screen.query_one("#notice").display)


async def _empty(pilot: Pilot[None], jobs: list[FakeChatJob]) -> None:
    await until(pilot, lambda: not jobs or "ready" in shown(pilot, "#model"))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    ("scene", "with_model"),
    [(_compared, True), (_looked_at, True), (_crashed, True), (_empty, True), (_empty, False)],
    ids=["compared", "wrong", "crashed", "empty", "no_model"],
)
def test_pictures(
    snap_compare: SnapCompare,
    jobs: list[FakeChatJob],
    make_project: MakeProject,
    scene: Scene,
    with_model: bool,
    size: tuple[int, int],
) -> None:
    project = make_project(state=ReviewState.APPROVED)
    if with_model:
        finished_run(project, "20260301-090000-ab12")

    async def before(pilot: Pilot[None]) -> None:
        await go(pilot, project)
        await scene(pilot, jobs)
        for line in pilot.app.screen.query(QuestionLine):
            line.cursor_blink = False

    assert snap_compare(AndraeusApp(), terminal_size=size, run_before=before)
