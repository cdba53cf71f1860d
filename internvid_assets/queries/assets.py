"""Queries: what to search for, and which videos public datasets already contain (InternVid 3.1)."""

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.home import Home
from internvid_assets.models import modules
from internvid_assets.queries.corpora import list_captions
from internvid_assets.queries.known import list_known
from internvid_assets.queries.merging import merged_queries
from internvid_assets.queries.phrases import extract_phrases
from internvid_assets.queries.translating import translate_queries
from internvid_assets.selects.assets import whole_table, written_whole
from internvid_assets.selects.damage import damage_named

WORDS = ("internvid_assets.queries.normalising", "internvid_assets.language.lemmas")
RECORDS = ("internvid_assets.queries.records",)
MERGING = ("internvid_assets.queries.labels", "internvid_assets.queries.merging")
TAGGED = (
    "internvid_assets.models.tagged_phrases",
    "internvid_assets.language.verbs",
    "internvid_assets.language.words",
    "internvid_assets.language.perceptron",
)


@dg.asset(
    **whole_table(
        "corpus_captions", group="queries", code=[*RECORDS, "internvid_assets.queries.corpora"], kinds={"polars"}
    )
)
@damage_named
def corpus_captions(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per distinct caption of the corpora listed in `queries.caption_files`, to extract actions from."""
    return written_whole(home, "corpus_captions", list_captions(home.settings.queries.caption_files))


@feature(
    schema=tables.CaptionPhrases,
    reads=["caption"],
    work=extract_phrases,
    version="1",
    code=[*WORDS, *TAGGED, *modules.LANGUAGE],
    models=["phrase_extractor"],
    finish=lambda rows, parameters: rows.with_columns(pl.col("position").fill_null(0)),
    batch_rows=256,
    kinds=["nltk", "transformers"],
)
def caption_phrases(corpus_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per verb-object phrase extracted from a caption, with the reason if it was dropped (null: kept)."""
    return corpus_captions.filter(pl.col("rejection_reason").is_null()).select("caption", "source")


@dg.asset(
    **whole_table("action_queries", group="queries", code=[*WORDS, *RECORDS, *MERGING], kinds={"polars"}),
    deps=["caption_phrases"],
)
@damage_named
def action_queries(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per action and language: a search query, merged from the labels and phrases of all sources."""
    return written_whole(
        home, "action_queries", merged_queries(home.settings.queries, home.lake.scan("caption_phrases"))
    )


@feature(
    schema=tables.QueryTranslations,
    reads=["original", "language"],
    work=translate_queries,
    version="1",
    code=["internvid_assets.queries.normalising", *modules.LANGUAGE],
    models=["translator"],
    kinds=["transformers"],
)
def query_translations(action_queries: pl.LazyFrame) -> pl.LazyFrame:
    """One row per query and configured language that no source covers: a machine translation."""
    missing = action_queries.explode("missing_languages", empty_as_null=True).drop_nulls("missing_languages")
    return missing.select("lemma_key", language="missing_languages", original="query")


@dg.asset(
    **whole_table("known_videos", group="queries", code=[*RECORDS, "internvid_assets.queries.known"], kinds={"polars"})
)
@damage_named
def known_videos(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per video, dataset and purpose: videos of public datasets, to exclude or to reserve for benchmarks."""
    return written_whole(home, "known_videos", list_known(home.settings.known_videos.files))
