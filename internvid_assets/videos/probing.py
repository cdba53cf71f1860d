"""Probing as stored calls: each file is measured in a worker process."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.media.probe import probe


def probe_videos(bench: Bench) -> Work:
    """Measure the files of a batch (see `media.probe.probe`). For a video that was not acquired, return that error."""
    parameters = bench.parameters

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        here = batch.filter(pl.col("acquisition_error").is_null())
        calls = [
            {"source_uri": bench.settings.place(uri), "max_pixels": parameters.max_pixels} for uri in here["media_uri"]
        ]
        measured = iter(bench.engine.each(probe, calls, timeout_seconds=parameters.timeout_seconds))
        acquired = batch.select("acquisition_error", "acquisition_error_message").iter_rows()
        # Permanent: retries are up to `acquired_videos`, whose success is a new input here.
        return [CallError(code, message or "") if code else next(measured) for code, message in acquired]

    return work
