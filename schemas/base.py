"""The one base of every noun: immutable, no unknown keys, so a typo in a file is an error and not a silent default."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A number to begin random choices with: torch, numpy, vLLM and every reader of JSON take all of these."""


class Noun(BaseModel):
    """An immutable value. Unknown keys are refused; NaN and infinities are not JSON and are refused too."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        # Errors end up in logs, and what is invalid may be a line of somebody's life.
        hide_input_in_errors=True,
    )
