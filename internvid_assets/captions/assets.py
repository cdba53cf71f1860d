"""Captions: coarse, fine and fused (InternVid 3.2); differential and dense captions of keyframes (ShareGPT4Video)."""

from __future__ import annotations

import polars as pl

from internvid_assets import tables
from internvid_assets.captions.captioning import caption_centers, caption_frames, fuse_captions
from internvid_assets.captions.fusion import fusion_template
from internvid_assets.captions.hygiene import with_flaw
from internvid_assets.captions.rows import by_clip, numbered, numbered_and_judged, told_or_seen
from internvid_assets.captions.sliding import caption_keyframes, choose_keyframes, write_dense_captions
from internvid_assets.captions.wording import dense_text, differential_text
from internvid_assets.cells.feature import feature
from internvid_assets.clips.selection import center_frames, frames_in_order, kept, second_frames
from internvid_assets.models import modules

WORDS = ("internvid_assets.captions.templates", "internvid_assets.language.sequences")
FUSION = ("internvid_assets.captions.fusion", *WORDS, *modules.LANGUAGE)
CLASS_TOKEN = ("transformers_class_token", "transformers_clip", "transformers_loading", "batching")
KEYFRAMES = ("internvid_assets.captions.keyframes", *(f"internvid_assets.models.{module}" for module in CLASS_TOKEN))
SLIDING = ("internvid_assets.captions.captioning", "internvid_assets.media.grids", *WORDS, *modules.SLIDING)

CALLS_AT_ONCE = 16_384
"""Rows per batch. Images are read when the model has room for them, and answers are returned as they are ready, so a
slow call does not delay others."""


@feature(
    schema=tables.CenterCaptions,
    reads=["frame_hash"],
    work=caption_centers,
    version="2",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=modules.CAPTIONERS,
    models=["captioner"],
    kinds=["transformers"],
)
def center_captions(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: the caption of its centre frame (InternVid 3.2, coarse level)."""
    return center_frames(clips, clip_frames)


@feature(
    schema=tables.FrameCaptions,
    reads=["frame_hash"],
    work=caption_frames,
    version="3",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=modules.CAPTIONERS,
    models=["frame_captioner"],
    kinds=["transformers"],
)
def frame_captions(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per 1 fps frame of a kept clip: its caption (InternVid 3.2, fine level)."""
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
    """One row per kept clip: its centre and frame captions, fused by a language model (InternVid 3.2)."""
    centers = center_captions.select("clip_id", center_caption="caption")
    spoken = frame_captions.filter(pl.col("caption").is_not_null()).sort("clip_id", "second")
    seconds = spoken.group_by("clip_id").agg(pl.col("caption").alias("frame_captions"))
    both = kept(clips).select("clip_id", "category").join(centers, on="clip_id", how="left")
    both = both.join(seconds, on="clip_id", how="left").with_columns(pl.col("frame_captions").fill_null([]))
    seen = pl.col("center_caption").is_not_null() | (pl.col("frame_captions").list.len() > 0)
    return both.filter(seen).sort("clip_id")


@feature(
    schema=tables.Keyframes,
    reads=["frame_hashes", "frames_pts", "frames_seconds", "start_seconds"],
    work=choose_keyframes,
    version="1",
    finish=numbered,
    batch_rows=32,
    code=KEYFRAMES,
    models=["frame_embedder"],
    kinds=["transformers"],
)
def keyframes(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per keyframe of a kept clip: a frame that differs from the previous keyframe (ShareGPT4Video)."""
    return frames_in_order(clips, clip_frames)


@feature(
    schema=tables.KeyframeCaptions,
    reads=["frame_hashes", "seconds"],
    work=caption_keyframes,
    version="1",
    finish=numbered_and_judged,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=SLIDING,
    models=["vision_language_model"],
    borrows=["dense_captions.mode"],
    prompt=differential_text,
    kinds=["transformers"],
)
def keyframe_captions(keyframes: pl.LazyFrame) -> pl.LazyFrame:
    """One row per keyframe: its differential caption, which describes what changed since the previous keyframe."""
    return by_clip(keyframes)


@feature(
    schema=tables.DenseCaptions,
    reads=["seconds", "captions", "frame_hashes"],
    work=write_dense_captions,
    version="1",
    finish=with_flaw,
    derived=["flaw"],
    batch_rows=CALLS_AT_ONCE,
    code=SLIDING,
    prompt=dense_text,
    kinds=["transformers"],
)
def dense_captions(keyframes: pl.LazyFrame, keyframe_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: the summary of its differential captions or, in mode fast, one caption of all keyframes.

    A call reads the clip's differential captions if there are any, and its images only if there are none.
    """
    return told_or_seen(by_clip(keyframes), keyframe_captions)
