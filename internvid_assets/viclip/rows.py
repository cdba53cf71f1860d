"""What is trained on: one row per clip with its captions and frames, in a file that processes share by mapping it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa

from internvid_assets.cells.errors import UserError

LEAST_WORDS = 2
"""Shorter captions are not trained on (the released datasets drop them)."""
COLUMNS = ("clip_id", "video_id", "category", "captions", "weights", "frame_hashes")


@dataclass(frozen=True)
class TrainingRows:
    """The rows, and how many clips were left out for which reason."""

    rows: pl.DataFrame
    left_out: Mapping[str, int]


def training_rows(
    chosen: pl.LazyFrame, clip_frames: pl.LazyFrame, captions: Mapping[str, pl.LazyFrame], weights: Mapping[str, float]
) -> TrainingRows:
    """One row per chosen clip with frames and a caption of two words, in the order of `clip_id`.

    `captions` are tables of captions by name, which `weights` of the same names makes likelier to be chosen; those of
    weight 0 are passed over. Equal captions of a clip count as one with both weights. `frame_hashes` are in the order
    of time.
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
    """Write them, and return their hash. Raises UserError where there are none."""
    if rows.is_empty():
        raise UserError("no clip to train on: materialise a subset that holds some, or choose another")
    rows.write_ipc(path, compression="uncompressed", compat_level=pl.CompatLevel.oldest())
    return file_hash(path)


def file_hash(path: Path) -> str:
    """Sixteen hex digits of the file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


def mapped_rows(path: Path) -> pa.Table:
    """The rows without reading them: pages come as they are asked for, and processes share them."""
    if not path.is_file():
        raise UserError(f"no {path}: expected the rows to train on")
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except pa.ArrowInvalid as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} is damaged ({reason}); materialise the training rows again") from None
