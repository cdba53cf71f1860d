"""Scoring as stored calls: aesthetics, and similarity of video and caption."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.models.protocols import SimilarityScorer
from internvid_assets.models.specs import Capability
from internvid_assets.settings import Settings

REFERENCE_CAPTIONS = Path(__file__).parent / "reference_captions"


def score_aesthetics(bench: Bench) -> Work:
    """The maximum over a clip's frames; the score of each frame is kept too (InternVid 3.3)."""
    scorer, model = bench.models.aesthetics, bench.models.label("aesthetics")

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        scores = scorer.score(bench.frames.stream(list(chain.from_iterable(hashes))))
        parts = np.split(np.asarray(scores, dtype=float), np.cumsum([len(each) for each in hashes])[:-1])
        return [unless_unusable(part) or {**_best(part), "model": model} for part in parts]

    return work


def _best(scores: np.ndarray) -> dict[str, Any]:
    return {"aesthetic_score": float(scores.max()), "frame_scores": scores.tolist()}


def frames_seen(settings: Settings) -> dict[str, int]:
    """The number of uniform frames used for the similarity: 4 (InternVid 3.3), or 8 for ViCLIP, which needs 8."""
    chosen = settings.models.get("similarity")
    return {"frames": 8 if chosen and chosen.adapter == "viclip" else 4}


def score_similarity(bench: Bench) -> Work:
    """As UMT-SIM: the mean over frames of the cosine with the caption, and the same with the reference captions.

    The reference captions replace shuffled ones: they are a fixed list, so that a call depends only on its own clip.
    """
    references = reference_captions(bench.settings.profile)
    return _similarity(bench, lambda batch: [[caption, *references] for caption in batch["caption"]], _with_references)


def _with_references(cosines: np.ndarray) -> dict[str, Any]:
    """`cosines` [frames, 1 + reference captions]: the clip's own caption is first."""
    own, references = cosines[:, 0], cosines[:, 1:].mean(axis=0)
    return {
        "umt_score": float(own.mean()),
        "frame_scores": [float(cosine) for cosine in own],
        "reference_mean": float(references.mean()),
        "reference_deviation": float(references.std()),
    }


def score_shuffled(bench: Bench) -> Work:
    """The same score with the clip's own caption, and with another clip's."""
    return _similarity(bench, lambda batch: batch.select("caption", "other_caption").rows(), _with_other)


def _with_other(cosines: np.ndarray) -> dict[str, Any]:
    """`cosines` [frames, 2]: the clip's own caption is first."""
    own, other = cosines.mean(axis=0)
    return {"own_score": float(own), "shuffled_score": float(other)}


def score_one_frame(bench: Bench) -> Work:
    """CLIPScore of one random frame with the profile's CLIP; InternVid-10M-FLT was selected by such a score."""
    from internvid_assets.models.clip_similarity import ClipSimilarity, OneFrameSimilarity

    scorer = OneFrameSimilarity(ClipSimilarity(bench.models.embedder))
    return _similarity(bench, _own_captions, _with_clip_score, scorer=scorer, capability="embedder")


def _own_captions(batch: pl.DataFrame) -> list[list[str]]:
    return [[caption] for caption in batch["caption"]]


def _with_clip_score(cosines: np.ndarray) -> dict[str, Any]:
    return {"clip_score": float(cosines[0, 0])}


def _similarity(
    bench: Bench,
    captions: Callable[[pl.DataFrame], Sequence[Sequence[str]]],
    columns_of: Callable[[np.ndarray], dict[str, Any]],
    *,
    scorer: SimilarityScorer | None = None,
    capability: Capability = "similarity",
) -> Work:
    """Score each clip's frames against the `captions` of its row; `columns_of` turns the cosines into columns."""
    scorer, model = scorer or bench.models.similarity, bench.models.label(capability)

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        images = bench.frames.stream(list(chain.from_iterable(hashes)))
        frames = (list(islice(images, len(own))) for own in hashes)
        cosines = scorer.similarity(frames, captions(batch))
        return [unless_unusable(each) or {**columns_of(each), "model": model} for each in cosines]

    return work


def unless_unusable(scores: np.ndarray) -> CallError | None:
    """The error if the scores are not usable: a model in half precision may overflow."""
    if not scores.size:
        return CallError("no_frames", "the clip has no frames to score")
    if not np.isfinite(scores).all():
        return CallError("not_a_number", "the model's output is not finite")
    return None


def reference_captions(profile: str) -> list[str]:
    """The captions used for comparison: those of the sample world for its profile, otherwise everyday ones."""
    name = "sample" if profile == "sample" else "everyday"
    return (REFERENCE_CAPTIONS / f"{name}.txt").read_text().splitlines()


def reference_text(settings: Settings) -> str:
    """The list, for the recipe."""
    return "\n".join(reference_captions(settings.profile))
