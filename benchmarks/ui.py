"""How fast the terminal UI paints with 1,000 facts and 30,000 rows: `python -m benchmarks.ui [--json FILE]`.

What is measured:

- Each action is one key, given to the app as its driver gives it. Two times are taken from there: to the end of the
  first repaint, and to the end of the last one that the key causes (handlers, queries, layout, painting and writing the
  terminal's sequences; not the terminal itself). The second is what is judged: everything the key does is on the screen.
- Memory is that of the process with the app in it (resident set), at its highest after any action.
- The first frame is measured on the real command in a pseudo-terminal: from starting the process to the bytes of the
  footer, which is painted last.

Exit code 1 when the 95th percentile of any action is over 50 ms, memory over 200 MB, or the first frame over 0.7 s. The
first opening of a step, which makes its widgets, is held to the limit of the first frame. "cpu" is the processor time of
the app from the key to its last effect, which other programs on the machine disturb less than the clock.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from fcntl import ioctl
from pathlib import Path
from subprocess import Popen
from termios import TIOCSWINSZ
from typing import Any, TypeVar

import psutil
from rich.console import RenderableType
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from andraeus_tui import ui
from andraeus_tui.ui.app import AndraeusApp, rest_collector
from andraeus_tui.ui.bar import STEPS

FIRST = "for the first time"
FACTS, ROWS = 1_000, 30_000
PAINT_MS, MEMORY_MB, FRAME_SECONDS = 50.0, 200.0, 0.7
SIZE = (120, 40)
Result = TypeVar("Result")
_QUIET_SECONDS = 0.08
"""No repaint for so long, and nothing at work: the key has had its effect."""


class TimedApp(AndraeusApp):
    """The app, noting when each repaint ends. Headless, but the terminal's sequences are made all the same."""

    CSS_PATH = str(Path(ui.__file__).parent / "app.tcss")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.painted: list[float] = []

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if renderable is not None and hasattr(renderable, "render_segments"):
            renderable.render_segments(self.console)
        self.painted.append(time.perf_counter())


@dataclass
class Action:
    """The times of one kind of key, in milliseconds."""

    name: str
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def limit(self) -> float:
        """Milliseconds that the 95th percentile may take."""
        return FRAME_SECONDS * 1000 if self.name.endswith(FIRST) else PAINT_MS

    def summary(self) -> dict[str, Any]:
        """Percentiles of all three, and whether the limit is kept."""
        spreads = {"first": _spread(self.first), "last": _spread(self.last), "cpu": _spread(self.cpu)}
        return {
            "action": self.name,
            "keys": len(self.last),
            **{f"{what}_{name}": value for what, spread in spreads.items() for name, value in spread.items()},
            "good": spreads["last"]["p95"] <= self.limit,
        }


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    at95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"p50": round(statistics.median(ordered), 1), "p95": round(at95, 1), "max": round(ordered[-1], 1)}


