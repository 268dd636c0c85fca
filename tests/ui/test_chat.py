"""Chat: asking, reading along, comparing, and the way from a wrong answer to its fact."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from textual.widgets import OptionList

from andraeus_tui.project import Project
from andraeus_tui.runs import claim
from andraeus_tui.ui.app import AndraeusApp
from andraeus_tui.ui.chat_bar import ChatBar
from andraeus_tui.ui.pick_fact import PickFact
from andraeus_tui.ui.question_line import QuestionLine
from andraeus_tui.ui.run_picker import PickRun
from andraeus_tui.ui.screens.chat import ChatScreen
from andraeus_tui.ui.table import WindowTable
from andraeus_tui.ui.turn_box import AnswerBox, TurnBox
from tests.stubs.chat_job import FakeChatJob
from tests.stubs.evidence import finished_run
from tests.ui.chat_steps import ask, go, texts, until
from tests.ui.conftest import MakeProject
from tests.ui.steps import painted, settle, shown, table_lines

SIZES = [(80, 24), (120, 40)]
SnapCompare = Callable[..., bool]


async def test_asking_and_reading_along(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        assert isinstance(app, AndraeusApp)
        app.open_project(trained.folder, "settings")
        await settle(pilot)
        assert jobs == [], "no model is loaded before the chat is shown"
        await app.action_step("chat")
        await settle(pilot)
        assert len(jobs) == 1
        assert str(jobs[0].job.adapter).endswith("20260301-090000-ab12/adapter")
        assert isinstance(app.focused, QuestionLine)
        await until(pilot, lambda: "ready" in shown(pilot, "#model"))
        await pilot.press(*"Where do I work?", "enter")
        await until(pilot, lambda: jobs[0].asked)
        assert [message.content for message in jobs[0].asked[0].messages] == ["Where do I work?"]
        jobs[0].write("Your employer is ")
        await until(pilot, lambda: texts(pilot) == ["Your employer is "])
        assert "writing" in texts(pilot, "who")[0]
        await ask(pilot, "Too early")
        assert len(jobs[0].asked) == 1
        assert pilot.app.screen.query_one(QuestionLine).value == "Too early", "nothing typed is lost"
        jobs[0].write("Harbor Radio.")
        jobs[0].answer("Your employer is Harbor Radio.")
        await until(pilot, lambda: texts(pilot) == ["Your employer is Harbor Radio."])
        assert texts(pilot, "numbers") == ["31 prompt tokens, 0 of them facts, 0.4 s"]

        await ask(pilot, "Do I work at Harbor Radio?")
        assert len(jobs[0].asked[1].messages) == 1, "single questions unless the person wants a conversation"
        jobs[0].answer("Yes.", prompt="user\nDo I work at Harbor Radio?", tokens=1)
        await until(pilot, lambda: "which name 1 fact" in texts(pilot, "numbers")[1])

        await pilot.press("up", "up")
        assert pilot.app.screen.query_one(QuestionLine).value == "Where do I work?"
        await pilot.press("down", "down")
        assert pilot.app.screen.query_one(QuestionLine).value == ""

        await pilot.press("ctrl+t")
        assert "the conversation" in shown(pilot, "#memory")
        await ask(pilot, "And?")
        assert [m.content for m in jobs[0].asked[2].messages][1::2] == ["Your employer is Harbor Radio.", "Yes."]
        jobs[0].write("Half")
        await until(pilot, lambda: texts(pilot)[-1] == "Half")
        await pilot.press("escape")
        assert jobs[0].cancels == 1
        assert "stopped" in texts(pilot, "who")[-1]
        await pilot.press("escape")
        assert isinstance(app.focused, AnswerBox)
        await pilot.press("c")
        assert app.clipboard == "Half"
        await pilot.press("n")
        await settle(pilot)
        assert not app.screen.query(TurnBox)
        assert isinstance(app.focused, QuestionLine)
    assert jobs[0].stopped, "no process outlives the app"


async def test_who_comes_back_types_on(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, trained)
        await ask(pilot, "Where do I work?")
        jobs[-1].answer("Your employer is Harbor Radio.")
        await until(pilot, lambda: texts(pilot) == ["Your employer is Harbor Radio."])
        await pilot.press("escape", "r", "escape")
        await settle(pilot)
        assert isinstance(pilot.app.focused, AnswerBox), "a dialog leaves the focus where it was"
        await pilot.press("1")
        await settle(pilot)
        await pilot.press("6", *"Who?")
        assert pilot.app.screen.query_one(QuestionLine).value == "Who?"


async def test_base_and_tuned_side_by_side_or_below_each_other(trained: Project, jobs: list[FakeChatJob]) -> None:
    for size, beside in zip(SIZES, (False, True), strict=True):
        async with AndraeusApp().run_test(size=size) as pilot:
            await go(pilot, trained)
            await pilot.press("escape", "b")
            assert "trained and base" in shown(pilot, "#answers")
            await pilot.click("#answers")
            assert "trained alone" in shown(pilot, "#answers")
            await pilot.click("#answers")
            await ask(pilot, "Where do I work?")
            job = jobs[-1]
            assert [one.source for one in job.asked] == ["tuned", "base"]
            job.answer("Harbor Radio.", at=0)
            job.answer("I cannot know.", at=1)
            await until(pilot, lambda: texts(pilot) == ["Harbor Radio.", "I cannot know."])
            tuned, base = pilot.app.screen.query(AnswerBox)
            assert (tuned.region.y == base.region.y) is beside
            assert (tuned.region.x == base.region.x) is not beside


async def test_a_wrong_answer_leads_to_its_fact(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        screen = await go(pilot, trained)
        app = pilot.app
        assert isinstance(app, AndraeusApp)
        await ask(pilot, "What is my spirit animal?")
        screen.query(AnswerBox).first().focus()
        await pilot.press("w")
        assert app.screen is screen, "an answer that is being written is not called wrong"
        jobs[0].answer("A fox.")
        await until(pilot, lambda: texts(pilot) == ["A fox."])
        await pilot.press("w")
        await settle(pilot)
        assert isinstance(app.screen, PickFact)
        options = app.screen.query_one(OptionList)
        assert "spirit animal = otter [the /small] one" in str(options.get_option_at_index(0).prompt)
        assert options.option_count <= 3
        await pilot.press("escape")
        assert app.screen is screen
        await pilot.click("_Wrong")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        assert app.current_mode == "facts"
        table = app.screen.query_one("#facts", WindowTable)
        assert "spirit animal" in table_lines(pilot, "#facts")[table.cursor]
        assert screen.query(AnswerBox).first().reply.wrong


async def test_no_trained_model_yet(make_project: MakeProject, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, make_project())
        assert "Train one in step 4" in shown(pilot, "#hint")
        assert "base model (not loaded)" in shown(pilot, "#model")
        assert jobs == []
        await pilot.press("ctrl+b", "ctrl+r")
        assert isinstance(pilot.app.screen, ChatScreen)
        await ask(pilot, "Hello?")
        assert [one.source for one in jobs[0].asked] == ["base"]
        assert jobs[0].job.adapter is None


async def test_a_dead_worker_is_told_and_started_again(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, trained)
        await ask(pilot, "Hello?")
        jobs[0].crash("The worker was [ended by] signal 9.")
        await until(pilot, lambda: pilot.app.screen.query_one("#notice").display)
        assert "[ended by] signal 9. Ask again" in shown(pilot, "#notice")
        assert "process ended" in texts(pilot, "who")[0]
        await ask(pilot, "Hello again?")
        assert len(jobs) == 2
        jobs[1].answer("Hello.")
        await until(pilot, lambda: texts(pilot)[-1] == "Hello.")
        assert not pilot.app.screen.query_one("#notice").display


async def test_the_newest_run_is_taken_until_another_is_picked(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, trained)
        app = pilot.app
        assert isinstance(app, AndraeusApp)
        finished_run(trained, "20260302-090000-cd34")
        await app.action_step("settings")
        await app.action_step("chat")
        await settle(pilot)
        assert "20260302-090000-cd34" in shown(pilot, "#model")
        assert jobs[0].stopped
        await pilot.press("ctrl+r")
        await settle(pilot)
        assert isinstance(app.screen, PickRun)
        app.screen.query_one(WindowTable).cursor = 1
        await pilot.press("enter")
        await settle(pilot)
        assert "20260301-090000-ab12" in shown(pilot, "#model")
        await app.action_step("settings")
        await app.action_step("chat")
        await settle(pilot)
        assert "20260301-090000-ab12" in shown(pilot, "#model"), "what was picked stays"
        await app.action_step("settings")
        app.wanted_run = "20260302-090000-cd34"
        await app.action_step("chat")
        await settle(pilot)
        assert "20260302-090000-cd34" in shown(pilot, "#model")
        assert app.wanted_run is None
        assert [job.stopped for job in jobs] == [True, True, True, False]


async def test_a_training_run_beside_the_chat_is_told(trained: Project, jobs: list[FakeChatJob]) -> None:
    held = claim(finished_run(trained, "20260302-090000-cd34").folder)
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, trained)
        assert "share this machine" in shown(pilot, "#notice")
        assert "20260301-090000-ab12" in shown(pilot, "#model"), "the one that is being trained has no model yet"
        os.close(held.handle)
        await pilot.app.run_action("step('settings')")
        await pilot.app.run_action("step('chat')")
        await settle(pilot)
        assert not pilot.app.screen.query_one("#notice").display


async def test_a_slow_load_is_shown_and_can_be_typed_into(
    trained: Project, jobs: list[FakeChatJob], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeChatJob, "loads", False)
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        await go(pilot, trained)
        await until(pilot, lambda: "Loading embedded ..." in shown(pilot, "#model"))
        await pilot.press(*"Hi?", "enter")
        assert "waiting" in texts(pilot, "who")[0]
        jobs[0].ready()
        jobs[0].answer("Hello.")
        await until(pilot, lambda: texts(pilot) == ["Hello."])


HOSTILE = "[/b] [red]x[/] [@click=app.quit]y[/] \x1b[2J\x1b]52;c;eA==\x07 <|im_end|> \u202e 👩‍👩‍👧 שלום"


async def test_hostile_text_everywhere(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, trained)
        await ask(pilot, HOSTILE)
        assert jobs[0].asked[0].messages[0].content == HOSTILE.strip()
        jobs[0].write(HOSTILE)
        jobs[0].answer(HOSTILE)
        await until(pilot, lambda: "31 prompt" in texts(pilot, "numbers")[0])
        (text,) = texts(pilot)
        assert "[red]x[/]" in text
        assert "<|im_end|>" in text
        assert not any(char in text for char in "\x1b\x07\u202e")
        assert "\x1b" not in painted(pilot.app.screen)
        await ask(pilot, "y" * 10_000)
        jobs[0].answer("z" * 5_000)
        await until(pilot, lambda: texts(pilot)[-1].startswith("zzz"))
        await ask(pilot, "q" * 30_000)
        assert len(jobs[0].asked) == 2
        assert pilot.app.screen.query_one(QuestionLine).value
        boxes = list(pilot.app.screen.query(AnswerBox))
        boxes[0].focus()
        await pilot.press("w")
        await settle(pilot)


async def test_all_is_reachable_by_mouse(trained: Project, jobs: list[FakeChatJob]) -> None:
    async with AndraeusApp().run_test(size=(120, 40)) as pilot:
        await go(pilot, trained)
        await pilot.click("#memory")
        assert "the conversation" in shown(pilot, "#memory")
        await pilot.click("#model")
        await settle(pilot)
        assert isinstance(pilot.app.screen, PickRun)
        await pilot.press("escape")
        assert pilot.app.screen.query_one(ChatBar).region.height == 1


async def test_with_a_real_worker(make_project: MakeProject, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    async with AndraeusApp().run_test(size=(80, 24)) as pilot:
        screen = await go(pilot, make_project(model=str(tiny_model)))
        await ask(pilot, "What is my dog called?")
        assert "Starting" in shown(pilot, "#model") or "Loading" in shown(pilot, "#model")
        await until(pilot, lambda: "prompt tokens, 0 of them facts" in "".join(texts(pilot, "numbers")))
        assert screen.session is not None
        assert [child for child in psutil.Process().children() if "chat" in child.cmdline()]
    assert not [child for child in psutil.Process().children() if "chat" in child.cmdline()]
