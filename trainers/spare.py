"""Libraries that transformers takes along where they are installed, and that a language model of text never uses."""

import sys

_NAMES = ("sklearn", "scipy", "torchvision")
"""scikit-learn brings scipy's statistics and pandas, scipy comes for the losses of image models: together more than a
second, of four that all imports take."""


def leave_out() -> None:
    """Have them count as not installed in this process. Before transformers is imported; afterwards it does nothing.

    A name that stands for None in `sys.modules` is not found by `importlib.util.find_spec`, and its import fails as that
    of a missing library does (Python's import system, "The module cache").
    """
    if "transformers" in sys.modules:
        return
    for name in _NAMES:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
