"""By which numbers it is decided whether a question is answered, and for which of the told things (`trainers.second_look`)."""

from dataclasses import dataclass

import torch

from schemas.settings import Caution


@dataclass(frozen=True)
class Borders:
    """Probability of all names together from which on the person's question is answered."""

    listed: float
    """Where the likeliest name is of a thing that the lists of attributes have."""
    unlisted: float
    """Where it is of any other: nearly everything that could be confused with it has a name in the lists."""


PLAIN = Borders(0.2, 0.2)
"""Chosen by people on whom nothing is tested, in one step of 0.05 (docs/results, "A second look")."""
PRIMED = Borders(0.1, 0.01)
"""Where training began with a primer: it has thousands of names among which to share out what it is unsure of. Chosen by
the same people (docs/results, round 16)."""

ODDS = {Caution.READY: 1 / 5, Caution.USUAL: 1.0, Caution.CAREFUL: 4.0}
"""What the odds of every border are multiplied by: refusing less than a person would mind, or inventing less (docs/results,
round 23)."""

_FLOOR, _SURE = -14.0, 1e-4
"""With a reader: log probability of a name that was not looked at, and what is left for everything else at least."""


def raised(border: float, caution: Caution) -> float:
    """A border (0 to 1) for more or less caution than usual."""
    odds = ODDS[caution] * border / (1 - border)
    return odds / (1 + odds)


@dataclass(frozen=True)
class Rule:
    """How what the model and a reader say of a question becomes one probability of each told thing."""

    trust: float
    """What the model's log likelihoods are multiplied by beside the reader's: trained to name things, it is surer of a name
    than it is right."""
    unlisted: float
    """Log odds that a thing outside the lists has before anything is read: training asks for it in fewer ways than for nearly
    all that it could be taken for."""
    borders: Borders

    def together(
        self, logs: torch.Tensor, read: torch.Tensor, unlisted: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Probability (questions,) of all told things together and the number of the likeliest, from the model's log
        likelihoods of their names (questions, names), the reader's (questions, names + 1) and which are `unlisted` (names,)."""
        told = self.trust * logs.clamp_min(_FLOOR) + read[:, :-1] + self.unlisted * unlisted
        left = (1 - logs.exp().sum(1)).clamp_min(_SURE)
        other = self.trust * left.log() + read[:, -1]
        return torch.sigmoid(told.logsumexp(1) - other), told.argmax(1)


READ = Rule(0.8, 2.0, Borders(0.1, 0.005))
"""Where a sentence encoder reads, too, with a primer and without. Chosen by the same people (docs/results, round 22;
`python -m benchmarks.deciding`)."""
