"""The training rows: one row per clip with its captions and frames, in a memory-mapped file shared by processes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from internvid_assets.cells.errors import UserError

LEAST_WORDS = 2
"""Shorter captions are not used (the released datasets drop them)."""
COLUMNS = ("clip_id", "video_id", "category", "captions", "weights", "frame_hashes")


@dataclass(frozen=True)
class TrainingRows:
    """The rows, and the number of clips left out by reason."""

    rows: pl.DataFrame
    left_out: Mapping[str, int]


def training_rows(
    chosen: pl.LazyFrame, clip_frames: pl.LazyFrame, captions: Mapping[str, pl.LazyFrame], weights: Mapping[str, float]
) -> TrainingRows:
    """One row per chosen clip with frames and a caption of at least two words, in the order of `clip_id`.

    `captions` are caption tables by name, and `weights` their sampling weights; tables of weight 0 are ignored. Equal
    captions of a clip are merged, with the sum of their weights. `frame_hashes` are in temporal order.
    """
    weighted = pl.concat([_of_clips(captions[name], weight) for name, weight in weights.items() if weight > 0])
    distinct = weighted.group_by("clip_id", "caption").agg(pl.col("weight").sum()).sort("clip_id", "caption")
    listed = distinct.group_by("clip_id", maintain_order=True).agg(captions="caption", weights="weight")
    stored = clip_frames.filter(pl.col("error").is_null()).sort("clip_id", "pts")
    frames = stored.group_by("clip_id", maintain_order=True).agg(frame_hashes="frame_hash")
    joined = chosen.select("clip_id", "video_id", "category").join(frames, on="clip_id", how="left")
    rows = joined.join(listed, on="clip_id", how="left").sort("clip_id").collect()
    has_frames, has_caption = pl.col("frame_hashes").is_not_null(), pl.col("captions").is_not_null()
    left_out = {
        "no_frames": rows.filter(~has_frames).height,
        f"no_caption_of_{LEAST_WORDS}_words": rows.filter(has_frames & ~has_caption).height,
    }
    return TrainingRows(rows.filter(has_frames & has_caption).select(COLUMNS), left_out)


def _of_clips(table: pl.LazyFrame, weight: float) -> pl.LazyFrame:
    words = pl.col("caption").str.count_matches(r"\S+")
    return table.filter(words >= LEAST_WORDS).select("clip_id", "caption", weight=pl.lit(weight, pl.Float64))


def write_rows(rows: pl.DataFrame, path: Path) -> str:
    """Write the rows and return their hash. Raises UserError if there are none."""
    if rows.is_empty():
        raise UserError("no clips to train on: materialise the subset, or choose another one")
    rows.write_ipc(path, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    return file_hash(path)


def file_hash(path: Path) -> str:
    """Hash of the file's bytes, sixteen hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def mapped_rows(path: Path) -> pa.Table:
    """The rows, memory-mapped: pages are loaded on demand and shared by processes."""
    if not path.is_file():
        raise UserError(f"{path} does not exist: expected the training rows")
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except pa.ArrowInvalid as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({reason}); materialise the training rows again") from None
