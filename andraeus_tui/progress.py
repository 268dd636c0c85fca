"""A run as it is watched: its events, read as they are written, folded into one frozen state."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import ValidationError

from andraeus_tui.runs import EVENTS_FILE
from schemas.events import (
    CancelledByUser,
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    Log,
    Metric,
    Progress,
    Stage,
    Started,
    parse_event,
)

CURVE_POINTS = 240
"""Points of a curve, at most: more than the widest terminal shows."""
_KEPT_NOTES = 12
_READ_BYTES = 200_000
"""Read at once, at most: parsing them takes about 10 ms."""


@dataclass(frozen=True)
class Curve:
    """Values by step. Neighbours are averaged when there are too many of them."""

    points: tuple[tuple[float, float], ...] = ()
    every: int = 1
    """How many values one point is the mean of."""
    waiting: tuple[tuple[float, float], ...] = ()
    """Values that do not make up a point yet."""

    def with_value(self, step: float, value: float) -> "Curve":
        """The curve with one more value."""
        waiting = (*self.waiting, (step, value))
        if len(waiting) < self.every:
            return replace(self, waiting=waiting)
        points = (*self.points, _mean(waiting))
        if len(points) < CURVE_POINTS:
            return replace(self, points=points, waiting=())
        return Curve(tuple(_mean(points[index : index + 2]) for index in range(0, len(points), 2)), self.every * 2)

    def before(self, step: float) -> "Curve":
        """The curve without what came at this step or later."""
        points, waiting = (tuple(one for one in part if one[0] < step) for part in (self.points, self.waiting))
        return replace(self, points=points, waiting=waiting)

    @property
    def shown(self) -> tuple[tuple[float, float], ...]:
        """The points to draw, up to the last value."""
        return (*self.points, _mean(self.waiting)) if self.waiting else self.points


def _mean(points: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


@dataclass(frozen=True)
class Training:
    """What is known of a run at one moment."""

    begun: int = 0
    """How many times a worker was started: more than once when the run was resumed."""
    stage: str = ""
    text: str = ""
    """What the worker does now, for people."""
    done: int = 0
    total: int = 0
    """How far the stage is; 0 of 0 when that is not known."""
    step: int = 0
    total_steps: int = 0
    loss: Curve = Curve()
    dev_recall: Curve = Curve()
    dev_abstention: Curve = Curve()
    latest: dict[str, float] = field(default_factory=dict)
    """The newest value of every number: loss, examples_per_second, seconds_left, memory_gb, dev_recall ..."""
    cost: dict[str, float] = field(default_factory=dict)
    """What the preflight found: rows, tokens, steps, minutes, memory_gb, available_gb."""
    machine: str = ""
    """Where and with which trainer: the first thing that a worker says."""
    notes: tuple[str, ...] = ()
    """What else the worker said, the newest last."""
    checkpoint: int | None = None
    """The step of the newest checkpoint."""
    ended: Finished | CancelledByUser | Failed | None = None


def fold(state: Training, event: Event) -> Training:
    """The state after one more event."""
    match event:
        case Started():
            fresh = Training(begun=state.begun + 1, text="Starting the worker")
            return replace(
                fresh, step=state.step, loss=state.loss, dev_recall=state.dev_recall, latest=state.latest,
                dev_abstention=state.dev_abstention, checkpoint=state.checkpoint,
            )  # fmt: skip
        case Stage():
            return replace(state, stage=event.name, text=event.text, done=0, total=0)
        case Progress():
            return replace(state, done=event.done, total=event.total)
        case Metric(step=0):
            return replace(state, cost=event.values, total_steps=event.total_steps)
        case Metric():
            return _with_metric(state, event)
        case Log():
            text = f"Warning: {event.message}" if event.level == "warning" else event.message
            if not state.machine:
                return replace(state, machine=text)
            return replace(state, notes=(*state.notes, text)[-_KEPT_NOTES:])
        case CheckpointSaved():
            return replace(state, checkpoint=event.step)
        case Finished() | CancelledByUser() | Failed():
            return replace(state, ended=event)
        case _:
            return state


def _with_metric(state: Training, event: Metric) -> Training:
    curves = {"loss": state.loss, "dev_recall": state.dev_recall, "dev_abstention": state.dev_abstention}
    for name, curve in curves.items():
        # A resumed run makes the steps after its checkpoint again.
        kept = curve.before(event.step) if event.step <= state.step else curve
        curves[name] = kept.with_value(event.step, event.values[name]) if name in event.values else kept
    return replace(
        state, step=event.step, total_steps=event.total_steps, done=event.step, total=event.total_steps,
        latest=state.latest | event.values, loss=curves["loss"], dev_recall=curves["dev_recall"],
        dev_abstention=curves["dev_abstention"],
    )  # fmt: skip


class EventTail:
    """Reads a file of events while another process writes it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._cut = b""

    def read(self, limit: int = _READ_BYTES) -> list[Event]:
        """The events added since the last call, from at most `limit` bytes; a line half written waits for its end."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                data = file.read(limit)
        except FileNotFoundError:
            return []
        self._at += len(data)
        *lines, self._cut = (self._cut + data).split(b"\n")
        events = []
        for line in lines:
            try:
                events.append(parse_event(line))
            except ValidationError:
                continue  # cut off by a crash
        return events


class Watch:
    """A run that is looked at, whoever trains it: `state` after the events that have been read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = Training()
        self._tail = EventTail(folder / EVENTS_FILE)

    def update(self) -> Training:
        """Read on; the state as it is now."""
        for event in self._tail.read():
            self.state = fold(self.state, event)
        return self.state
