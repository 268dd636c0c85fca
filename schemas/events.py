"""What a worker process says: one JSON object a line, told apart by `event`.

The front end folds them into state, headless prints the very same ones. A worker ends with exactly one of
`finished`, `cancelled` or `failed`; a process that dies without one gets `failed` from its supervisor.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from schemas.base import Noun
from schemas.evaluation import Answer
from schemas.row import Row


class Started(Noun):
    """The worker runs."""

    event: Literal["started"] = "started"
    job: str
    pid: int
    time: float
    """Seconds since the epoch."""


class Stage(Noun):
    """A new phase begins; `name` is stable, `text` is for people."""

    event: Literal["stage"] = "stage"
    name: str
    text: str


class Progress(Noun):
    """How far the present stage is."""

    event: Literal["progress"] = "progress"
    stage: str
    done: int
    total: int


class Metric(Noun):
    """Numbers of one training step or one dev check."""

    event: Literal["metric"] = "metric"
    step: int
    total_steps: int
    epoch: float
    values: dict[str, float]
    """loss, learning_rate, examples_per_second, dev_recall, dev_abstention, seconds_left ..."""


class RowMade(Noun):
    """A row was made, or refused by a check (`problem`)."""

    event: Literal["row"] = "row"
    row_id: str
    topic: str
    kind: str
    split: str
    problem: str = ""
    row: Row | None = None
    """The accepted row itself, for the front end that asked. Left out wherever events are printed or logged."""


class Log(Noun):
    """Something worth knowing: a fallback, a choice made by the machine."""

    event: Literal["log"] = "log"
    level: Literal["info", "warning"] = "info"
    message: str


class Answered(Noun):
    """A model answered a question. Goes to whoever asked; never into a log."""

    event: Literal["answer"] = "answer"
    answer: Answer


class Delta(Noun):
    """The next piece of an answer that is being written. Goes to whoever asked; never into a log."""

    event: Literal["delta"] = "delta"
    id: str
    source: str
    """`base` or `tuned`."""
    text: str


class AnswerEnded(Noun):
    """The worker is done with a question, whether or not there is an answer."""

    event: Literal["answer_ended"] = "answer_ended"
    id: str
    source: str
    reason: Literal["complete", "length", "cancelled", "too_long"]
    """`length`: cut at the limit of tokens; `too_long`: the model cannot read so long a question."""


class CheckpointSaved(Noun):
    """A checkpoint is complete on disk; the run can resume from it."""

    event: Literal["checkpoint"] = "checkpoint"
    step: int
    path: str


class Finished(Noun):
    """Done. `result` depends on the job."""

    event: Literal["finished"] = "finished"
    result: dict[str, Any] = Field(default_factory=dict)


class CancelledByUser(Noun):
    """Stopped on request or because the front end went away; what was finished is saved."""

    event: Literal["cancelled"] = "cancelled"
    message: str
    step: int = 0


class Failed(Noun):
    """Ended with an error."""

    event: Literal["failed"] = "failed"
    kind: str
    """`input`, `memory`, `disk`, `error` from the worker; `crash` from the supervisor."""
    message: str
    hint: str = ""


Event = Annotated[
    Started
    | Stage
    | Progress
    | Metric
    | RowMade
    | Answered
    | Delta
    | AnswerEnded
    | Log
    | CheckpointSaved
    | Finished
    | CancelledByUser
    | Failed,
    Field(discriminator="event"),
]
TERMINAL = (Finished, CancelledByUser, Failed)

_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(line: str | bytes) -> Event:
    """One line of a worker's output. Raises pydantic.ValidationError when it is not an event."""
    return _EVENT.validate_json(line)
