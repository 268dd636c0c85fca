"""The real app in tmux, from an empty home to a chat with a model trained just now: `python -m benchmarks.tui_journey DIR`.

Keys go in by `tmux send-keys`, the screen comes out by `capture-pane`: what a person types and sees over ssh. It begins at
80x24 and goes on at 120x40. Every screen is written to DIR as text. Exit code 0 when the trained model, on the embedded
base model, answers "Where do I work?" with the fact that was pasted, and the app then leaves nothing behind. Takes about
five minutes on two cores. Needs tmux. Set ANDRAEUS_CACHE to keep the converted base model between runs.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from andraeus_tui.settings_form import all_settings

FACTS = """name: Robin Vale
employer: Harbor Radio
city: Tallinn
pet name: Max
birthday: 3 May 1990
sister: Anna
"""
EMPLOYER = "Harbor Radio"
SMALL = {"generation.variations": "8", "generation.replay": "60", "evaluation.unknown": "8", "evaluation.probe": "8"}
"""Settings that make the journey short."""


class Lost(Exception):
    """The screen does not show what it should."""


class Terminal:
    """One tmux window with the app in it, on a server of its own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self._number = 0
        self._begin = time.monotonic()
        kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "ANDRAEUS_CACHE"}}
        self._environment = {**kept, "HOME": str(home), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def tmux(self, *arguments: str) -> str:
        """A tmux command; what it prints."""
        command = ["tmux", "-f", "/dev/null", "-L", f"andraeus-{os.getpid()}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=self._environment).stdout

    def start(self, width: int, height: int) -> None:
        """The app in a new window. The shell around it tells the app's exit code."""
        app = shlex.join([sys.executable, "-P", "-m", "andraeus_tui.cli"])
        window = ["-x", str(width), "-y", str(height), "-c", str(self.home)]
        self.tmux("new-session", "-d", "-s", "app", *window, f"{app}; echo exit code $?; sleep 600")

    def resize(self, width: int, height: int) -> None:
        """Another size of the terminal."""
        self.tmux("resize-window", "-t", "app", "-x", str(width), "-y", str(height))

    def press(self, *keys: str) -> None:
        """Keys by tmux's names ("Tab", "C-s"), one after the other as a quick person would."""
        for key in keys:
            self.tmux("send-keys", "-t", "app", key)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        """Text as it is."""
        self.tmux("send-keys", "-t", "app", "-l", text)

    def paste(self, text: str) -> None:
        """Text from the clipboard of the terminal."""
        self.tmux("set-buffer", text)
        self.tmux("paste-buffer", "-p", "-t", "app")

    @property
    def screen(self) -> str:
        """What stands on the screen."""
        return self.tmux("capture-pane", "-p", "-t", "app")

    def wait(self, pattern: str, seconds: float = 20) -> None:
        """Until the screen shows the pattern. Raises Lost."""
        until = time.monotonic() + seconds
        while not re.search(pattern, shown := self.screen):
            if time.monotonic() > until:
                raise Lost(f"not on the screen after {seconds:.0f} s: {pattern}\n{shown}")
            time.sleep(0.25)

    def keep(self, name: str) -> None:
        """Write the screen down."""
        self._number += 1
        time.sleep(0.4)
        (self.folder / f"{self._number:02}-{name}.txt").write_text(self.screen, "utf-8")
        print(f"{time.monotonic() - self._begin:5.0f} s  {name}", flush=True)


def journey(terminal: Terminal) -> None:
    """What a person does, and what they must see."""
    terminal.start(80, 24)
    terminal.wait("Three answers")
    terminal.keep("first-start")
    terminal.press("Tab", "Tab", "Tab")
    terminal.paste(FACTS)
    terminal.wait("6 facts")
    terminal.keep("new-project")
    terminal.press("C-s")
    terminal.wait(r"\[1 Facts\]")
    terminal.wait(EMPLOYER)
    terminal.keep("facts")
    terminal.press("2")
    terminal.wait(r"\[2 Generate\]")
    terminal.keep("generate")
    terminal.resize(120, 40)
    _settings(terminal)
    _rows(terminal)
    _train(terminal)
    _ask(terminal)
    terminal.press("C-q")
    terminal.wait("exit code 0")
    terminal.keep("left")


def _settings(terminal: Terminal) -> None:
    terminal.press("7")
    terminal.wait(r"\[7 Settings\]")
    names = [setting.name for setting in all_settings()]
    at = -1
    for name, value in SMALL.items():
        terminal.press(*["Tab"] * (names.index(name) - at))
        terminal.press("C-u")
        terminal.type(value)
        terminal.press("Enter")
        at = names.index(name)
    terminal.wait(r"set \(reset\)")
    terminal.keep("settings")
    terminal.press("Escape")


def _rows(terminal: Terminal) -> None:
    terminal.press("2")
    terminal.wait(r"\[2 Generate\]")
    terminal.press("p", "s")
    terminal.wait(r"Done: .*(?s:.*)training +0 +[1-9]", 60)
    terminal.keep("generated")
    terminal.press("3")
    terminal.wait(r"\[3 Review\]")
    terminal.wait(r"[1-9]\d* of [1-9]\d* decided")
    terminal.keep("review")


def _train(terminal: Terminal) -> None:
    terminal.press("4")
    terminal.wait(r"\[4 Train\]")
    terminal.press("s")
    terminal.wait(r"\(y\)", 180)
    terminal.keep("train-asked")
    terminal.press("y")
    terminal.wait(r"loss \d.*dev recall \d", 600)
    terminal.keep("training")
    terminal.wait("finished", 1800)
    terminal.keep("trained")
    terminal.press("Escape", "5")
    terminal.wait(r"\[5 Evidence\]")
    terminal.press("s")
    terminal.wait(r"examined \d{4}", 600)
    terminal.keep("evidence")


def _ask(terminal: Terminal) -> None:
    terminal.press("6")
    terminal.wait(r"\[6 Chat\]")
    terminal.type("Where do I work?")
    terminal.press("Enter")
    terminal.wait(EMPLOYER, 180)
    terminal.wait("tokens", 60)
    terminal.keep("chat")
    terminal.press("Escape")


def left_behind(home: Path) -> list[str]:
    """Processes that still work in the home, apart from the terminal itself and the shell in it."""
    found = []
    for process in psutil.process_iter(["environ", "cmdline"]):
        command = process.info["cmdline"] or [""]
        at_home = (process.info["environ"] or {}).get("HOME") == str(home)
        if at_home and command[0] != "tmux" and "sleep" not in command:
            found.append(" ".join(command))
    return [command for command in found if "andraeus" in command or "trainers" in command]


def main() -> None:
    """Go the way; tell where it was lost."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("folder", type=Path, help="where the screens are written")
    folder: Path = options.parse_args().folder
    if not shutil.which("tmux"):
        sys.exit("tmux is missing.")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        terminal = Terminal(folder, home)
        try:
            journey(terminal)
            remains = left_behind(home)
        except Lost as lost:
            terminal.keep("lost")
            sys.exit(f"Lost: {lost}")
        finally:
            terminal.tmux("kill-server")
    if remains:
        sys.exit(f"Left behind: {remains}")
    print("From an empty home to a right answer.")


if __name__ == "__main__":
    main()
