"""Part-of-speech tagging as stored calls: from captions to their verbs."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.language.verbs import find_verbs, open_tagger, tagger_identity
from internvid_assets.settings import Settings


def tag_captions(bench: Bench) -> Work:
    """The verbs of a batch of captions."""
    tagger = open_tagger()

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        return [{"verbs": verbs} for verbs in find_verbs(batch["caption"].to_list(), tagger)]

    return work


def tagger_text(settings: Settings) -> str:
    """The identity of the tagger, for the recipe: another tagger may find other verbs."""
    return " @ ".join(tagger_identity())
