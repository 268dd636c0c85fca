"""Chat: questions to the trained model, beside the base model if wanted, and from a wrong answer to its fact."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static
from textual.worker import Worker

from andraeus_tui.chatting import ChatSession, choose_run, training_goes_on
from andraeus_tui.conversation import Source, WorkerState, harmless
from andraeus_tui.matching import candidates
from andraeus_tui.project import Project
from andraeus_tui.runs import Run, RunState, all_runs
from andraeus_tui.store.facts import all_facts
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.chat_bar import ChatBar
from andraeus_tui.ui.pick_fact import PickFact
from andraeus_tui.ui.question_line import QuestionLine
from andraeus_tui.ui.run_picker import PickRun
from andraeus_tui.ui.turn_box import AnswerBox, TurnList
from schemas.fact import Fact

_PAINT_SECONDS = 0.1
_WITH_MODEL = (
    "Ask the model about yourself. It gets your question and nothing else: what it knows, it knows from training."
)
_NO_MODEL = (
    "There is no trained model yet. Train one in step 4, Train; it needs approved rows from step 3, Review.\n\n"
    "Until then you can ask the base model. It knows none of your facts. It is loaded when you ask the first question."
)
_TRAINING = "A training run is at work. Both share this machine, so answers come slower."


class ChatScreen(ProjectScreen):
    """A conversation with one run's model. The worker process starts when the screen is first shown."""

    STEP = "chat"
    AUTO_FOCUS = "#question"
    HELP = """
    # Chat

    Ask the trained model about yourself. Type a question and press **Enter**. The answer appears while it is written.

    - **Up** and **Down** bring back earlier questions.
    - **Escape** stops an answer. When none is being written, it leaves the line: then single keys work, such as
      **b**, **n** and the digits of the steps. Escape once more goes back to the line.
    - **b** (or **Ctrl+B**) also asks the base model, which was not trained on your facts.
    - **t** (or **Ctrl+T**) remembers the conversation: earlier questions and answers are sent along.
      The model was trained on single questions, so answers may get worse.
    - **n** (or **Ctrl+N**) begins a new conversation.
    - **r** (or **Ctrl+R**) chooses another trained run.
    - **Tab** or a click goes to an answer. There, **w** calls it wrong and takes you to the fact that it is about,
      and **c** copies it. Text can be selected with the mouse; **Ctrl+C** copies it.

    Below each answer stands how many tokens the prompt had, and whether any of your facts was in it.
    Nothing that is said here is written to a file.
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop"),
        Binding("escape", "leave", "Leave line"),
        Binding("escape", "back", "Back"),
        Binding("ctrl+n,n", "new", "New"),
        Binding("ctrl+b,b", "both", "Base too"),
        Binding("ctrl+t,t", "remember", "Remember"),
        Binding("ctrl+r,r", "run", "Run"),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]
    CSS = """
    ChatScreen {
        #notice { height: auto; max-height: 6; padding: 0 1; color: $text-warning; display: none; }
        #question { margin: 0; padding: 0 1; background: $boost; height: 1; }
        &.-narrow TurnBox > .answers { layout: vertical; }
        &.-narrow ChatBar { layout: grid; grid-size: 2; grid-rows: 1; grid-columns: 1fr 1fr; }
        &.-narrow ChatBar > #model { column-span: 2; }
        &.-narrow ChatBar > _Choice { margin-right: 0; width: 1fr; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self.session: ChatSession | None = None
        self._runs: list[Run] = []
        self._picked = False
        self._training = False
        self._both = False
        self._remember = False
        self._busy = False
        self._left = False
        self._painted: object = None

    def body(self) -> ComposeResult:
        """What is asked, notices, the conversation, the line to type on."""
        yield ChatBar()
        yield Static(id="notice", markup=False)
        yield TurnList()
        yield QuestionLine("Ask something, then Enter", id="question")

    def on_mount(self) -> None:
        """Paint while answers come."""
        self.set_interval(_PAINT_SECONDS, self._paint)

    def put_away(self) -> None:
        """A dialog gives the focus back to where it was, another step does not."""
        self._left = self.app.current_mode != self.STEP

    def on_unmount(self) -> None:
        """Leave no process."""
        if self.session is not None:
            self.session.close()

    def show(self) -> None:
        """The line, to type on, and a look for runs: another step may have trained one, or another project is open."""
        if self._left:
            self._left = False
            self.action_back()
        wanted, self.andraeus.wanted_run = self.andraeus.wanted_run, None
        project = self.project
        self.run_worker(
            lambda: self._look(project, wanted), thread=True, exclusive=True, group="look", exit_on_error=False
        )

    def _look(self, project: Project, wanted: str | None) -> None:
        runs = [run for run in all_runs(project.runs) if run.state is RunState.FINISHED]
        self.app.call_from_thread(self._found, project, runs, training_goes_on(project), wanted)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What went wrong in the background is told, too."""
        if event.worker.error is not None:
            self.notify(f"This went wrong: {event.worker.error}", severity="error", markup=False)

    def _found(self, project: Project, runs: list[Run], training: bool, wanted: str | None) -> None:
        self._runs, self._training = runs, training
        here = self.session is not None and self.session.project is project
        present = self.session.run.name if here and self.session and self.session.run else None
        self._picked = here and self._picked
        chosen = choose_run(runs, wanted, present if self._picked else None)
        self._picked = self._picked or (chosen is not None and chosen.name == wanted)
        if not here or (chosen.name if chosen else None) != present:
            if here and chosen and not self._picked:
                self.notify(f"A newer model is trained. You now chat with {chosen.name}.", markup=False)
            self._open(project, chosen)
        self._repaint()

    def _open(self, project: Project, run: Run | None) -> None:
        """Begin with a run's model, or with the base model alone."""
        if self.session is not None:
            self.app.run_worker(self.session.close, thread=True, exit_on_error=False)
        self.session = ChatSession(project, run)
        if run is not None:
            with self.telling():
                self.session.start()

    @property
    def _sources(self) -> tuple[Source, ...]:
        if self.session is None or self.session.run is None:
            return ("base",)
        return ("tuned", "base") if self._both else ("tuned",)

    def _paint(self) -> None:
        """Bring what has changed to the screen."""
        if self.session is None or not self.is_current:
            return
        talk = self.session.conversation
        if talk is self._painted:
            return
        self._painted = talk
        run = self.session.run
        self.query_one(ChatBar).put(run.name if run else None, talk, self._both, self._remember)
        notices = [_TRAINING] if self._training else []
        if talk.worker is WorkerState.DEAD:
            notices.append(f"{harmless(talk.problem)} Ask again to load the model anew.")
        notice = self.query_one("#notice", Static)
        notice.display = bool(notices)
        notice.update("\n".join(notices))
        self.query_one(TurnList).put(talk.turns, _WITH_MODEL if run else _NO_MODEL)
        if talk.is_busy != self._busy:
            self._busy = talk.is_busy
            self.refresh_bindings()

    @on(Input.Submitted, "#question")
    def _ask(self, event: Input.Submitted) -> None:
        if self.session is None or not event.value.strip():
            return
        if self.session.conversation.is_busy:
            self.notify("The model is still answering. Escape stops it.", severity="warning", markup=False)
            return
        with self.telling():
            self.session.ask(event.value, self._sources, self._remember)
            self.query_one(QuestionLine).remember(event.value)
            self._paint()
            self.query_one(TurnList).anchor()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Escape stops an answer, else it leaves the line, else it goes back there."""
        busy = self.session is not None and self.session.conversation.is_busy
        typing = isinstance(self.focused, QuestionLine)
        escapes = {"stop": busy, "leave": not busy and typing, "back": not busy and not typing}
        return escapes.get(action, True)

    def action_stop(self) -> None:
        """Give up the answers that are being written."""
        if self.session is not None:
            self.session.cancel()
            self._paint()

    def action_leave(self) -> None:
        """From the line to the newest answer."""
        boxes = self.query(AnswerBox)
        self.set_focus(boxes.last() if boxes else None)

    def action_back(self) -> None:
        """To the line."""
        self.query_one(QuestionLine).focus()

    def action_new(self) -> None:
        """An empty conversation."""
        if self.session is not None:
            self.session.forget()
            self._paint()
            self.query_one(QuestionLine).focus()

    def action_both(self) -> None:
        """With the base model's answers, or without."""
        if self.session is not None and self.session.run is None:
            self.notify("There is only the base model until one is trained.", severity="warning", markup=False)
            return
        self._both = not self._both
        self._repaint()

    def action_remember(self) -> None:
        """Single questions, or a conversation."""
        self._remember = not self._remember
        if self._remember:
            self.notify(
                "Earlier questions and answers are sent along. The model was trained on single questions, so answers "
                "may get worse.",
                markup=False,
            )
        self._repaint()

    def _repaint(self) -> None:
        self._painted = None
        self._paint()

    def action_run(self) -> None:
        """Choose a trained run."""
        if not self._runs or self.session is None:
            self.notify("There is no trained model yet. Step 4, Train, makes one.", severity="warning", markup=False)
            return
        present = self.session.run.name if self.session.run else None
        self.app.push_screen(PickRun("Chat with which model?", self._runs, present), self._switch)

    def _switch(self, name: str | None) -> None:
        if name is None or self.session is None or (self.session.run and self.session.run.name == name):
            return
        self._picked = True
        self._open(self.project, next(run for run in self._runs if run.name == name))
        self._repaint()

    def action_page(self, by: int) -> None:
        """Scroll the conversation."""
        turns = self.query_one(TurnList)
        turns.scroll_page_up(animate=False) if by < 0 else turns.scroll_page_down(animate=False)

    def on_answer_box_wrong(self, event: AnswerBox.Wrong) -> None:
        """Look for the fact behind a wrong answer."""
        assert self.session is not None
        self.session.mark(event.turn_id, event.source)
        turn = self.session.conversation.turn(event.turn_id)
        said = next(reply.text for reply in turn.replies if reply.source == event.source)
        facts = all_facts(self.database)
        self.run_worker(
            lambda: self._match(facts, turn.question, said),
            thread=True, exclusive=True, group="match", exit_on_error=False,
        )  # fmt: skip

    def _match(self, facts: list[Fact], question: str, said: str) -> None:
        found = [one.fact for one in candidates(facts, question, said)]
        self.app.call_from_thread(self._offer, found)

    def _offer(self, facts: list[Fact]) -> None:
        if not facts:
            self.notify("None of your facts seems to be meant. Step 1, Facts, can add one.", markup=False, timeout=8)
            return
        self.app.push_screen(PickFact(facts), self._go_to_fact)

    async def _go_to_fact(self, fact_id: str | None) -> None:
        if fact_id is not None:
            self.andraeus.wanted_fact = fact_id
            await self.andraeus.action_step("facts")
