"""Captioning as remembered calls: pictures to sentences, and many sentences to one."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.captions.fusion import fusion_prompt, fusion_template
from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.models.protocols import Caption, FrameCaptioner


def caption_centers(bench: Bench) -> Work:
    """The coarse scale's captioner (BLIP-2 in InternVid 3.2)."""
    return _caption_pictures(bench, bench.models.captioner)


def caption_frames(bench: Bench) -> Work:
    """The fine scale's captioner (Tag2Text in InternVid 3.2)."""
    return _caption_pictures(bench, bench.models.frame_captioner)


def _caption_pictures(bench: Bench, captioner: FrameCaptioner) -> Work:
    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        images = bench.frames.images(batch["frame_hash"].to_list())
        captions = captioner.caption(images, max_new_tokens=bench.parameters.max_new_tokens)
        return [_outcome(caption) for caption in captions]

    return work


def _outcome(caption: Caption) -> Outcome:
    text = caption.text.strip()
    if not text:
        return CallError("empty_caption", "the captioner answered with no words")
    return {"caption": text, "log_probability": caption.log_probability}


def fuse_captions(bench: Bench) -> Work:
    """One caption per clip from its centre caption and its frame captions in time order."""
    parameters, template = bench.parameters, fusion_template(bench.settings)

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        rows = batch.select("center_caption", "frame_captions").iter_rows()
        prompts = [
            fusion_prompt(center or "", frames, template, max_frame_captions=parameters.max_frame_captions)
            for center, frames in rows
        ]
        texts = bench.models.language_model.generate(prompts, max_new_tokens=parameters.max_new_tokens)
        return [_fused(text.strip()) for text in texts]

    return work


def _fused(text: str) -> Outcome:
    return {"caption": text} if text else CallError("empty_caption", "the language model answered with no words")
