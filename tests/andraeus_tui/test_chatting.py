"""A chat's state, its session with a real worker, and the facts that a wrong answer leads to."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andraeus_tui.chatting import ChatSession
from andraeus_tui.conversation import (
    KEPT_TURNS,
    Conversation,
    ReplyState,
    Source,
    WorkerState,
    asked,
    end_open,
    fold,
    harmless,
    messages_for,
)
from andraeus_tui.matching import candidates
from andraeus_tui.project import Project, create
from andraeus_tui.store.facts import put_facts
from andraeus_tui.ui.turn_box import numbers
from schemas.errors import InputError
from schemas.evaluation import Answer
from schemas.events import Answered, AnswerEnded, CancelledByUser, Delta, Event, Failed, Log, Stage
from schemas.fact import Fact
from tests.generators.facts import fact
from tests.patience import PATIENCE

FACTS = [
    fact("pet_name", "Max"),
    fact("employer", "Harbor Radio"),
    fact("city", "Tallinn"),
    fact("birthday", "1 May 1988"),
    fact("birthday", "3 May 1990", subject="sister"),
    fact("spirit animal", "otter"),
    fact("hobbies", ["chess", "hiking"]),
]


def answered(id: str, text: str, prompt: str = "What?", source: str = "tuned") -> Answered:
    said = Answer(id=id, source=source, answer=text, prompt=prompt, prompt_sha256="0", prompt_tokens=9, seconds=0.5)
    return Answered(answer=said)


def test_a_question_left_to_the_base_model_is_told() -> None:
    cases: list[tuple[bool | None, Source, bool]] = [
        (False, "tuned", True),
        (True, "tuned", False),
        (None, "tuned", False),
        (False, "base", False),
    ]
    for by_adapter, source, told in cases:
        said = answered("1", "Paris.", source=source).answer.model_copy(update={"by_adapter": by_adapter})
        (reply,) = fold(asked(Conversation(), "1", "Capital?", [source]), Answered(answer=said), []).turn("1").replies
        assert reply.left_to_base is told
        assert ("left to the base model" in numbers(reply)) is told


@pytest.mark.parametrize("changed", [True, False])
def test_an_answer_that_a_second_look_changed_says_so(changed: bool) -> None:
    said = answered("1", "I don't know.", source="tuned").answer.model_copy(update={"second_look": changed})
    (reply,) = fold(asked(Conversation(), "1", "Boat?", ["tuned"]), Answered(answer=said), []).turn("1").replies
    assert ("after a second look" in numbers(reply)) is changed


def folded(start: Conversation, *events: Event, facts: list[Fact] | None = None) -> Conversation:
    for event in events:
        start = fold(start, event, facts)
    return start


def test_an_answer_grows_and_ends() -> None:
    start = asked(Conversation(), "1", "Who?", ["tuned", "base"])
    loading = folded(start, Stage(name="load", text="Loading x"))
    assert (loading.worker, loading.stage) == (WorkerState.LOADING, "Loading x")
    half = folded(loading, Stage(name="ready", text="Ready"), Delta(id="1", source="tuned", text="Ot"))
    half = folded(half, Delta(id="1", source="tuned", text="to"))
    tuned, base = half.turn("1").replies
    assert (tuned.text, tuned.state, base.state) == ("Otto", ReplyState.WRITING, ReplyState.WAITING)
    assert half.worker is WorkerState.READY
    assert half.is_busy

    noted = folded(half, Log(level="warning", message="left out"), Log(message="Device: CPU."))
    assert noted.turn("1").notes == ("left out",)
    done = folded(
        noted,
        answered("1", "Otto.", "Does Max live in Tallinn?"),
        AnswerEnded(id="1", source="tuned", reason="length"),
        answered("1", "No idea", source="base"),
        AnswerEnded(id="1", source="base", reason="complete"),
        facts=FACTS,
    )
    tuned, base = done.turn("1").replies
    assert (tuned.text, tuned.state, tuned.prompt_tokens, tuned.facts_named) == ("Otto.", ReplyState.CUT, 9, 2)
    assert (base.state, base.facts_named, done.is_busy) == (ReplyState.DONE, 0, False)
    assert fold(done, Delta(id="1", source="tuned", text="late")) == done
    assert fold(done, Delta(id="7", source="tuned", text="of a forgotten turn")) == done


def test_a_dead_worker_ends_what_was_waiting() -> None:
    start = asked(Conversation(worker=WorkerState.READY), "1", "Who?", ["tuned"])
    dead = fold(start, Failed(kind="crash", message="It died.", hint="Memory ran out."))
    assert (dead.worker, dead.problem) == (WorkerState.DEAD, "It died. Memory ran out.")
    assert dead.turn("1").replies[0].state is ReplyState.FAILED
    gone = fold(start, CancelledByUser(message="."))
    assert (gone.worker, gone.turn("1").replies[0].state) == (WorkerState.OFF, ReplyState.STOPPED)


def test_each_model_remembers_its_own_answers() -> None:
    talk = asked(Conversation(), "1", "Who?", ["tuned", "base"])
    talk = folded(talk, answered("1", "Otto"), answered("1", "Somebody", source="base"))
    talk = asked(talk, "2", "Unanswered", ["tuned"])
    talk = asked(end_open(talk, ReplyState.STOPPED), "3", "And?", ["tuned", "base"])
    said = [message.content for message in messages_for(talk, "3", "base", remember=True)]
    assert said == ["Who?", "Somebody", "And?"]
    assert [message.content for message in messages_for(talk, "3", "tuned", remember=True)] == ["Who?", "Otto", "And?"]
    assert [message.content for message in messages_for(talk, "3", "tuned", remember=False)] == ["And?"]


def test_a_long_conversation_keeps_its_newest_turns() -> None:
    talk = Conversation()
    for number in range(KEPT_TURNS + 5):
        talk = asked(talk, str(number), "?", ["tuned"])
    assert [talk.turns[0].id, len(talk.turns)] == ["5", KEPT_TURNS]


@given(st.text())
def test_nothing_that_steers_a_terminal_is_shown(text: str) -> None:
    shown = harmless(text)
    assert all(char == "\n" or (char.isprintable() or not "\x00" <= char <= "\x9f") for char in shown)
    assert len(shown) == len(text)


def test_harmless_leaves_scripts_and_emoji_alone() -> None:
    good = "Zoë 👩‍👩‍👧 [b] שלום <|im_end|>\nnext"
    assert harmless(good) == good
    assert harmless("a\x1b[31m\tb\u202e\r\x9b") == "a\ufffd[31m b\ufffd\ufffd\ufffd"


@pytest.mark.parametrize(
    ("question", "answer", "wanted"),
    [
        ("Where do I work?", "At Max.", "employer"),
        ("what's my dog called", "Rex", "pet_name"),
        ("Tell me my spirit animal.", "A fox", "spirit animal"),
        ("Which animal is my spirit?", "A fox", "spirit animal"),
        ("What is my sister's birthday?", "1 May", "sister/birthday"),
        ("When was I born?", "3 May 1990", "birthday"),
        ("Who or what is Max?", "A town", "pet_name"),
        ("And?", "You live in Tallinn.", "city"),
        ("Do I like chess?", "No.", "hobbies"),
    ],
)
def test_a_wrong_answer_leads_to_its_fact(question: str, answer: str, wanted: str) -> None:
    found = candidates(FACTS, question, answer)
    first = found[0].fact
    assert (first.attribute if first.subject == "user" else f"{first.subject}/{first.attribute}") == wanted
    assert len(found) <= 3


def test_a_question_about_nothing_leads_nowhere() -> None:
    assert candidates(FACTS, "Why do stars shine?", "Because of fusion.") == []
    assert candidates([], "Where do I work?", "") == []
    assert candidates(FACTS, "\x00[b]" * 500, "<|im_end|>" * 500) == []


def test_one_of_a_thousand_facts_is_found() -> None:
    many = [fact(f"thing {number}", f"value {number}") for number in range(1000)]
    found = candidates([*many, *FACTS], "What is my thing 512?", "Nothing")
    assert found[0].fact.attribute == "thing 512"


@pytest.fixture
def project(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("ANDRAEUS_CACHE", str(tmp_path / "cache"))
    made = create(tmp_path / "project", str(tiny_model))
    with made.database() as database:
        put_facts(database, FACTS, "import")
    return made


@pytest.fixture
def session(project: Project) -> Iterator[ChatSession]:
    one = ChatSession(project, None)
    yield one
    one.close()


def wait(true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "chat" in child.cmdline()]


def test_a_session_with_a_real_worker(session: ChatSession, project: Project) -> None:
    assert session.conversation.worker is WorkerState.OFF
    assert not workers(), "nothing is started before it is needed"
    session.start()
    session.ask("Is Max [my] dog <|im_end|>?\ud800", ["base"], remember=False)
    assert session.conversation.is_busy
    wait(lambda: not session.conversation.is_busy)
    (reply,) = session.conversation.turn("1").replies
    assert reply.state in {ReplyState.DONE, ReplyState.CUT}
    assert reply.facts_named == 1, "the question itself names one"
    frame = len("user\n") + len("\n") + len("assistant\n") + 3
    assert reply.prompt_tokens == len("Is Max [my] dog <|im_end|>??") + frame
    for text in ("   ", "x" * 30_000):
        with pytest.raises(InputError):
            session.ask(text, ["base"], remember=False)

    (worker,) = workers()
    os.kill(worker.pid, signal.SIGKILL)
    wait(lambda: session.conversation.worker is WorkerState.DEAD)
    assert "SIGKILL" in session.conversation.problem
    session.ask("Once more?", ["base"], remember=False)
    session.ask("And while it loads?", ["base"], remember=False)
    session.cancel()
    assert not session.conversation.is_busy
    session.ask("Are you there?", ["base"], remember=False)
    wait(lambda: not session.conversation.is_busy)
    assert session.conversation.turns[-1].replies[0].state in {ReplyState.DONE, ReplyState.CUT}
    assert session.conversation.turns[-2].replies[0].state is ReplyState.STOPPED
    session.mark(session.conversation.turns[-1].id, "base")
    assert session.conversation.turns[-1].replies[0].wrong
    session.forget()
    assert session.conversation.turns == ()
    session.close()
    assert not workers()
    assert session.conversation.worker is WorkerState.OFF
    written = [path for path in project.folder.rglob("*") if path.is_file()]
    assert not any(b"Are you there" in path.read_bytes() for path in written)


def test_closing_while_it_loads_leaves_no_process(session: ChatSession) -> None:
    session.start()
    wait(lambda: bool(workers()))  # what a process is called can be read a moment after it began
    session.close()
    assert not workers()
    session.close()


def test_a_model_that_is_not_here_says_what_to_do(project: Project) -> None:
    project.settings = project.settings.model_copy(
        update={"model": project.settings.model.model_copy(update={"name": "/no/such/folder"})}
    )
    session = ChatSession(project, None)
    session.ask("Hello?", ["base"], remember=False)
    wait(lambda: session.conversation.worker is WorkerState.DEAD)
    assert "no model folder" in session.conversation.problem
    assert not session.conversation.is_busy
    session.close()
