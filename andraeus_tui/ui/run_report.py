"""A run's report, from the screen: where it lies, and opening it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from textual.screen import Screen

from andraeus_tui.examining import REPORT_FILE, report_of
from andraeus_tui.ui.base import telling
from andraeus_tui.ui.desktop import open_in_browser


def tell_where(screen: Screen[Any], folder: Path) -> None:
    """Say where the report of a run lies, or will lie."""
    path = folder / REPORT_FILE
    text = str(path) if path.is_file() else f"There is no report yet; press o. It will be {path}."
    screen.notify(text, title="Report", markup=False, timeout=12)


async def open_report(screen: Screen[Any], folder: Path) -> None:
    """Open it in the desktop's browser; written first where there is none, and its path told where no desktop is."""
    with telling(screen):
        path = await asyncio.to_thread(report_of, folder)
        if not await asyncio.to_thread(open_in_browser, path):
            screen.notify(f"No desktop here. Open this file in a browser: {path}", markup=False, timeout=12)
