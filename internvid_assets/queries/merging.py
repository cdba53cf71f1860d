"""Action queries: merges labels and phrases from all sources into one row per action and language (InternVid 3.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import schema_of
from internvid_assets.parameters import QueriesParameters
from internvid_assets.queries.labels import STARTER, Wording, read_labels
from internvid_assets.queries.normalising import lemma_key, normalised
from internvid_assets.settings import beside_settings


@dataclass
class Merged:
    """One action in one language, from all sources; the first wording is used, labels before phrases."""

    query: str | None
    kind: str
    rejection_reason: str | None
    sources: list[str] = field(default_factory=list)


def merged_queries(settings: QueriesParameters, caption_phrases: pl.LazyFrame) -> pl.DataFrame:
    """`action_queries` from the label files, the starter list and the kept phrases, by key.

    Raises UserError if a file is missing or contains no labels.
    """
    merged = merge([*_labels(settings), *_phrases(caption_phrases)], max_words=settings.max_words)
    spoken = {key for key, row in merged.items() if row.query}
    main, *_ = settings.languages
    rows = [
        {
            "lemma_key": key,
            "language": language,
            **vars(row),
            "missing_languages": [
                wanted
                for wanted in settings.languages
                if row.query and language == main and (key, wanted) not in spoken
            ],
        }
        for (key, language), row in sorted(merged.items())
    ]
    return pl.DataFrame(rows, schema=schema_of(tables.ActionQueries))


def merge(wordings: Iterable[Wording], *, max_words: int) -> dict[tuple[str, str], Merged]:
    """The merged queries by (lemma_key, language); a line that is not a query has its raw text as the key."""
    merged: dict[tuple[str, str], Merged] = {}
    for wording in wordings:
        query = normalised(wording.text)
        problem = wording.problem or _problem(query, max_words)
        key = wording.text if problem else _key(wording, query)
        new = Merged(None if problem else query, wording.kind, problem)
        row = merged.setdefault((key, wording.language), new)
        if wording.source not in row.sources:
            row.sources.append(wording.source)
    return merged


def _key(wording: Wording, query: str) -> str:
    """The key of the English action if the line gives it, so that all wordings of an action share one key."""
    return lemma_key(normalised(wording.english)) if wording.english else lemma_key(query, wording.language)


def _problem(query: str, max_words: int) -> str | None:
    if not any(character.isalpha() for character in query):
        return "no_words"
    return "too_long" if len(query.split()) > max_words else None


def _labels(settings: QueriesParameters) -> Iterator[Wording]:
    for file in settings.label_files:
        yield from read_labels(beside_settings(file), str(file))
    if settings.starter:
        yield from read_labels(STARTER, "starter")


def _phrases(caption_phrases: pl.LazyFrame) -> Sequence[Wording]:
    kept = caption_phrases.filter(pl.col("error").is_null() & pl.col("rejection_reason").is_null())
    found = kept.select("phrase", "source").unique().sort("phrase", "source").collect()
    return [Wording(phrase, source, kind="phrase") for phrase, source in found.iter_rows()]
