"""Asks where to write facts, and writes them."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from andraeus_tui.exporting import format_of, write
from andraeus_tui.files import typed_path
from andraeus_tui.ui.base import telling
from andraeus_tui.ui.dialogs import Ask, Confirm
from schemas.fact import Fact

_QUESTION = "Write all facts to which file? Its ending says how: .json .jsonl .csv .yaml"


def ask_and_export(screen: Screen[Any], facts: list[Fact], suggestion: str) -> None:
    """Ask for a file, and again before one that exists is replaced."""

    def named(text: str | None) -> None:
        if not text or not text.strip():
            return
        with telling(screen):
            path = typed_path(text)
            form = format_of(path)

            def sure(yes: bool | None) -> None:
                if yes:
                    with telling(screen):
                        write(facts, form, path)
                        screen.notify(f"Wrote {path}.", markup=False)

            if path.exists():
                screen.app.push_screen(Confirm(f"{path} exists. Replace it?", yes="Replace", no="Keep"), sure)
            else:
                sure(True)

    screen.app.push_screen(Ask(_QUESTION, suggestion), named)
