"""The app with nothing in it but a blind rating; it ends when the rater leaves."""

from __future__ import annotations

from andraeus_tui.rating import Rating
from andraeus_tui.rating_sources import RatedPairs
from andraeus_tui.ui.app import AndraeusApp, rest_collector
from andraeus_tui.ui.screens.rating import RatingScreen


class RateApp(AndraeusApp):
    """The same themes, help and palette as everywhere."""

    def __init__(self, rated: RatedPairs, rating: Rating) -> None:
        super().__init__()
        self._rated, self._rating = rated, rating

    def on_ready(self) -> None:
        """Straight to the first pair."""
        self.push_screen(RatingScreen(self._rated, self._rating), lambda _: self.exit())


def run(rated: RatedPairs, rating: Rating) -> int:
    """Rate in this terminal; the exit code."""
    rest_collector()
    app = RateApp(rated, rating)
    app.run()
    return app.return_code or 0
