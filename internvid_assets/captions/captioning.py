"""Captioning as remembered calls: pictures to sentences, and many sentences to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from internvid_assets.captions.fusion import fusion_prompt, fusion_template
from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.protocols import Answer, Answers, FrameCaptioner, Image

READ_AT_ONCE = 64
"""Pictures in one look-up of the frame store: they lie decoded in memory, some 350 KB each."""


def caption_centers(bench: Bench) -> Work:
    """The coarse scale's captioner (BLIP-2 in InternVid 3.2)."""
    return _caption_pictures(bench, bench.models.captioner)


def caption_frames(bench: Bench) -> Work:
    """The fine scale's captioner (Tag2Text in InternVid 3.2), whose tags are kept."""
    return _caption_pictures(bench, bench.models.frame_captioner, with_tags=True)


def _caption_pictures(bench: Bench, captioner: FrameCaptioner, *, with_tags: bool = False) -> Work:
    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        images = _images(bench.frames, batch["frame_hash"].to_list())
        answers = captioner.caption(images, max_new_tokens=bench.parameters.max_new_tokens)
        return _outcomes(answers, with_tags=with_tags)

    return work


def _images(frames: FrameStore, hashes: Sequence[str]) -> Iterator[Image]:
    for start in range(0, len(hashes), READ_AT_ONCE):
        yield from frames.images(hashes[start : start + READ_AT_ONCE])


def fuse_captions(bench: Bench) -> Work:
    """One caption per clip from its centre caption and its frame captions in time order."""
    parameters, model, template = bench.parameters, bench.models.language_model, fusion_template(bench.settings)

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        rows = batch.select("center_caption", "frame_captions").iter_rows()
        prompts = (
            fusion_prompt(center or "", frames, template, max_frame_captions=parameters.max_frame_captions)
            for center, frames in rows
        )
        return _outcomes(model.generate(prompts, max_new_tokens=parameters.max_new_tokens))

    return work


def _outcomes(answers: Answers, *, with_tags: bool = False) -> Iterator[Mapping[int, Outcome]]:
    for piece in answers:
        yield {position: _outcome(answer, with_tags=with_tags) for position, answer in piece.items()}


def _outcome(answer: Answer | CallError, *, with_tags: bool) -> Outcome:
    if isinstance(answer, CallError):
        return answer
    if not answer.text.strip():
        return CallError("empty_caption", "the model answered with no words")
    told = {
        "caption": answer.text.strip(),
        "log_probability": answer.log_probability,
        "prompt_tokens": answer.prompt_tokens,
        "answer_tokens": answer.answer_tokens,
        "cost_dollars": answer.cost_dollars,
    }
    return {**told, "tags": answer.tags} if with_tags else told
