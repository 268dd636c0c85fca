"""How results are printed: text for people, or JSON and nothing else on standard output."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from schemas.events import (
    TERMINAL,
    CancelledByUser,
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    Log,
    Metric,
    Progress,
    RowMade,
    Stage,
)

_HARMLESS = "\n\t\N{ZERO WIDTH JOINER}"
"""Of what is not printable; the joiner makes one family of four emoji."""


def line(text: str) -> None:
    """A line for people on standard output."""
    sys.stdout.write(printable(text) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A line for people that is no result: on standard error."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def document(body: object) -> None:
    """One JSON document."""
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def printable(text: str) -> str:
    """The text without control characters: a model's answer must not steer the terminal."""
    return "".join(char if char.isprintable() or char in _HARMLESS else "\N{REPLACEMENT CHARACTER}" for char in text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], width: int = 0) -> None:
    """Columns that fit the terminal, long cells wrapped."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=SIMPLE, pad_edge=False, show_edge=False)
    for name in head:
        grid.add_column(name, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(printable(cell)) for cell in row))
    console = Console(width=width or None, highlight=False)
    if not sys.stdout.isatty() and not width:
        console = Console(width=110, highlight=False)
    console.print(grid)


class EventPrinter:
    """Prints a worker's events as they come: NDJSON, or a few readable lines."""

    EVERY_SECONDS = 3.0

    def __init__(self, output: str) -> None:
        self.json = output == "json"
        self._last = 0.0
        self._began = time.monotonic()

    def __call__(self, event: Event) -> None:
        """Print one event."""
        if self.json:
            sys.stdout.write(event.model_dump_json() + "\n")
            sys.stdout.flush()
        else:
            self._text(event)

    def _text(self, event: Event) -> None:
        match event:
            case Stage():
                self._began = time.monotonic()
                line(event.text)
            case Log():
                line(f"  {'Warning: ' if event.level == 'warning' else ''}{event.message}")
            case Progress() if self._due(event.done == event.total):
                line(f"  {event.done} of {event.total}{self._left(event)}")
            case Metric() if event.step == 0:
                line(_cost(event.values))
            case Metric() if self._due("dev_recall" in event.values):
                line(_step(event))
            case CancelledByUser():
                note(event.message)
            case Failed():
                note(f"andraeus-tui: {event.message} {event.hint}".rstrip())
            case Finished() | RowMade() | CheckpointSaved() | _:
                pass

    def _left(self, event: Progress) -> str:
        """How long it takes yet, once that can be told."""
        passed = time.monotonic() - self._began
        if passed < self.EVERY_SECONDS or not 0 < event.done < event.total:
            return ""
        return f", about {passed / event.done * (event.total - event.done):.0f} s left"

    def _due(self, always: bool) -> bool:
        now = time.monotonic()
        if always or now - self._last >= self.EVERY_SECONDS:
            self._last = now
            return True
        return False


def follow(events: Iterable[Event], tell: Callable[[Event], None]) -> Event:
    """Tell every event of a worker; the one that ends it."""
    last: Event | None = None
    for event in events:
        tell(event)
        if isinstance(event, TERMINAL):
            last = event
    assert last is not None
    return last


def _cost(values: dict[str, float]) -> str:
    return (
        f"  {values['rows']:.0f} rows, {values['tokens']:.0f} tokens, at most {values['steps']:.0f} steps; "
        f"about {values['minutes']:.1f} minutes and {values['memory_gb']:.1f} GB of {values['available_gb']:.1f} GB free"
    )


def _step(event: Metric) -> str:
    values = event.values
    text = (
        f"  step {event.step}/{event.total_steps}  loss {values['loss']:.3f}  "
        f"{values['examples_per_second']:.1f} rows/s  {values['seconds_left']:.0f} s left"
    )
    if "dev_recall" in values:
        text += f"  dev recall {values['dev_recall']:.2f}  dev 'I don't know' {values['dev_abstention']:.2f}"
    return text
