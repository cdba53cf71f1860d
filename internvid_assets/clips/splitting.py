"""Splitting and frame sampling as remembered calls, in worker processes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.clips.cuts import split
from internvid_assets.clips.frames import sample_frames


def split_videos(bench: Bench) -> Work:
    """Cuts the videos of a batch into spans; see `clips.cuts.split`."""
    parameters = bench.parameters
    cutting = {**parameters.of_recipe(), "max_pixels": bench.settings.videos.max_pixels}

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        calls = [{"source_uri": bench.place(uri), **cutting} for uri in batch["media_uri"]]
        return bench.engine.each(split, calls, timeout_seconds=parameters.timeout_seconds)

    return work


def sample_clips(bench: Bench) -> Work:
    """Samples the frames of a batch of clips, one decode per video, and stores the pictures before their cells."""
    parameters = bench.parameters
    pictures = {**parameters.of_recipe(), "max_pixels": bench.settings.videos.max_pixels}

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        by_video = batch.with_row_index().group_by("media_uri", maintain_order=True).agg(pl.all())
        calls = [
            {"source_uri": bench.place(uri), "spans": list(zip(starts, ends, strict=True)), **pictures}
            for uri, starts, ends in by_video.select("media_uri", "start_pts", "end_pts").iter_rows()
        ]
        answers = bench.engine.each(sample_frames, calls, timeout_seconds=parameters.timeout_seconds)
        outcomes: dict[int, Outcome] = {}
        for rows, answer in zip(by_video["index"], answers, strict=True):
            each = [answer] * len(rows) if isinstance(answer, CallError) else answer
            outcomes.update(zip(rows, each, strict=True))
        return _stored([outcomes[row] for row in range(batch.height)], bench)

    return work


def _stored(outcomes: Sequence[Outcome], bench: Bench) -> list[Outcome]:
    """Put the pictures into the frame store and take them out of the rows, which keep their hashes."""
    rows = [row for outcome in outcomes if isinstance(outcome, Sequence) for row in outcome]
    bench.frames.put({row["frame_hash"]: row["jpeg"] for row in rows})
    return [
        [{name: row[name] for name in row if name != "jpeg"} for row in outcome]
        if isinstance(outcome, Sequence)
        else outcome
        for outcome in outcomes
    ]
