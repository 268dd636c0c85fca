"""What a person had better know before rows are made."""

from schemas.settings import Preset

_FEW = 15
"""Facts up to which `thorough` takes some 1.4 times as long as the default, not three times (docs/results, "Twelve facts")."""


def thorough_pays(facts: int, preset: Preset) -> bool:
    """Whether the preset `thorough` is worth its time with so many facts, and another one is chosen."""
    return preset is Preset.DEFAULT and 0 < facts <= _FEW