def make_project(folder: Path) -> None:
    """A project with 50 people, 20 facts about each and 30 rows about each fact. Run in a process of its own."""
    from andraeus_tui.entries import Entry
    from andraeus_tui.importing import sort_out
    from andraeus_tui.project import create
    from andraeus_tui.store.facts import put_facts
    from andraeus_tui.store.rows import add_rows
    from schemas.row import ReviewState, Row, RowKind, Split

    people = ["user", *(f"friend {number}" for number in range(1, 50))]
    bodies = [
        {"attribute": f"thing {number}", "value": f"value {number} of {who}", "subject": who}
        for who in people
        for number in range(FACTS // len(people))
    ]
    facts = sort_out((Entry(f"entry {number}", dict(body)) for number, body in enumerate(bodies)), []).taken
    splits = [Split.TRAIN] * 22 + [Split.DEV] * 3 + [Split.TEST] * 5
    rows = [
        Row(
            id=f"{number * 100 + wording:016x}",
            kind=RowKind.QUESTION,
            question=f"Wording {wording}: what is {fact.attribute} of {fact.subject}?",
            answer=f"It is {fact.text}.",
            topic=f"{fact.subject}/{fact.attribute}",
            fact_ids=(fact.id,),
            values=fact.items,
            family=f"{split}-{wording}",
            split=split,
            checks=("about",),
        )
        for number, fact in enumerate(facts)
        for wording, split in enumerate(splits)
    ]
    assert (len(facts), len(rows)) == (FACTS, ROWS)
    project = create(folder, "embedded")
    with project.database() as database:
        put_facts(database, facts, "import")
        with database.change("generate") as connection:
            add_rows(connection, rows, ReviewState.PENDING)


class Bench:
    """Presses keys and takes the times."""

    def __init__(self, app: TimedApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot
        self.actions: dict[str, Action] = {}
        self.memory = 0.0

    async def settle(self) -> None:
        """Until nothing is at work and nothing has been painted for a while."""
        while True:
            await self.pilot.pause()
            busy = any(worker.is_running for worker in self.app.workers)
            if not busy and (not self.app.painted or time.perf_counter() - self.app.painted[-1] > _QUIET_SECONDS):
                return
            await asyncio.sleep(0.005)

    async def press(self, name: str, key: str, character: str | None = None) -> None:
        """One key; its times go under `name`."""
        await self.settle()
        self.app.painted.clear()
        assert self.app._driver is not None
        begin, cpu = time.perf_counter(), time.process_time()
        self.app._driver.process_message(Key(key, character))
        while not self.app.painted and time.perf_counter() - begin < 0.5:
            await asyncio.sleep(0.0005)
        await self.settle()
        cpu = time.process_time() - cpu
        if self.app.painted:
            action = self.actions.setdefault(name, Action(name))
            action.first.append((self.app.painted[0] - begin) * 1000)
            action.last.append((self.app.painted[-1] - begin) * 1000)
            action.cpu.append(cpu * 1000)
        self.memory = max(self.memory, psutil.Process().memory_info().rss / 1e6)

    async def go(self, step: str, name: str | None = None) -> None:
        """Go to a step by its digit, and check that it is there."""
        digit = str([mode for mode, _ in STEPS].index(step) + 1)
        await self.press(name or f"open {step}", digit, digit)
        assert self.app.current_mode == step, f"{step} did not open"

    async def run(self) -> None:
        """Every action."""
        for number in range(22):
            for mode, _ in STEPS:
                if self.app.current_mode != mode:
                    await self.go(mode, f"open {mode} {FIRST}" if number == 0 else f"open {mode}")
                await self.leave_field()
        for step in ("facts", "review"):
            await self.go(step)
            for key in [*["pagedown"] * 25, "home", *["pagedown"] * 25]:
                await self.press(f"scroll {step}", key)
            for key in [*["down"] * 20, "end", "home"]:
                await self.press(f"move in {step}", key)
            await self.search(step, "friend 31")
        await self.go("facts")
        await self.go("review")
        for _ in range(100):
            await self.press("approve a row", "a", "a")
        for _ in range(20):
            await self.press("undo", "u", "u")

    async def search(self, step: str, text: str) -> None:
        """Type into the search field, letter by letter, and take it back."""
        await self.press("to the search", "slash", "/")
        assert isinstance(self.app.focused, Input), f"the search of {step} has no focus"
        for letter in text:
            await self.press(f"search {step}", "space" if letter == " " else letter, letter)
        for _ in text:
            await self.press(f"search {step}", "backspace")
        await self.leave_field()

    async def leave_field(self) -> None:
        """Out of a line of text, where digits would be typed."""
        if isinstance(self.app.focused, Input):
            await self.press("leave a field", "escape")


async def paint_times(folder: Path) -> tuple[list[dict[str, Any]], float]:
    """The summaries of all actions, and the memory in MB."""
    rest_collector()
    app = TimedApp(folder)
    async with app.run_test(size=SIZE) as pilot:
        bench = Bench(app, pilot)
        await bench.settle()
        await bench.run()
        return [action.summary() for action in bench.actions.values()], round(bench.memory, 1)


def first_frame(arguments: list[str], home: Path) -> float:
    """Seconds from starting the command to the bytes of its footer."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
    environment = {**os.environ, "HOME": str(home), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    begin = time.perf_counter()
    process = Popen(
        [sys.executable, "-P", "-m", "andraeus_tui.cli", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        while b"alette" not in seen:
            assert select.select([ours], [], [], 20)[0], "no frame in 20 seconds"
            seen += os.read(ours, 65536)
        return time.perf_counter() - begin
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _paint(folder: Path) -> tuple[list[dict[str, Any]], float]:
    return asyncio.run(paint_times(folder))


def _apart(work: Callable[[Path], Result], folder: Path) -> Result:
    """Do it in a process of its own, which has nothing else in memory."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, folder).result()


def main() -> None:
    """Measure, print, judge."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--json", type=Path, help="write the results here")
    options.add_argument("--frames", type=int, default=5, help="starts of the real command, each way")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home, folder = Path(name), Path(name) / "large"
        os.environ.update(HOME=str(home), TEXTUAL_ANIMATIONS="none")
        _apart(make_project, folder)
        frames = {
            "start": [first_frame([], home) for _ in range(given.frames)],
            "facts": [first_frame(["--project", str(folder)], home) for _ in range(given.frames)],
        }
        actions, memory = _apart(_paint, folder)
    medians = {where: round(statistics.median(times), 3) for where, times in frames.items()}
    print(f"{'(milliseconds)':35} keys |   first repaint    |  everything painted  |        cpu")
    print(f"{'':35}      | p50    p95    max |  p50    p95    max  |  p50    p95    max")
    for one in actions:
        parts = (" ".join(f"{one[f'{at}_{p}']:6}" for p in ("p50", "p95", "max")) for at in ("first", "last", "cpu"))
        print(f"{one['action']:35} {one['keys']:4} |{' |'.join(parts)}{'' if one['good'] else '  OVER'}")
    print(f"memory {memory} MB (limit {MEMORY_MB:.0f}); first frame, median of {given.frames}: {medians} s")
    good = all(one["good"] for one in actions) and memory <= MEMORY_MB and max(medians.values()) <= FRAME_SECONDS
    print("Within all limits." if good else "Over a limit.")
    if given.json:
        result = {"facts": FACTS, "rows": ROWS, "size": SIZE, "actions": actions, "memory_mb": memory, "frames": frames}
        given.json.write_text(json.dumps(result, indent=1) + "\n")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
