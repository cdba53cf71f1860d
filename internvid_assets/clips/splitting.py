"""Splitting and frame sampling as stored calls, in worker processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Payload, Work
from internvid_assets.clips.frames import frame_options, sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.clips.stitching import end_vectors, split_with_ends, stitched

STORE_SECONDS = 2.0
"""How often images are stored: writing many at once costs as much as writing a few."""


def split_videos(bench: Bench) -> Work:
    """Split videos into clips, yielding each video when it is ready; see `clips.splitters.split`, `clips.stitching`."""
    parameters = bench.parameters
    cutting = {**parameters.cutting(), "max_pixels": bench.settings.videos.max_pixels}
    cut: Callable[..., Any] = split_with_ends if parameters.stitching else split
    finished = _stitcher(bench) if parameters.stitching else _as_cut

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        threads = _threads(batch, bench)
        calls = [{"source_uri": bench.settings.place(uri), **cutting, "threads": threads} for uri in batch["media_uri"]]
        for row, answer in bench.engine.as_answered(cut, calls, timeout_seconds=parameters.timeout_seconds):
            yield {row: answer if isinstance(answer, CallError) else finished(answer)}

    return work


def _as_cut(clips: Sequence[Payload]) -> Sequence[Payload]:
    return clips


def _stitcher(bench: Bench) -> Callable[[Any], Sequence[Payload]]:
    """Stitches a result of `split_with_ends`. The model runs in this process, not in the workers."""
    embedder, limits = bench.models.embedder, bench.parameters.stitching_limits()

    def finished(answer: tuple[Sequence[Payload], Sequence[bytes]]) -> Sequence[Payload]:
        clips, ends = answer
        return stitched(clips, end_vectors(ends, embedder), **limits)

    return finished


def sample_clips(bench: Bench) -> Work:
    """Sample the frames of clips, with one decoding pass per video, and store the images before their cells."""
    parameters, options = bench.parameters, frame_options(bench.settings)

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        by_video = batch.with_row_index().group_by("media_uri", maintain_order=True).agg(pl.all())
        calls = [
            {"source_uri": bench.settings.place(uri), "spans": list(zip(starts, ends, strict=True)), **options}
            for uri, starts, ends in by_video.select("media_uri", "start_pts", "end_pts").iter_rows()
        ]
        calls = [{**call, "threads": _threads(by_video, bench)} for call in calls]
        answers = bench.engine.as_answered(sample_frames, calls, timeout_seconds=parameters.timeout_seconds)
        for together in _every(STORE_SECONDS, answers):
            yield _stored(dict(_by_row(by_video["index"], together)), bench)

    return work


def _threads(videos: pl.DataFrame, bench: Bench) -> int:
    """One decoder thread per process if there are videos for all processes, or else a share of the idle cores."""
    return max(1, bench.settings.workers // videos.height)


def _every(seconds: float, answers: Iterable[tuple[int, Any]]) -> Iterator[list[tuple[int, Any]]]:
    """Group the answers that arrive within so many seconds."""
    together, since = [], time.monotonic()
    for answer in answers:
        together.append(answer)
        if time.monotonic() - since >= seconds:
            yield together
            together, since = [], time.monotonic()
    if together:
        yield together


def _by_row(rows: pl.Series, answers: Sequence[tuple[int, Any]]) -> Iterator[tuple[int, Outcome]]:
    """Split a video's answer, which has an outcome for each of its clips, or is the failure of all of them."""
    for video, answer in answers:
        each = [answer] * len(rows[video]) if isinstance(answer, CallError) else answer
        yield from zip(rows[video], each, strict=True)


def _stored(outcomes: Mapping[int, Outcome], bench: Bench) -> dict[int, Outcome]:
    """Move the images from the rows to the frame store; the rows keep the hashes."""
    rows = [row for outcome in outcomes.values() if isinstance(outcome, Sequence) for row in outcome]
    bench.frames.put({row["frame_hash"]: row["jpeg"] for row in rows})
    return {
        index: [{name: row[name] for name in row if name != "jpeg"} for row in outcome]
        if isinstance(outcome, Sequence)
        else outcome
        for index, outcome in outcomes.items()
    }
