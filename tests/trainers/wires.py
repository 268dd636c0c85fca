"""A wire to nobody, for what is called in the test's own process."""

import io
import json
from typing import Any

from schemas.wire import Wire


class Listening(Wire):
    """Remembers what was told."""

    def __init__(self) -> None:
        self._into = io.StringIO()
        super().__init__(self._into, io.StringIO(), must_save=False)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._into.getvalue().splitlines()]
