"""Videos on web pages: yt-dlp, used as a library, finds them, selects formats as in the paper and downloads them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from internvid_assets.cells.errors import CallError
from internvid_assets.cells.store import flush
from internvid_assets.media.addresses import WEB, host_of, leads_inside, scheme_of
from internvid_assets.videos.fetching import is_page
from internvid_assets.videos.hosts import Hosts
from internvid_assets.videos.media_folder import MediaFolder, subtitle_columns
from internvid_assets.videos.partials import check_size, ending_of
from internvid_assets.videos.refusals import of_words
from internvid_assets.videos.sidecars import metadata_of
from internvid_assets.videos.subtitle_names import FORMATS, SUBTITLES, language_tag

NATIVE = frozenset({"http", "https", "m3u8_native", "http_dash_segments"})
"""Protocols that yt-dlp downloads itself, so that no other program opens unchecked addresses."""

LIVE = frozenset({"is_live", "is_upcoming", "post_live"})


def fetch_page(row: Mapping[str, Any], folder: MediaFolder, *, hosts: Hosts, parameters: Any) -> dict[str, Any]:
    """The payload of `acquired_videos` for the single video of a page: video, audio, subtitles and metadata.

    Audio may be a separate file: nothing is merged, so no other program is needed.
    Raises `CallError`: the codes of `refusals`, several_videos, live_stream, too_long, too_large, private_address.
    """
    url, scratch = row["source_uri"], folder.path / f"{folder.name_of(row)}.downloading"
    options, may_be_private = page_options(scratch, hosts, url, parameters), parameters.allow_private_addresses
    try:
        with _as_call_errors(url), _library(options, url, hosts, allow_private_addresses=may_be_private) as library:
            info = library.extract_info(url, download=False)
            chosen = _chosen(library, info or {}, parameters)
            _check(info, chosen, url, parameters)
            _discard_what_cannot_be_continued(scratch, chosen)
            done = library.process_ie_result(info, download=True)
        payload = _moved(done, scratch, folder, row) | _learnt(done)
    except CallError as error:
        if not error.retryable:
            shutil.rmtree(scratch, ignore_errors=True)
        raise
    shutil.rmtree(scratch)
    return payload


def format_choice(*, min_height_pixels: int, max_height_pixels: int) -> str:
    """The best video within the limits (unknown heights included), or else the smallest above; and the best audio."""
    within = f"bv*[height<=?{max_height_pixels}][height>=?{min_height_pixels}]"
    return f"({within}/wv*[height>{max_height_pixels}]),ba"


def _chosen(library: Any, info: Mapping[str, Any], parameters: Any) -> list[dict[str, Any]]:
    """The formats that yt-dlp will download, which it reports only after the download."""
    select = library.build_format_selector(_format_choice(parameters))
    formats = info.get("formats") or []
    return list(select({"formats": formats, "incomplete_formats": False, "has_merged_format": False}))


def _format_choice(parameters: Any) -> str:
    limits = {"min_height_pixels": parameters.min_height_pixels, "max_height_pixels": parameters.max_height_pixels}
    return format_choice(**limits)


def page_options(scratch: Path, hosts: Hosts, url: str, parameters: Any) -> dict[str, Any]:
    """Options for yt-dlp: formats, subtitles in all languages and readable formats, metadata, all below `scratch`."""

    def watch(status: Mapping[str, Any]) -> None:
        check_size(status.get("downloaded_bytes") or 0, parameters.max_bytes, url)
        hosts.rest(0)

    return {
        "format": _format_choice(parameters),
        "paths": {"home": str(scratch)},
        "outtmpl": {"default": "media.%(format_id)s.%(ext)s"},
        "writeinfojson": True,
        "writesubtitles": True,
        "writeautomaticsub": True,
        "subtitleslangs": [*parameters.subtitle_languages, "-live_chat"],
        "subtitlesformat": "/".join([*FORMATS, "best"]),
        "extractor_args": {"youtube": {"skip": ["translated_subs"]}},
        "socket_timeout": parameters.stall_timeout_seconds,
        "progress_hooks": [watch],
        "external_downloader": {"default": "native"},
        "fixup": "never",
        "noplaylist": True,
        "allow_playlist_files": False,
        "retries": 0,
        "fragment_retries": parameters.tries,
        **QUIET,
    }


QUIET: dict[str, Any] = {
    "quiet": True,
    "no_warnings": True,
    "noprogress": True,
    "cachedir": False,
    "extract_flat": "in_playlist",
    "color": "never",
}


class _Silent:
    """Discards what yt-dlp would print; failures are reported as exceptions."""

    def debug(self, message: str) -> None: ...
    def warning(self, message: str) -> None: ...
    def error(self, message: str) -> None: ...


@contextmanager
def _library(options: Mapping[str, Any], url: str, hosts: Hosts, *, allow_private_addresses: bool) -> Iterator[Any]:
    """yt-dlp with every request checked and rate-limited, wherever pages and playlists lead."""
    from yt_dlp import YoutubeDL

    from internvid_assets.videos.redirects import redirect_refusals, request_handler

    def admit(at: str) -> None:
        if scheme_of(at) not in WEB:
            raise CallError("unsupported_source", f"{url} redirects to {at[:100]}: only http and https are followed")
        if not allow_private_addresses and leads_inside(url, at):
            raise CallError("private_address", f"{url} redirects to {at[:100]}, which is not a public address")
        hosts.turn(host_of(at))

    class Guarded(YoutubeDL):
        def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
            ours: list[Any] = [request_handler(admit)]
            return super().build_request_director(ours, preferences)

        def urlopen(self, req: Any) -> Any:
            admit(req if isinstance(req, str) else req.url)
            with redirect_refusals():
                return super().urlopen(req)

    with Guarded({**options, "logger": _Silent()}) as library:  # pyright: ignore[reportArgumentType]
        yield library


def extract_entries(
    url: str,
    hosts: Hosts,
    *,
    allow_private_addresses: bool,
    limit: int | None = None,
    language: str | None = None,
) -> list[dict[str, Any]]:
    """The entries of a channel, playlist or search, with the metadata that yt-dlp returns without opening each.

    Raises `CallError`, as `fetch_page` does.
    """
    wanted = {"playlistend": limit} if limit else {}
    spoken = {"extractor_args": {"youtube": {"lang": [language]}}} if language else {}
    options = {**QUIET, **wanted, **spoken}
    with (
        _as_call_errors(url),
        _library(options, url, hosts, allow_private_addresses=allow_private_addresses) as library,
    ):
        info = library.extract_info(url, download=False)
    return [dict(entry) for entry in (info or {}).get("entries") or ([info] if info else []) if entry]


@contextmanager
def _as_call_errors(url: str) -> Iterator[None]:
    from yt_dlp.utils import YoutubeDLError

    try:
        yield
    except YoutubeDLError as error:
        cause = (getattr(error, "exc_info", None) or [None, None])[1]
        if isinstance(cause, OSError) and cause.filename is not None:  # a local error, such as a full disk
            raise cause from None
        raise of_words(str(error), url) from None


def _check(info: Mapping[str, Any] | None, chosen: Sequence[Mapping[str, Any]], url: str, parameters: Any) -> None:
    """Reject what must not or need not be downloaded, before the download starts."""
    if info is None or info.get("_type", "video") != "video":
        raise CallError("several_videos", f"{url} lists several videos: ingest it with --channel")
    if info.get("is_live") or info.get("live_status") in LIVE:
        raise CallError("live_stream", f"{url} is live: ingest it again after it has ended")
    seconds, limit = info.get("duration") or 0, parameters.max_duration_seconds
    if seconds > limit:
        raise CallError("too_long", f"{url} lasts {seconds:.0f} s; acquired_videos.max_duration_seconds is {limit:g}")
    check_size(sum(form.get("filesize") or 0 for form in chosen), parameters.max_bytes, url)
    for protocol in {str(form.get("protocol")) for form in chosen} - NATIVE:
        raise CallError("unsupported_source", f"{url} is served over {protocol}, which needs another program")


def _discard_what_cannot_be_continued(scratch: Path, chosen: Sequence[Mapping[str, Any]]) -> None:
    """yt-dlp resumes files without checking that they are the same: keep only parts of formats of equal, known size."""
    note = scratch / "formats.json"
    formats = sorted([form["format_id"], form.get("filesize")] for form in chosen)
    noted = json.loads(note.read_text()) if note.exists() else None
    if noted != formats or any(size is None for _, size in formats):
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        note.write_text(json.dumps(formats))


def _moved(done: Mapping[str, Any], scratch: Path, folder: MediaFolder, row: Mapping[str, Any]) -> dict[str, Any]:
    """Move the finished files below `media/`, named after the id and the file type detected from the bytes."""
    name = folder.name_of(row)
    files = {
        bool(form.get("vcodec") != "none"): _inside(form["filepath"], scratch) for form in done["requested_downloads"]
    }
    if True not in files:
        raise CallError("no_suitable_format", f"{row['source_uri']} has no video stream in an accepted format")
    if is_page(files[True]):
        raise CallError("no_video_on_page", f"{row['source_uri']} returned a page that claims to be a video")
    media = _rename(files[True], folder.path / f"{name}{ending_of(files[True])}")
    sound = files.get(False)
    audio = _rename(sound, folder.path / f"{name}.audio{ending_of(sound)}") if sound else None
    for info_file in sorted(scratch.glob("*.info.json"))[:1]:
        os.replace(info_file, folder.path / f"{name}.info.json")
    subtitles = _moved_subtitles(done, scratch, folder.path / name)
    return {
        **folder.described(media),
        "audio_uri": folder.place_of(audio) if audio else None,
        **subtitle_columns({folder.place_of(path): path for path in subtitles}, name),
    }


def _moved_subtitles(done: Mapping[str, Any], scratch: Path, stem: Path) -> list[Path]:
    """Named `<name>.<language>.vtt`; unknown language tags and extensions are left behind."""
    moved = []
    for tag, subtitle in sorted((done.get("requested_subtitles") or {}).items()):
        if not subtitle.get("filepath") or not os.path.exists(subtitle["filepath"]):
            continue  # subtitles that could not be downloaded do not fail the video
        file = _inside(subtitle["filepath"], scratch)
        name = f"{stem.name}.{tag}{file.suffix.lower()}"
        if file.suffix.lower() in SUBTITLES and language_tag(name, stem.name) == tag:
            moved.append(_rename(file, stem.with_name(name)))
    return moved


def _rename(file: Path, to: Path) -> Path:
    flush(file)
    os.replace(file, to)
    return to


def _inside(path: str, scratch: Path) -> Path:
    """Check a path made by yt-dlp: an unsanitised title or extension could place it outside `scratch`."""
    file = Path(path).resolve()
    if file.parent != scratch.resolve():
        raise CallError("unsafe_name", f"{path!r} is outside its download folder")
    return file


def _learnt(info: Mapping[str, Any]) -> dict[str, Any]:
    metadata = metadata_of(info)
    day, views = str(info.get("upload_date") or ""), info.get("view_count")
    return {
        **{name: metadata[name] for name in ("title", "description", "tags", "language", "licence")},
        "channel": str(channel) if (channel := info.get("channel") or info.get("uploader")) else None,
        "uploaded_on": date(int(day[:4]), int(day[4:6]), int(day[6:])) if day.isdigit() and len(day) == 8 else None,
        "view_count": views if isinstance(views, int) else None,
    }
