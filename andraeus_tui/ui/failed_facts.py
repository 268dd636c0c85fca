"""More rows for the facts that an examination found wanting, made beside the Evidence step."""

from __future__ import annotations

import asyncio

from andraeus_tui import evidence
from andraeus_tui.generating import Generation
from andraeus_tui.ui.base import ProjectScreen
from andraeus_tui.ui.dialogs import Confirm


class MoreRows:
    """At most one generation at a time; its rows wait for review like all others."""

    def __init__(self, screen: ProjectScreen) -> None:
        self._screen = screen
        self._generation: Generation | None = None

    @property
    def working(self) -> bool:
        """Whether rows are being made."""
        return self._generation is not None

    def begin(self, examined: evidence.Examined) -> None:
        """More wordings for just the facts that failed."""
        screen, ids = self._screen, evidence.failed_facts(examined)
        if not ids:
            screen.notify("No question about a given fact failed: there is nothing to repair.", markup=False)
            return
        with screen.telling():
            self._generation = evidence.more_rows_for(screen.project, ids)
            screen.andraeus.generations.add(self._generation)
            screen.notify(f"Making more rows for {len(ids)} facts. x stops.", markup=False)
            screen.refresh_bindings()
            screen.run_worker(self._make(self._generation, len(ids)), group="more", exit_on_error=False)

    def stop(self) -> None:
        """Stop it; asked again, at once."""
        if self._generation:
            self._generation.stop()

    async def _make(self, generation: Generation, facts: int) -> None:
        screen = self._screen
        with screen.telling():
            try:
                count = await asyncio.to_thread(evidence.rows_made, generation)
            finally:
                self._generation = None
                screen.andraeus.generations.discard(generation)
                screen.refresh_bindings()
            if count:
                question = f"{count} new rows for {facts} facts wait for review. Review them now?"
                screen.app.push_screen(Confirm(question, "Review", "Later"), self._review)
            else:
                screen.notify("No new rows: there are no further wordings for these facts.", markup=False)

    async def _review(self, wanted: bool | None) -> None:
        if wanted:
            await self._screen.andraeus.action_step("review")
