"""Parses text that identifies a video (an id, a URL, an object or a file), and checks where URLs may lead."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import parse_qs, urlsplit

WEB = frozenset({"http", "https"})
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")
_YOUTUBE_HOSTS = re.compile(r"(?:(?:www|m|music)\.)?youtube(?:-nocookie)?\.com|youtu\.be")
_YOUTUBE_LISTS = re.compile(r"/(?:playlist|channel/[^/]+|c/[^/]+|user/[^/]+|@[^/]+)(?:/(?:videos|shorts|streams))?/?")


def scheme_of(text: str) -> str:
    """The scheme in lower case; empty if there is none, as in a path. Chained fsspec URLs have no known scheme."""
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    return "chained" if "::" in text.split("://")[0] else match[1].lower() if match else ""


def youtube_id(text: str) -> str | None:
    """The id in a YouTube URL of a single video, or the text itself if it looks like an id."""
    if _YOUTUBE_ID.fullmatch(text):
        return text
    parts = _split(text)
    if parts is None or not _YOUTUBE_HOSTS.fullmatch(parts.hostname or ""):
        return None
    named = parse_qs(parts.query).get("v", [])[:1] if parts.path == "/watch" else parts.path.split("/")[-1:]
    is_one_video = parts.path == "/watch" or parts.hostname == "youtu.be" or parts.path.count("/") == 2
    found = named[0] if named and is_one_video else ""
    is_list = _YOUTUBE_LISTS.fullmatch(parts.path)
    return found if _YOUTUBE_ID.fullmatch(found) and not is_list else None


def watch_url(youtube_id: str) -> str:
    return f"https://www.youtube.com/watch?v={youtube_id}"


def is_youtube_list(url: str) -> bool:
    """Whether a URL is a YouTube channel or playlist."""
    parts = _split(url)
    return bool(
        parts and _YOUTUBE_HOSTS.fullmatch(parts.hostname or "") and _YOUTUBE_LISTS.fullmatch(parts.path or "/")
    )


def host_of(url: str) -> str:
    """Host and port, to which rate limits apply; empty if there is no host."""
    parts = _split(url)
    return parts.netloc.rpartition("@")[2].lower() if parts else ""


def leads_inside(origin: str, target: str) -> bool:
    """Whether a public address leads to this machine or its networks, which external sites must not make us open."""
    return _is_public(origin) and not _is_public(target)


def _is_public(url: str) -> bool:
    """Whether all addresses of the host are public; a host without addresses needs no protection."""
    parts = _split(url)
    try:
        found = socket.getaddrinfo((parts.hostname if parts else None) or "", None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(_mapped(str(address[4][0])).is_global for address in found)


def _mapped(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Unwrap an IPv4 address that is mapped into IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed


def _split(url: str):
    try:
        return urlsplit(url)
    except ValueError:
        return None
