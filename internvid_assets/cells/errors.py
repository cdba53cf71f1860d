"""Failures as data: a failed call records the reason, and whether a retry may help."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class CallError(Exception):
    """The failure of a call, stored as its cell.

    `code` is a stable snake_case word to group by; `message` is one human-readable line.
    Later runs retry a retryable failure, up to `max_attempts` attempts in total; any other failure is permanent.
    """

    code: str
    message: str
    retryable: bool = False

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class RunStopped(Exception):
    """A failure not caused by a single row, such as a full disk: the run ends, and no row is marked as failed."""


class UserError(Exception):
    """Bad input from the user: shown on one line, without a traceback."""


def as_call_error(error: Exception) -> CallError:
    """An unexpected exception as a retryable CallError with its type and first line."""
    if isinstance(error, CallError):
        return error
    if isinstance(error, MemoryError):
        return CallError("memory_exceeded", "the call requested more memory than is available", retryable=True)
    first_line = (str(error).splitlines() or [""])[0][:300]
    return CallError("unexpected_error", f"{type(error).__name__}: {first_line}", retryable=True)
