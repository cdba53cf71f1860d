"""Acquisition as stored calls: local files are referenced in place, others are downloaded concurrently."""

from __future__ import annotations

import errno
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError, as_call_error
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.media.addresses import WEB, host_of, scheme_of, youtube_id
from internvid_assets.media.opening import local_path
from internvid_assets.videos.fetching import IsPage, fetch, open_client
from internvid_assets.videos.hosts import Hosts, Stopped, in_lanes, with_tries
from internvid_assets.videos.media_folder import MediaFolder, subtitle_columns
from internvid_assets.videos.objects import fetch_object
from internvid_assets.videos.pages import fetch_page
from internvid_assets.videos.partials import ending_of
from internvid_assets.videos.takedowns import TAKEN_DOWN

WANTED = ("min_height_pixels", "max_height_pixels", "subtitle_languages")
"""The parameters that determine which file is downloaded: if they change, it is downloaded again."""

Row = Mapping[str, Any]


def acquire_videos(bench: Bench) -> Work:
    """Acquire the media of a batch of candidates; each outcome is yielded when it is ready."""
    parameters = bench.parameters
    hosts = Hosts(parameters.requests_per_second)
    wanted = {name: getattr(parameters, name) for name in WANTED}

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        folder = MediaFolder(bench.settings.home, batch["category"][0], wanted)
        with open_client(parameters) as client:

            def answer(index: int) -> tuple[int, Outcome]:
                return index, _outcome(batch.row(index, named=True), folder, client, hosts, parameters)

            queues: dict[str, deque[Callable[[], tuple[int, Outcome]]]] = defaultdict(deque)
            for index, uri in enumerate(batch["source_uri"]):
                queues[host_of(uri)].append(partial(answer, index))
            at_once = {"concurrency": parameters.concurrency, "connections_per_host": parameters.connections_per_host}
            for together in in_lanes(queues, hosts, **at_once):
                yield dict(together)

    return work


def _outcome(row: Row, folder: MediaFolder, client: Any, hosts: Hosts, parameters: Any) -> Outcome:
    """Use what is already on this machine; do not download videos of known datasets.

    A full disk ends the run; any other failure concerns only its row.
    """
    try:
        outcome = _taken_down(row) or _at_once(row, folder, parameters.object_stores) or _spared(row)
        return outcome or _fetched(row, folder, client, hosts, parameters)
    except Exception as error:
        if isinstance(error, Stopped) or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
            raise
        return as_call_error(error)


def _at_once(row: Row, folder: MediaFolder, object_stores: Sequence[str]) -> Outcome | None:
    """The outcome if no network access is needed; otherwise None."""
    if row["listing_error"]:
        return CallError(row["listing_error"], row["listing_error_message"] or "")
    scheme = scheme_of(row["source_uri"])
    if scheme == "file":
        return _referenced(row)
    if scheme not in WEB and scheme not in object_stores:
        known = ", ".join(["http", "https", *object_stores])
        return CallError("unsupported_source", f"{row['source_uri']!r}: expected a local file or one of {known}")
    return folder.kept(row)


def _taken_down(row: Row) -> CallError | None:
    if row["rejection_reason"] == TAKEN_DOWN:
        return CallError(TAKEN_DOWN, f"{row['source_uri']} is listed in the table takedowns")
    return None


def _spared(row: Row) -> CallError | None:
    if row["rejection_reason"]:
        reason = "a public dataset contains it (see known_videos and videos.exclude_known)"
        return CallError(row["rejection_reason"], f"{row['source_uri']} was not downloaded: {reason}")
    return None


def _referenced(row: Row) -> Outcome:
    """A local file is not copied: only the subtitles next to it are read."""
    stem = os.path.splitext(os.path.basename(local_path(row["source_uri"])))[0]
    return {
        "media_uri": row["source_uri"],
        "media_size_bytes": row["file_size_bytes"],
        "media_modified_nanoseconds": row["modified_nanoseconds"],
        **subtitle_columns({uri: Path(local_path(uri)) for uri in row["sidecar_uris"] or []}, stem),
    }


def _fetched(row: Row, folder: MediaFolder, client: Any, hosts: Hosts, parameters: Any) -> dict[str, Any]:
    def attempt() -> dict[str, Any]:
        if youtube_id(row["source_uri"]):
            return fetch_page(row, folder, hosts=hosts, parameters=parameters)
        try:
            return _fetch_file(row, folder, client, hosts, parameters)
        except IsPage:
            folder.partial(row).discard()
            return fetch_page(row, folder, hosts=hosts, parameters=parameters)

    payload = with_tries(attempt, host_of(row["source_uri"]), hosts, parameters)
    folder.keep(row, payload)
    return payload


def _fetch_file(row: Row, folder: MediaFolder, client: Any, hosts: Hosts, parameters: Any) -> dict[str, Any]:
    begun, uri = folder.partial(row), row["source_uri"]
    if scheme_of(uri) in WEB:
        fetch(uri, begun, client=client, hosts=hosts, parameters=parameters)
    else:
        fetch_object(uri, begun, hosts=hosts, parameters=parameters)
    media = folder.path / f"{folder.name_of(row)}{ending_of(begun.path)}"
    return folder.described(begun.finish(media))
