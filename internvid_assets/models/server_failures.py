"""Failures of requests to a server: their cause, whether they are transient, and how long to wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.models.in_flight import Passing

NO_ROW_TO_BLAME = {
    401: "rejects the API key",
    403: "denies access",
    404: "has no such model, or nothing at this address",
}
KEY_SHOWN = "[the key]"
PASSING_STATUSES = (408, 409, 425)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smh])")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@contextmanager
def as_our_failures(base_url: str, *, api_key: str) -> Iterator[None]:
    """The client's exceptions as `Passing`, as a row's permanent CallError, or as RunStopped, without the key."""
    try:
        yield
    except openai.APIStatusError as error:
        raise _of_status(error, base_url, _first_line(error, api_key)) from None
    except openai.APITimeoutError:
        raise Passing(CallError("timed_out", f"{base_url} gave no answer in time", retryable=True)) from None
    except openai.APIConnectionError as error:
        raise _of_connection(error, base_url) from None
    except (openai.APIError, ValueError) as error:
        message = f"{base_url} sent an invalid response: {_first_line(error, api_key)}"
        raise Passing(CallError("malformed_answer", message, retryable=True)) from None


def _of_status(error: openai.APIStatusError, base_url: str, reason: str) -> Exception:
    status, headers, message = error.status_code, error.response.headers, f"{base_url}: {reason}"
    if status in NO_ROW_TO_BLAME or error.code == "insufficient_quota":
        said = NO_ROW_TO_BLAME.get(status, "reports an exhausted quota")
        return RunStopped(f"{base_url} {said} ({reason}); fix this, and run the same command again")
    if status == 429:
        wait = retry_after_seconds(headers)
        wait = reset_seconds(headers) if wait is None else wait
        return Passing(CallError("rate_limited", message, retryable=True), wait_seconds=wait, is_limit=True)
    if status >= 500 or status in PASSING_STATUSES:
        wait = retry_after_seconds(headers)
        return Passing(CallError("server_error", message, retryable=True), wait_seconds=wait)
    return CallError("request_refused", message)


def _of_connection(error: openai.APIConnectionError, base_url: str) -> Passing:
    cause = error.__cause__ or error
    message = f"{base_url}: {str(cause) or type(cause).__name__}"
    if type(cause).__name__ == "ConnectError":
        return Passing(CallError("connection_failed", f"no server answers at {message}", retryable=True), ends_run=True)
    code = "truncated_answer" if "complete message body" in message else "connection_failed"
    return Passing(CallError(code, message, retryable=True))


def _first_line(error: Exception, api_key: str) -> str:
    line = (str(error).splitlines() or [""])[0]
    return line.replace(api_key, KEY_SHOWN)[:300]


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`retry-after-ms`, or `Retry-After` as a number or a date (RFC 9110)."""
    milliseconds, wait = headers.get("retry-after-ms", ""), headers.get("retry-after", "")
    if milliseconds.isdigit():
        return int(milliseconds) / 1000
    try:
        return max(0.0, float(wait))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(wait) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def reset_seconds(headers: Mapping[str, str]) -> float | None:
    """Time until an exhausted limit resets, from `x-ratelimit-remaining-*` and `x-ratelimit-reset-*` (`6m0s`)."""
    waits = [
        sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _DURATION.findall(reset))
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}") == "0" and (reset := headers.get(f"x-ratelimit-reset-{kind}"))
    ]
    return max(waits, default=None)
