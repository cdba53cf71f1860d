"""Rows of an index small enough to check by eye, and larger ones whose neighbours NumPy knows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

VECTORS = {"north": [0.0, 1.0, 0.0, 0.0], "east": [1.0, 0.0, 0.0, 0.0], "south": [0.0, -1.0, 0.0, 0.0]}


def directions(**versions: str) -> pl.LazyFrame:
    """One row per clip, named after the direction of its vector."""
    names = list(versions)
    rows = clips(names, np.array([VECTORS[name] for name in names], np.float32).reshape(-1, 4))
    category = pl.when(pl.col("clip_id") == "north").then(pl.lit("music")).otherwise(pl.lit("sports"))
    captions = pl.format("it points {}", "clip_id")
    return rows.with_columns(version=pl.Series(versions.values(), dtype=pl.String), category=category, caption=captions)


def clips(names: Sequence[str], vectors: np.ndarray, clips_per_video: int = 1) -> pl.LazyFrame:
    """Rows as the index takes them; so many neighbouring clips come from one video."""
    videos = [f"v{number // clips_per_video}" for number in range(len(names))]
    column = pl.Series(vectors.tolist(), dtype=pl.List(pl.Float32))
    texts = pl.LazyFrame({"clip_id": names, "video_id": videos}, schema={"clip_id": pl.String, "video_id": pl.String})
    return texts.with_columns(
        category=pl.lit("sports"),
        caption=pl.format("clip {}", "clip_id"),
        version=pl.lit("1"),
        model=pl.lit("toy"),
        revision=pl.lit("1"),
        start_seconds=pl.lit(0.0),
        end_seconds=pl.lit(2.0),
        duration_seconds=pl.lit(2.0),
        umt_score=pl.lit(None, dtype=pl.Float64),
        aesthetic_score=pl.lit(None, dtype=pl.Float64),
        video_embedding=column,
        caption_embedding=column,
    )


def crowd(rows: int, dimensions: int = 32, seed: int = 0) -> np.ndarray:
    """Unit vectors around a fifth as many centres: float32 [rows, dimensions]."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((rows // 5, dimensions))
    vectors = centres[rng.integers(0, len(centres), rows)] + 0.4 * rng.standard_normal((rows, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
