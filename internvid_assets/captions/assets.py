"""Captions: the centre frame (coarse), every second (fine), and both fused by a language model (InternVid 3.2)."""

from __future__ import annotations

import polars as pl

from internvid_assets import tables
from internvid_assets.captions.captioning import caption_centers, caption_frames, fuse_captions
from internvid_assets.captions.fusion import fusion_template
from internvid_assets.captions.hygiene import with_flaw
from internvid_assets.cells.feature import feature
from internvid_assets.clips.selection import center_frames, kept, second_frames

MODELS = "internvid_assets.models"
SHARED = (
    "internvid_assets.language.repetition",
    *(
        f"{MODELS}.{name}"
        for name in ("transformers_decoding", "transformers_loading", "batching", "server", "server_answers")
    ),
)
CAPTIONING = (f"{MODELS}.transformers_captioner", f"{MODELS}.tag2text", f"{MODELS}.instructed", *SHARED)
FUSION = ("internvid_assets.captions.fusion", f"{MODELS}.transformers_language", *SHARED)

CALLS_AT_ONCE = 16_384
"""Rows that a batch holds: their pictures are read as the model has room for them, and answers come when they come, so
that a slow one holds up nobody."""


@feature(
    schema=tables.CenterCaptions,
    reads=["frame_hash"],
    work=caption_centers,
    version="2",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=CAPTIONING,
    models=["captioner"],
    kinds=["transformers"],
)
def center_captions(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: the caption of its centre frame."""
    return center_frames(clips, clip_frames)


@feature(
    schema=tables.FrameCaptions,
    reads=["frame_hash"],
    work=caption_frames,
    version="3",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=CAPTIONING,
    models=["frame_captioner"],
    kinds=["transformers"],
)
def frame_captions(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per 1 fps frame of a kept clip: its caption."""
    return second_frames(clips, clip_frames)


@feature(
    schema=tables.FusedCaptions,
    reads=["center_caption", "frame_captions"],
    work=fuse_captions,
    version="3",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=FUSION,
    models=["language_model"],
    prompt=fusion_template,
    kinds=["transformers"],
)
def fused_captions(clips: pl.LazyFrame, center_captions: pl.LazyFrame, frame_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: what happens in it, from the centre caption and the frame captions in time order."""
    centers = center_captions.select("clip_id", center_caption="caption")
    spoken = frame_captions.filter(pl.col("caption").is_not_null()).sort("clip_id", "second")
    seconds = spoken.group_by("clip_id").agg(pl.col("caption").alias("frame_captions"))
    both = kept(clips).select("clip_id", "category").join(centers, on="clip_id", how="left")
    both = both.join(seconds, on="clip_id", how="left").with_columns(pl.col("frame_captions").fill_null([]))
    seen = pl.col("center_caption").is_not_null() | (pl.col("frame_captions").list.len() > 0)
    return both.filter(seen).sort("clip_id")
