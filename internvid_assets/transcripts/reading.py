"""Reading subtitle files as stored calls, in worker processes."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.transcripts.subtitles import read_subtitles


def read_files(bench: Bench) -> Work:
    """Read the subtitle files of a batch; see `transcripts.subtitles.read_subtitles`."""
    timeout_seconds = bench.parameters.timeout_seconds

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        files = batch.select("subtitle_uri", "is_automatic").rows()
        calls = [{"subtitle_uri": bench.settings.place(uri), "is_automatic": automatic} for uri, automatic in files]
        return bench.engine.each(read_subtitles, calls, timeout_seconds=timeout_seconds)

    return work
