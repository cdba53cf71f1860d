"""ShareGPT4Video's captions as stored calls: a clip's keyframes, their differential captions, the dense caption."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
import polars as pl

from internvid_assets.caption_parameters import KeyframesParameters
from internvid_assets.captions.captioning import outcome, outcomes
from internvid_assets.captions.keyframes import keyframe_positions, plain_opening
from internvid_assets.captions.wording import wording
from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Payload, Work
from internvid_assets.media.frames import FrameStore, pixels
from internvid_assets.models.protocols import Answer, FrameEmbedder
from internvid_assets.models.share_captioner import Keyframe, ShareCaptioner

READ_AT_ONCE = 16
"""Number of clips whose keyframes are read together and kept in memory as JPEGs of about 25 KB each."""
EMBEDDED_AT_ONCE = 64


def share_captioner(bench: Bench) -> ShareCaptioner:
    return ShareCaptioner(bench.models, wording(bench.settings))


def choose_keyframes(bench: Bench) -> Work:
    """Choose the frames of each clip that differ from the previous keyframe, using the profile's frame embedder."""
    embedder, parameters = bench.models.frame_embedder, bench.parameters

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        seen = [each[: parameters.max_seconds + 1] for each in hashes]
        chosen = chosen_keyframes(hashes, _jpegs(bench.frames, seen), embedder, parameters)
        clips = batch.iter_rows(named=True)
        return [
            own if isinstance(own, CallError) else [keyframe | _place(keyframe["frame"], clip) for keyframe in own]
            for own, clip in zip(chosen, clips, strict=True)
        ]

    return work


def _place(frame: int, clip: Mapping[str, Any]) -> dict[str, Any]:
    """The index, times and hash of a clip's frame."""
    seconds = clip["frames_seconds"][frame]
    return {
        "frame_hash": clip["frame_hashes"][frame],
        "pts": clip["frames_pts"][frame],
        "timestamp_seconds": seconds,
        "into_clip_seconds": round(seconds - clip["start_seconds"], 3),
    }


def chosen_keyframes(
    clips: Sequence[Sequence[str]],
    jpegs: Mapping[str, bytes],
    embedder: FrameEmbedder,
    parameters: KeyframesParameters,
) -> list[list[dict[str, Any]] | CallError]:
    """For each clip, given as the hashes of its 1 fps frames, a row per keyframe; `jpegs` holds the images."""
    clips = [each[: parameters.max_seconds + 1] for each in clips]
    openings = [_opening(each, jpegs, parameters) for each in clips]
    both = list(zip(clips, openings, strict=True))
    asked = [each[opening :: parameters.interval_seconds] for each, opening in both]
    wanted = list(dict.fromkeys([*chain.from_iterable(asked), *(each[-1] for each in clips)]))
    parts = [wanted[start : start + EMBEDDED_AT_ONCE] for start in range(0, len(wanted), EMBEDDED_AT_ONCE)]
    vectors = [embedder.embed_images([pixels(jpegs[name]) for name in part]) for part in parts]
    vector_of = dict(zip(wanted, np.concatenate(vectors), strict=True))
    return [_chosen(each, opening, vector_of, parameters) for each, opening in both]


def _opening(hashes: Sequence[str], jpegs: Mapping[str, bytes], parameters: KeyframesParameters) -> int:
    """As `plain_opening`, but 0 for a clip that consists only of plain frames."""
    opening = plain_opening((pixels(jpegs[name]) for name in hashes), parameters.interval_seconds)
    return opening if opening < len(hashes) else 0


