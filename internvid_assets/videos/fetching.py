"""HTTP downloads: atomic, resumable, and never from a private address that a public one redirects to."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from internvid_assets.cells.errors import CallError
from internvid_assets.media.addresses import WEB, host_of, leads_inside, scheme_of
from internvid_assets.videos.hosts import Hosts
from internvid_assets.videos.partials import Partial, check_size
from internvid_assets.videos.refusals import of_status

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
_PAGES = re.compile(r"text/html|application/xhtml|mpegurl|application/dash\+xml", re.IGNORECASE)
_PAGE_BEGINNINGS = re.compile(rb"\s*(?:<!doctype\s+html|<html|#EXTM3U|<\?xml[^>]*>\s*<MPD)", re.IGNORECASE)


class IsPage(Exception):
    """The URL is that of a page or a playlist, not of a file."""


def is_page(path: Path) -> bool:
    """Whether a file starts like a page or a playlist."""
    with path.open("rb") as file:
        return bool(_PAGE_BEGINNINGS.match(file.read(1024)))


def open_client(parameters: Any) -> httpx.Client:
    """One client for all threads of a run, so that connections are reused."""
    import httpx

    return httpx.Client(
        timeout=httpx.Timeout(parameters.stall_timeout_seconds, connect=parameters.connect_timeout_seconds, pool=None),
        limits=httpx.Limits(max_connections=parameters.concurrency, max_keepalive_connections=parameters.concurrency),
        headers={"accept-encoding": "identity", "user-agent": "internvid-assets"},
    )


def fetch(url: str, partial: Partial, *, client: httpx.Client, hosts: Hosts, parameters: Any) -> None:
    """Download `url` to `partial`, resuming where it stopped if the file is still the same.

    Raises `IsPage`, and `CallError`: the codes of `refusals.of_status`, unsupported_source, too_many_redirects,
    private_address, timed_out, connection_failed, truncated_download, changed_at_source, digest_mismatch, too_slow,
    too_large.
    """
    validator = partial.validator(url)
    ranged = {"range": f"bytes={partial.size_bytes}-", "if-range": validator} if validator else {}
    with _as_call_errors(url), _opened(url, ranged, client, hosts, parameters) as response:
        expected_bytes = _continued(response, url, partial, validator) if response.status_code == 206 else None
        if response.status_code != 206:
            _refuse(response, url, partial)
            partial.begin(url, _validator(response))
            expected_bytes = _content_length(response)
        check_size(expected_bytes or 0, parameters.max_bytes, url)
        _write(response, url, partial, hosts, parameters)
    partial.check_length(expected_bytes, url)
    _check_digest(response, url, partial)


@contextmanager
def _as_call_errors(url: str) -> Iterator[None]:
    """Turn network errors into failures of the call."""
    import httpx

    try:
        yield
    except httpx.TimeoutException as error:
        raise CallError("timed_out", f"{url}: {type(error).__name__}", retryable=True) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise CallError("unsupported_source", f"{url} is not a valid URL: {error}") from None
    except httpx.RemoteProtocolError as error:
        code = "truncated_download" if "complete message body" in str(error) else "connection_failed"
        raise CallError(code, f"{url}: {error}", retryable=True) from None
    except httpx.TransportError as error:
        raise CallError("connection_failed", f"{url}: {error or type(error).__name__}", retryable=True) from None


@contextmanager
def _opened(
    url: str, headers: dict[str, str], client: httpx.Client, hosts: Hosts, parameters: Any
) -> Iterator[httpx.Response]:
    """The response at the end of the redirects, each of which is checked before it is followed."""
    at = url
    for _ in range(MAX_REDIRECTS + 1):
        hosts.turn(host_of(at))
        with client.stream("GET", at, headers=headers) as response:
            if not response.has_redirect_location:
                yield response
                return
            at = str(response.url.join(response.headers["location"]))
        if scheme_of(at) not in WEB:
            raise CallError("unsupported_source", f"{url} redirects to {at}: only http and https are followed")
        if not parameters.allow_private_addresses and leads_inside(url, at):
            raise CallError("private_address", f"{url} redirects to {at}, which is not a public address")
    raise CallError("too_many_redirects", f"{url} still redirects after {MAX_REDIRECTS} redirects")


def _refuse(response: httpx.Response, url: str, partial: Partial) -> None:
    if response.status_code == 416:  # the partial download is longer than the file is now
        partial.discard()
        raise CallError("changed_at_source", f"{url} is now shorter than the part already downloaded", retryable=True)
    if response.status_code >= 400:
        raise of_status(response.status_code, url, response.headers.get("retry-after"))
    if response.status_code != 200:
        raise CallError("refused", f"{url} answered {response.status_code}")
    if _PAGES.search(response.headers.get("content-type", "")):
        raise IsPage


def _continued(response: httpx.Response, url: str, partial: Partial, validator: str | None) -> int:
    """The total length of the file, if the response continues the same file where the download stopped."""
    span = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("content-range", ""))
    is_same = (_validator(response) or validator) == validator  # a server that repeats none has accepted our `If-Range`
    if span and int(span[1]) == partial.size_bytes and is_same:
        return int(span[2])
    partial.discard()
    raise CallError("changed_at_source", f"{url} returned a different part or a different file", retryable=True)


def _validator(response: httpx.Response) -> str | None:
    """A validator for `If-Range`: a strong ETag, or else the modification time."""
    etag = response.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("last-modified")


def _content_length(response: httpx.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdigit() and not _is_encoded(response) else None


def _is_encoded(response: httpx.Response) -> bool:
    return response.headers.get("content-encoding", "identity").lower() not in ("", "identity")


def _write(response: httpx.Response, url: str, partial: Partial, hosts: Hosts, parameters: Any) -> None:
    started, written, is_new = time.monotonic(), partial.size_bytes, not partial.size_bytes
    begun_at = written
    with partial.path.open("ab") as file:
        for chunk in response.iter_bytes() if _is_encoded(response) else response.iter_raw():
            if is_new and _PAGE_BEGINNINGS.match(chunk):
                raise IsPage
            is_new = False
            written += file.write(chunk)
            check_size(written, parameters.max_bytes, url)
            _check_pace(url, written - begun_at, time.monotonic() - started, parameters)
            hosts.rest(0)


def _check_pace(url: str, fetched_bytes: int, seconds: float, parameters: Any) -> None:
    if seconds > parameters.timeout_seconds:
        message = f"{url} took more than {seconds:.0f} s; see acquired_videos.timeout_seconds"
        raise CallError("timed_out", message, retryable=True)
    if seconds > parameters.stall_timeout_seconds and fetched_bytes / seconds < parameters.min_bytes_per_second:
        raise CallError("too_slow", f"{url} sent {fetched_bytes:,} bytes in {seconds:.0f} s", retryable=True)


def _check_digest(response: httpx.Response, url: str, partial: Partial) -> None:
    """Check `Repr-Digest` (RFC 9530), the older `Digest`, or `Content-MD5`, if the server sends one."""
    digests = f"{response.headers.get('repr-digest', '')},{response.headers.get('digest', '')}"
    sha256 = re.search(r"sha-256=:?([A-Za-z0-9+/=]{44})", digests, re.IGNORECASE)
    is_whole = response.status_code == 200
    promised = (
        ("sha256", sha256[1]) if sha256 else ("md5", response.headers.get("content-md5", "")) if is_whole else None
    )
    if promised and promised[1]:
        with partial.path.open("rb") as file:
            found = base64.b64encode(hashlib.file_digest(file, promised[0]).digest()).decode()
        if found != promised[1]:
            partial.discard()
            message = f"{url}: {promised[0]} of the received bytes is {found}, expected {promised[1]}"
            raise CallError("digest_mismatch", message, retryable=True)
