"""Hashing the inputs of calls: our version-independent hash, against DuckDB's SHA-256 of the row as JSON."""

from __future__ import annotations

import duckdb
import numpy as np
import polars as pl

from benchmarks.comparison import Comparison, compare
from internvid_assets.cells.inputs import input_hashes

ROWS = 200_000


def rows_like_captions() -> pl.DataFrame:
    """Typical inputs of a feature: a caption of about 40 characters, a start in ticks, a similarity."""
    rng = np.random.default_rng(0)
    words = np.array("a red circle moves left over blue waves while the green star spins slowly".split())
    return pl.DataFrame(
        {
            "caption": [" ".join(chosen) for chosen in words[rng.integers(0, len(words), (ROWS, 8))]],
            "start_pts": rng.integers(0, 10**9, ROWS),
            "similarity": rng.random(ROWS),
        }
    )


def measure(repetitions: int) -> Comparison:
    rows = rows_like_captions()
    connection = duckdb.connect()
    connection.register("rows", rows.to_arrow())

    def sha256() -> pl.Series:
        return pl.Series(connection.sql("select sha256(to_json(r)::varchar) as h from rows r").to_arrow_table()["h"])

    return compare(
        "hashing",
        load=f"{ROWS:,} rows of three columns",
        peer=f"DuckDB {duckdb.__version__} sha256(to_json)",
        ours=lambda: input_hashes(rows, rows.columns),
        theirs=sha256,
        agreement=lambda mine, peers: f"{mine.n_unique():,} and {peers.n_unique():,} distinct",
        repetitions=repetitions,
    )