def _chosen(
    hashes: Sequence[str], opening: int, vector_of: Mapping[str, np.ndarray], parameters: KeyframesParameters
) -> list[dict[str, Any]] | CallError:
    frames = hashes[opening:]

    def similarity(one: int, other: int) -> float:
        return float(vector_of[frames[one]] @ vector_of[frames[other]])

    if not all(np.isfinite(vector_of[name]).all() for name in frames if name in vector_of):
        return CallError("not_a_number", "the model's output is not finite")
    positions = keyframe_positions(
        len(frames),
        similarity,
        every=parameters.interval_seconds,
        threshold=parameters.similarity_threshold,
        last_frame=parameters.last_frame,
    )
    similarities = [None, *(similarity(*pair) for pair in pairwise(positions))]
    return [
        {"keyframe": number, "frame": opening + position, "similarity": alike}
        for number, (position, alike) in enumerate(zip(positions, similarities, strict=True))
    ]


def caption_keyframes(bench: Bench) -> Work:
    """Write the differential captions of each clip; no rows in mode fast."""
    if bench.settings.dense_captions.mode == "fast":
        return lambda batch: [[] for _ in range(batch.height)]
    captioner, parameters = share_captioner(bench), bench.parameters

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        answers = captioner.sliding(
            _clips(bench.frames, batch),
            max_new_tokens=parameters.max_new_tokens,
            longest_side_pixels=parameters.longest_side_pixels,
        )
        for piece in answers:
            yield {row: _rows(batch["seconds"][row], said) for row, said in piece.items()}

    return work


def _rows(seconds: Sequence[float], answers: Sequence[Answer] | CallError) -> Outcome:
    """A row per keyframe; an answer without words fails the whole clip."""
    if isinstance(answers, CallError):
        return answers
    rows: list[Payload] = []
    for number, answer in enumerate(answers):
        columns = outcome(answer)
        if isinstance(columns, CallError):
            return columns
        rows.append({"keyframe": number, "into_clip_seconds": seconds[number], **columns})
    return rows


def write_dense_captions(bench: Bench) -> Work:
    """Write one caption per clip: from its differential captions, or from all its keyframes in one image."""
    return _of_one_picture(bench) if bench.parameters.mode == "fast" else _of_differential_captions(bench)


def _of_differential_captions(bench: Bench) -> Work:
    captioner, parameters = share_captioner(bench), bench.parameters

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        rows = batch.with_row_index().filter(pl.col("captions").list.len() > 0)
        notes = (list(zip(*row, strict=True)) for row in rows.select("seconds", "captions").iter_rows())
        row_of = rows["index"].to_list()
        for piece in outcomes(captioner.summary(notes, max_new_tokens=parameters.max_new_tokens)):
            yield {row_of[position]: said for position, said in piece.items()}
        way_out = "no differential captions: materialise keyframe_captions first, or set dense_captions.mode to fast"
        yield dict.fromkeys(set(range(batch.height)) - set(row_of), CallError("not_captioned", way_out, retryable=True))

    return work


def _of_one_picture(bench: Bench) -> Work:
    captioner, parameters = share_captioner(bench), bench.parameters
    how: dict[str, Any] = {name: getattr(parameters, name) for name in ("max_keyframes", "layout")}
    how |= {"longest_side_pixels": parameters.longest_side_pixels, "max_new_tokens": parameters.max_new_tokens}

    def work(batch: pl.DataFrame) -> Iterator[Mapping[int, Outcome]]:
        return outcomes(captioner.fast(_clips(bench.frames, batch), **how))

    return work


def _clips(frames: FrameStore, batch: pl.DataFrame) -> Iterator[list[Keyframe]]:
    """The keyframes of each row, read lazily."""
    for some in batch.select("seconds", "frame_hashes").iter_slices(READ_AT_ONCE):
        jpegs = _jpegs(frames, some["frame_hashes"].to_list())
        for seconds, hashes in some.iter_rows():
            yield [Keyframe(when, jpegs[name]) for when, name in zip(seconds, hashes, strict=True)]


def _jpegs(frames: FrameStore, hashes: Sequence[Sequence[str]]) -> dict[str, bytes]:
    wanted = list(dict.fromkeys(chain.from_iterable(hashes)))
    return dict(zip(wanted, frames.read(wanted), strict=True))
