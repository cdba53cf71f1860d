"""Captioning as stored calls: captions of frames, and their fusion into one caption per clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from internvid_assets.captions.fusion import fusion_prompt, fusion_template
from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Payload, Work
from internvid_assets.models.protocols import Answer, Answers, FrameCaptioner


def caption_centers(bench: Bench) -> Work:
    """Caption centre frames: the coarse scale (BLIP-2 in InternVid 3.2)."""
    return _caption_pictures(bench, bench.models.captioner)


def caption_frames(bench: Bench) -> Work:
    """Caption 1 fps frames: the fine scale (Tag2Text in InternVid 3.2, whose tags are kept)."""
    return _caption_pictures(bench, bench.models.frame_captioner, with_tags=True)


def _caption_pictures(bench: Bench, captioner: FrameCaptioner, *, with_tags: bool = False) -> Work:
    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        images = bench.frames.stream(batch["frame_hash"].to_list())
        answers = captioner.caption(images, max_new_tokens=bench.parameters.max_new_tokens)
        return outcomes(answers, with_tags=with_tags)

    return work


def fuse_captions(bench: Bench) -> Work:
    """Fuse the centre caption and the frame captions, in time order, into one caption per clip."""
    parameters, model, template = bench.parameters, bench.models.language_model, fusion_template(bench.settings)

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        rows = batch.select("center_caption", "frame_captions").iter_rows()
        prompts = (
            fusion_prompt(center or "", frames, template, max_frame_captions=parameters.max_frame_captions)
            for center, frames in rows
        )
        return outcomes(model.generate(prompts, max_new_tokens=parameters.max_new_tokens))

    return work


def outcomes(answers: Answers, *, with_tags: bool = False) -> Iterator[Mapping[int, Outcome]]:
    """As `outcome`, for each answer as it arrives."""
    for piece in answers:
        yield {position: outcome(answer, with_tags=with_tags) for position, answer in piece.items()}


def outcome(answer: Answer | CallError, *, with_tags: bool = False) -> Payload | CallError:
    """The columns of a caption, or the error."""
    if isinstance(answer, CallError):
        return answer
    if not answer.text.strip():
        return CallError("empty_caption", "the model's answer contains no words")
    row = {
        "caption": answer.text.strip(),
        "log_probability": answer.log_probability,
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "cost_dollars": answer.cost_dollars,
    }
    return {**row, "tags": answer.tags} if with_tags else row
