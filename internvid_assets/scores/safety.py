"""Safety scores of clips and languages of captions, as stored calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.language.identification import languages
from internvid_assets.models.protocols import FrameScorer
from internvid_assets.scores.scoring import unless_unusable


def score_safety(bench: Bench) -> Work:
    """The maximum over the frames, for each of the profile's two scorers; no rows if it has neither."""
    models = bench.models
    scorers: dict[str, FrameScorer] = {}
    if models.has("nsfw"):
        scorers["nsfw"] = models.nsfw
    if models.has("text_area"):
        scorers["text_area"] = models.text_area
    if not scorers:
        return lambda batch: [[] for _ in range(batch.height)]

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        hashes = batch["frame_hashes"].to_list()
        frames, ends = list(chain.from_iterable(hashes)), np.cumsum([len(each) for each in hashes])[:-1]
        scores = {name: scorer.score(bench.frames.stream(frames)) for name, scorer in scorers.items()}
        split = {name: np.split(np.asarray(own, float), ends) for name, own in scores.items()}
        return [_largest({name: parts[row] for name, parts in split.items()}) for row in range(batch.height)]

    return work


def _largest(scores: Mapping[str, np.ndarray]) -> Outcome:
    worst = {name: float(part.max()) for name, part in scores.items() if part.size}
    each = {f"{name}_of_frames": part.tolist() for name, part in scores.items()}
    return unless_unusable(np.concatenate(list(scores.values()))) or {**worst, **each}


def tell_languages(bench: Bench) -> Work:
    """The most likely language of each caption."""

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        found = languages(batch["caption"].to_list())
        return [{"language": language, "probability": probability} for language, probability in found]

    return work
