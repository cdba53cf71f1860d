"""Translation as stored calls: what is said during a clip, in English."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from internvid_assets.cells.bench import Bench
from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Outcome, Work
from internvid_assets.transcripts.choosing import ENGLISH


def translate(bench: Bench) -> Work:
    """Text in English is kept, text with English subtitles is taken from these, any other is translated by a model.

    Null if nothing is said, or if the profile has no translator.
    """

    def work(batch: pl.DataFrame) -> Sequence[Outcome]:
        rows = batch.select("text", "language", "english_subtitle").rows()
        known = [_known(*row) for row in rows]
        asked = [number for number, (text, _, _) in enumerate(rows) if text and known[number] is None]
        answers: dict[int, Outcome] = {}
        if asked and bench.models.has("translator"):
            said, into = [rows[number][0] for number in asked], [ENGLISH] * len(asked)
            texts = bench.models.translator.translate(said, into, max_new_tokens=bench.parameters.max_new_tokens)
            answers = {number: _translated(text) for number, text in zip(asked, texts, strict=True)}
        return [answers.get(number, {"text_english": english}) for number, english in enumerate(known)]

    return work


def _known(text: str | None, language: str | None, english_subtitle: str | None) -> str | None:
    return text if language == ENGLISH or text is None else english_subtitle


def _translated(text: str | CallError) -> Outcome:
    if isinstance(text, CallError):
        return text
    text = text.strip()
    return {"text_english": text} if text else CallError("empty_translation", "the translation contains no words")
