"""Probing as remembered calls: each file is measured in a worker process."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.media.probe import probe


def probe_videos(bench: Bench) -> Work:
    """Measures the files of a batch; see `media.probe.probe`."""
    parameters = bench.parameters

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        calls = [{"source_uri": uri, "max_pixels": parameters.max_pixels} for uri in batch["source_uri"]]
        return bench.engine.each(probe, calls, timeout_seconds=parameters.timeout_seconds)

    return work
