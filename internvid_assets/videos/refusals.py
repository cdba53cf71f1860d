"""Refusals of sites: a stable error code for each class, and whether it is retryable."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from internvid_assets.cells.errors import CallError
from internvid_assets.videos.hosts import AskedToWait

PERMANENT_STATUSES = {401: "forbidden", 403: "forbidden", 404: "not_found", 410: "removed", 451: "geo_blocked"}
PASSING_STATUSES = {408: "timed_out", 425: "rate_limited", 429: "rate_limited"}
"""Also, every 5xx is a `server_error`, which is retryable; any other 4xx is `refused`, which is not."""

SAID: tuple[tuple[str, str, bool], ...] = (
    (r"not a bot|rate.?limit|too many requests|try again later", "rate_limited", True),
    (r"for safety reasons", "unsafe_name", False),
    (r"\bdrm\b", "drm_protected", False),
    (r"\bprivate\b", "private_video", False),
    (r"confirm your age|age.?restricted|inappropriate for some", "age_restricted", False),
    (r"in your (country|location)|geo.?restrict|not available from your", "geo_blocked", False),
    (r"members.only|join this channel|premium|subscri|purchase|log ?in|sign ?in|password", "login_required", False),
    (r"removed|terminated|deleted|no longer (available|exists)|video unavailable|does not exist", "removed", False),
    (r"live (event|stream)|premieres in|will begin in", "live_stream", False),
    (r"requested format is not available|no video formats", "no_suitable_format", False),
    (r"unsupported url|no (video|media) (could be )?found", "no_video_on_page", False),
    (r"timed? ?out", "timed_out", True),
    (r"establish a new connection|connection (reset|refused|aborted|broken)|resolve", "connection_failed", True),
)
"""Messages of sites through yt-dlp, as patterns in order of precedence: (pattern, code, whether it is retryable)."""


def of_status(status: int, url: str, retry_after: str | None = None) -> CallError:
    """The failure for an HTTP status of 400 or more."""
    message = f"{url} answered {status}"
    if status in PERMANENT_STATUSES:
        return CallError(PERMANENT_STATUSES[status], message)
    if status in PASSING_STATUSES or status >= 500:
        code = PASSING_STATUSES.get(status, "server_error")
        return AskedToWait(code, message, retryable=True, wait_seconds=seconds_of(retry_after))
    return CallError("refused", message)


def seconds_of(retry_after: str | None) -> float:
    """A Retry-After header (seconds or a date) as seconds from now; zero if missing or invalid."""
    if retry_after is None:
        return 0.0
    if re.fullmatch(r"\d+(\.\d+)?", retry_after.strip()):
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def of_words(message: str, url: str) -> CallError:
    """The failure for yt-dlp's message about `url`; retryable if no pattern matches."""
    message = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", message).removeprefix("ERROR: ").split())[:300]
    status = re.search(r"HTTP Error (\d{3})", message)
    if status:
        known = of_status(int(status[1]), url)
        return CallError(known.code, f"{url}: {message}", known.retryable)
    for pattern, code, may_pass in SAID:
        if re.search(pattern, message, re.IGNORECASE):
            return CallError(code, f"{url}: {message}", may_pass)
    return CallError("extraction_failed", f"{url}: {message}", retryable=True)
