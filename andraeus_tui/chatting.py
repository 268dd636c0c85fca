"""A chat with a trained model, the base model or both: one worker process, started when it is needed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import BaseModel

from andraeus_tui.conversation import (
    Conversation,
    ReplyState,
    Source,
    WorkerState,
    asked,
    end_open,
    fold,
    messages_for,
    on_reply,
)
from andraeus_tui.jobs import Job
from andraeus_tui.project import Project, cache_folder
from andraeus_tui.runs import ADAPTER_FOLDER, Run, config_of, is_alive
from andraeus_tui.store.facts import all_facts
from schemas.errors import AndraeusError, InputError
from schemas.events import Answered
from schemas.fact import Fact
from schemas.run import AskCommand, CancelCommand, ChatJob

ANSWER_TOKENS = 256
"""An answer is cut after so many tokens."""
QUESTION_LIMIT = 20_000
"""Characters of a question."""
_LEAVE_SECONDS = 5


class ChatSession:
    """A conversation with the model of a run, or with the base model alone when there is none.

    `conversation` is an immutable snapshot: whoever paints looks at it when it likes. Nothing that is said is written
    to a file.
    """

    def __init__(self, project: Project, run: Run | None) -> None:
        self.project, self.run = project, run
        self.conversation = Conversation()
        self._job: Job | None = None
        self._listener: threading.Thread | None = None
        self._guard = threading.Lock()
        self._asked = 0

    def start(self) -> None:
        """Start the worker unless it is there. Raises InputError when the run's config is damaged."""
        if self.conversation.worker in {WorkerState.LOADING, WorkerState.READY}:
            return
        settings = self.project.settings.model
        job = ChatJob(
            model=config_of(self.run.folder).model if self.run else settings.name,
            system_prompt=settings.system_prompt,
            cache=str(cache_folder()),
            adapter=str(self.run.folder / ADAPTER_FOLDER) if self.run else None,
            max_new_tokens=ANSWER_TOKENS,
        )
        self._change(lambda now: replace(now, worker=WorkerState.LOADING, stage="Starting", problem=""))
        self._job = Job("trainers", "chat", job)
        self._listener = threading.Thread(target=self._listen, args=(self._job,), name="chat", daemon=True)
        self._listener.start()

    def ask(self, question: str, sources: Sequence[Source], remember: bool) -> None:
        """Ask; the worker is started if it is not there. Raises InputError for a blank or endless question."""
        # Half a surrogate pair, from a broken paste, is no text that can be sent.
        text = question.encode("utf-8", "replace").decode().strip()
        if not text:
            raise InputError("There is no question.")
        if len(text) > QUESTION_LIMIT:
            raise InputError(f"A question has at most {QUESTION_LIMIT:,} characters; this one has {len(text):,}.")
        self.start()
        self._asked += 1
        id = str(self._asked)
        self._change(lambda now: asked(now, id, text, sources))
        caution = self.project.settings.answers.caution
        for source in sources:
            messages = messages_for(self.conversation, id, source, remember)
            self._send(AskCommand(id=id, source=source, messages=messages, caution=caution))
        if self.conversation.worker is WorkerState.DEAD:
            # It died while it was asked: its last event came before the question.
            self._change(lambda now: end_open(now, ReplyState.FAILED))

    def cancel(self) -> None:
        """Give up the answers that are not there yet; what was written of them stays."""
        self._send(CancelCommand())
        self._change(lambda now: end_open(now, ReplyState.STOPPED))

    def forget(self) -> None:
        """Begin a new conversation."""
        self.cancel()
        self._change(lambda now: replace(now, turns=()))

    def mark(self, turn_id: str, source: Source) -> None:
        """Remember that the person called this answer wrong."""
        self._change(lambda now: on_reply(now, turn_id, source, lambda reply: replace(reply, wrong=True)))

    def close(self) -> None:
        """End the worker; when this returns its process is gone. A chat has nothing to save, so nobody waits for it."""
        job, listener = self._job, self._listener
        if job is None or listener is None:
            return
        for _ in range(3):
            if listener.is_alive():
                job.stop()
        listener.join(_LEAVE_SECONDS)
        self._job = self._listener = None

    def _send(self, command: BaseModel) -> None:
        if self._job is not None:
            self._job.send(command)

    def _listen(self, job: Job) -> None:
        for event in job.events():
            facts = self._facts() if isinstance(event, Answered) else None
            self._change(lambda now, event=event, facts=facts: fold(now, event, facts))  # type: ignore[misc]

    def _change(self, change: Callable[[Conversation], Conversation]) -> None:
        with self._guard:
            self.conversation = change(self.conversation)

    def _facts(self) -> list[Fact] | None:
        try:
            with self.project.database() as database:
                return all_facts(database)
        except AndraeusError:
            return None


def training_goes_on(project: Project) -> bool:
    """Whether a run of the project is being trained now, and so shares the machine."""
    return any(is_alive(path.parent) for path in project.runs.glob("*/run.lock"))


def choose_run(runs: Sequence[Run], wanted: str | None, picked: str | None) -> Run | None:
    """Of the runs with a trained model, newest first: the one that is wanted, else the one picked before, else the
    newest; none when there is none."""
    named = {run.name: run for run in reversed(runs)}
    return named.get(wanted or "") or named.get(picked or "") or (runs[0] if runs else None)
