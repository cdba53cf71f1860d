"""Scores of clips: aesthetics, video-caption similarity, safety and caption language. Nothing is dropped here."""

from __future__ import annotations

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.clips.selection import uniform_frames
from internvid_assets.models import viclip
from internvid_assets.scores.safety import score_safety, tell_languages
from internvid_assets.scores.scoring import (
    frames_seen,
    reference_text,
    score_aesthetics,
    score_one_frame,
    score_shuffled,
    score_similarity,
)
from internvid_assets.scores.shuffling import with_other_captions

STAGE, MODELS = "internvid_assets.scores", "internvid_assets.models"
CLIP = (f"{MODELS}.transformers_clip", f"{MODELS}.transformers_loading", f"{MODELS}.batching")
CLIP_SCORE = (f"{MODELS}.agreement", f"{MODELS}.clip_similarity", f"{MODELS}.clip_videos", *CLIP)
UMT = tuple(f"{MODELS}.{part}" for part in ("umt", "umt_checkpoint", "umt_similarity", "pre_text", "tensor_files"))
SIMILARITY = (*CLIP_SCORE, *UMT, *viclip.CODE, f"{MODELS}.viclip.similarity")

CLIPS_AT_ONCE = 256
"""Frames are read and prepared while the model works, but not across batches: with fewer clips the model waits more
often, with more a killed run loses more."""


def captioned(
    clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame, frames: int = 4
) -> pl.LazyFrame:
    """One row per captioned clip: `frame_hashes` of its 4 or 8 uniform frames, and its `caption`."""
    captions = fused_captions.filter(pl.col("caption").is_not_null()).select("clip_id", "caption")
    return uniform_frames(clips, clip_frames, frames).join(captions, on="clip_id", how="inner", maintain_order="left")


@feature(
    schema=tables.AestheticScores,
    reads=["frame_hashes"],
    work=score_aesthetics,
    version="2",
    code=[f"{MODELS}.transformers_aesthetics", *CLIP],
    models=["aesthetics"],
    compared="aesthetic_score",
    batch_rows=CLIPS_AT_ONCE,
    kinds=["transformers"],
)
def aesthetic_scores(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: the best aesthetic score of its 4 uniform frames (InternVid 3.3)."""
    return uniform_frames(clips, clip_frames, 4)


@feature(
    schema=tables.UmtScores,
    reads=["frame_hashes", "caption"],
    work=score_similarity,
    version="3",
    code=SIMILARITY,
    models=["similarity"],
    prompt=reference_text,
    given=frames_seen,
    compared="umt_score",
    batch_rows=CLIPS_AT_ONCE,
    kinds=["transformers"],
)
def umt_scores(
    clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame, *, frames: int = 4
) -> pl.LazyFrame:
    """One row per captioned clip: video-caption similarity (UMT-SIM, InternVid 3.3, or another model's cosine)."""
    return captioned(clips, clip_frames, fused_captions, frames)


@feature(
    schema=tables.ClipScores,
    reads=["frame_hashes", "caption"],
    work=score_one_frame,
    version="1",
    code=CLIP_SCORE,
    models=["embedder"],
    compared="clip_score",
    kinds=["transformers"],
)
def clip_scores(clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per captioned clip: the CLIP similarity of its caption and one random frame."""
    return captioned(clips, clip_frames, fused_captions)


@feature(
    schema=tables.ShuffledScores,
    reads=["frame_hashes", "caption", "other_caption"],
    work=score_shuffled,
    version="1",
    code=[f"{STAGE}.shuffling", *SIMILARITY],
    models=["similarity"],
    given=frames_seen,
    batch_rows=CLIPS_AT_ONCE,
    kinds=["transformers"],
)
def shuffled_scores(
    clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame, *, frames: int = 4
) -> pl.LazyFrame:
    """One row per sampled clip, at most 64 per category: its score with its own and with another clip's caption."""
    return with_other_captions(captioned(clips, clip_frames, fused_captions, frames))


@feature(
    schema=tables.SafetyScores,
    reads=["frame_hashes"],
    work=score_safety,
    version="1",
    code=[
        f"{STAGE}.scoring",
        f"{MODELS}.transformers_nsfw",
        f"{MODELS}.transformers_text_area",
        f"{MODELS}.transformers_loading",
        f"{MODELS}.batching",
    ],
    models=["nsfw", "text_area"],
    batch_rows=CLIPS_AT_ONCE,
    kinds=["transformers"],
)
def safety_scores(clips: pl.LazyFrame, clip_frames: pl.LazyFrame) -> pl.LazyFrame:
    """One row per kept clip: its NSFW probability and text area; no rows unless a model for either is configured."""
    return uniform_frames(clips, clip_frames, 4)


@feature(
    schema=tables.CaptionLanguages,
    reads=["caption"],
    work=tell_languages,
    version="1",
    code=["internvid_assets.language.identification"],
    batch_rows=1000,
    kinds=["py3langid"],
)
def caption_languages(fused_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per fused caption: its language."""
    return fused_captions.filter(pl.col("caption").is_not_null()).select("clip_id", "category", "caption")
