"""What came of the asks, counted: how many wordings, how many good ones, and why the others were refused."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Counts of one generation."""

    wanted: int = 0
    """Wordings that the model was to write."""
    there: int = 0
    """Those that an earlier generation left."""
    asks: int = 0
    unanswered: int = 0
    not_json: int = 0
    """Answers that did not keep to the schema, or were cut off."""
    questions: int = 0
    """Wordings in all answers."""
    by_fact: Counter[str] = field(default_factory=Counter)
    """Wordings that became rows, by the fact's id."""
    surplus: int = 0
    """Good ones beyond what was wanted."""
    refused: Counter[str] = field(default_factory=Counter)
    """By reason."""
    registers: dict[str, Counter[str]] = field(default_factory=dict)
    """By register: `questions`, and of these `accepted`, `surplus` and `refused`."""
    seconds: dict[str, float] = field(default_factory=dict)
    """`load` (until the server answered), `ask` (from the first ask to the last answer), `all`."""
    tokens: dict[str, int] = field(default_factory=dict)
    """`prompt` and `completion`, as the server counts them."""

    def count(self, register: str, verdict: str) -> None:
        """One wording that was `accepted`, `surplus` or `refused`."""
        self.questions += 1
        self.surplus += verdict == "surplus"
        self.registers.setdefault(register, Counter()).update(["questions", verdict])

    @property
    def accepted(self) -> int:
        """Wordings that became rows."""
        return self.by_fact.total()

    @property
    def missing(self) -> int:
        """Wordings that templates stand in for."""
        return max(0, self.wanted - self.there - self.accepted)

    def as_result(self) -> dict[str, Any]:
        """For the generation's record: numbers and reasons, no text of any fact."""
        return {
            "wanted": self.wanted,
            "there": self.there,
            "asks": self.asks,
            "unanswered": self.unanswered,
            "not_json": self.not_json,
            "questions": self.questions,
            "accepted": self.accepted,
            "surplus": self.surplus,
            "missing": self.missing,
            "refused": dict(self.refused.most_common()),
            "registers": {name: dict(counts) for name, counts in self.registers.items()},
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
            "tokens": self.tokens,
        }
