"""Failures as data: a call that cannot answer says why, and whether trying again may help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CallError(Exception):
    """A call's failure, kept as its cell.

    `code` is a stable snake_case word users group by; `message` is one line for a human.
    A retryable failure is tried again by later runs, up to `max_attempts` times in all; any other is permanent.
    """

    code: str
    message: str
    retryable: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class RunStopped(Exception):
    """Something no single row is to blame for, such as a full disk: the run ends, and no row is marked as failed."""


class UserError(Exception):
    """Bad input from the user: shown on one line, without a traceback."""


def as_call_error(error: Exception) -> CallError:
    """What to remember of an exception no one expected: its type and first line, worth another try."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, MemoryError):
        return CallError("memory_exceeded", "the call asked for more memory than there is", retryable=True)
    first_line = (str(error).splitlines() or [""])[0][:300]
    return CallError("unexpected_error", f"{type(error).__name__}: {first_line}", retryable=True)
