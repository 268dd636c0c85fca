"""Errors that a person can act on: one sentence, and the exit code that goes with it."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What every command and every worker process returns."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CANCELLED = 3


class AndraeusError(Exception):
    """Something went wrong that one sentence explains. `hint` says what to do about it."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InputError(AndraeusError):
    """What the user gave is invalid or missing: a file, an option, a setting, a fact."""

    exit_code = ExitCode.USAGE


class Cancelled(AndraeusError):
    """The user asked to stop; what was finished has been saved."""

    exit_code = ExitCode.CANCELLED
