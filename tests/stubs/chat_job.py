"""Stands in for a chat worker's process: says what it is told to say, when it is told to."""

import queue
from collections.abc import Iterator

from pydantic import BaseModel

from schemas.evaluation import Answer
from schemas.events import Answered, AnswerEnded, CancelledByUser, Delta, Event, Failed, Stage
from schemas.run import AskCommand, ChatJob


class FakeChatJob:
    """The surface of jobs.Job that a chat uses. `made` holds every one, the newest last."""

    made: list["FakeChatJob"]
    loads = True
    """Whether it is ready at once."""

    def __init__(self, module: str, name: str, job: BaseModel) -> None:
        assert (module, name) == ("trainers", "chat")
        assert isinstance(job, ChatJob)
        self.job = job
        self.asked: list[AskCommand] = []
        self.cancels = 0
        self.stopped = False
        self._events: queue.Queue[Event | None] = queue.Queue()
        self.say(Stage(name="load", text=f"Loading {job.model}"))
        if self.loads:
            self.ready()
        type(self).made.append(self)

    def ready(self) -> None:
        self.say(Stage(name="ready", text="Ready"))

    def say(self, event: Event | None) -> None:
        self._events.put(event)

    def send(self, command: BaseModel) -> None:
        if isinstance(command, AskCommand):
            self.asked.append(command)
        else:
            self.cancels += 1

    def write(self, text: str, at: int = -1) -> None:
        """A piece of the answer to a question that was asked."""
        self.say(Delta(id=self.asked[at].id, source=self.asked[at].source, text=text))

    def answer(self, text: str, at: int = -1, prompt: str = "user\nWhat?", tokens: int = 31) -> None:
        """The whole answer."""
        asked = self.asked[at]
        said = Answer(
            id=asked.id, source=asked.source, answer=text, prompt=prompt, prompt_sha256="0", prompt_tokens=tokens,
            seconds=0.4,
        )  # fmt: skip
        self.say(Answered(answer=said))
        self.say(AnswerEnded(id=asked.id, source=asked.source, reason="complete"))

    def crash(self, message: str) -> None:
        self.say(Failed(kind="crash", message=message))
        self.say(None)

    def stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            self.say(CancelledByUser(message="Stopped."))
            self.say(None)

    def events(self) -> Iterator[Event]:
        while (event := self._events.get()) is not None:
            yield event
