"""Translations of queries as stored calls, for languages that no source covers."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.queries.normalising import normalised


def translate_queries(bench: Bench) -> Work:
    """One translation per row; raises UserError if the profile has no translation model."""
    translator = bench.models.translator

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        texts = translator.translate(batch["original"].to_list(), batch["language"].to_list())
        return [text if isinstance(text, CallError) else _outcome(normalised(text)) for text in texts]

    return work


def _outcome(query: str) -> Outcome:
    return {"query": query} if query else CallError("empty_translation", "the model's answer contains no words")
