"""Analytics: the verbs of captions, a table per file of sql/marts, the dataset card, and the warehouse."""

from typing import Any

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.analytics import published
from internvid_assets.analytics.card_folder import make_card, write_folder
from internvid_assets.analytics.costs import called_tables, costs_of_recipes
from internvid_assets.analytics.facts import tables_asked
from internvid_assets.analytics.page import data_uri
from internvid_assets.analytics.tagging import tag_captions, tagger_text
from internvid_assets.analytics.warehouse import rebuild
from internvid_assets.cells.feature import feature
from internvid_assets.cells.recipes import code_hash
from internvid_assets.evaluation.plots import recipes_png
from internvid_assets.home import Home
from internvid_assets.selects.assets import table_asset, whole_table, written_whole
from internvid_assets.selects.damage import damage_named
from internvid_assets.selects.files import sql_file, sql_files


@feature(
    schema=tables.CaptionVerbs,
    reads=["caption"],
    work=tag_captions,
    version="1",
    code=[f"internvid_assets.language.{part}" for part in ("verbs", "words", "perceptron")],
    prompt=tagger_text,
    batch_rows=4000,
    kinds=["nltk"],
)
def caption_verbs(fused_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per fused caption: its verbs, found by NLTK's part-of-speech tagger (InternVid 3.3)."""
    return fused_captions.filter(pl.col("caption").is_not_null()).select("clip_id", "category", "caption")


verb_uses = table_asset(sql_file("intermediate", "verb_uses"), group="analytics", schema=tables.VerbUses)


@dg.asset(
    **whole_table("published_statistics", group="analytics", code=[], kinds={"csv"}, code_version=published.version())
)
@damage_named
def published_statistics(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per published statistic of a dataset, for comparison with this one."""
    return written_whole(home, "published_statistics", published.statistics())


@dg.asset(
    **whole_table(
        "published_results",
        group="analytics",
        code=[],
        kinds={"csv"},
        code_version=published.version(published.RESULTS),
    )
)
def published_results(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per figure in InternVid's tables of zero-shot results: the same model trained on different clips."""
    return written_whole(home, "published_results", published.results())


@dg.asset(
    **whole_table("recipe_costs", group="analytics", code=[costs_of_recipes.__module__], kinds={"duckdb"}),
    deps=called_tables(),
)
@damage_named
def recipe_costs(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per table and recipe with stored calls: what the calls cost."""
    return written_whole(home, "recipe_costs", costs_of_recipes(home.lake))


def recipes_compared(rows: pl.LazyFrame) -> dict[str, Any]:
    """The plot of `training_recipes`."""
    png = recipes_png(rows.collect().to_dicts())
    return {"compared": dg.MetadataValue.md(f"![the paper's subsets, and ours]({data_uri('.png', png)})")}


SHOWN = {"training_recipes": recipes_compared}
"""Further metadata of a mart's run, besides its first rows."""

marts = [table_asset(file, group="analytics", shows=SHOWN.get(file.name)) for file in sql_files("marts")]

SINGLE_TABLES = [file.name for kind in ("subsets", "marts") for file in sql_files(kind)]


CARD = [f"internvid_assets.analytics.{part}" for part in ("card", "card_folder", "croissant", "facts", "figures")]


@dg.asset(
    group_name="analytics",
    deps=[*tables_asked(), "clip_frames"],
    kinds={"matplotlib", "markdown"},
    code_version=code_hash(CARD),
)
@damage_named
def dataset_card(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """The dataset card: `card/` below the home, as Markdown, as one HTML page and as Croissant metadata."""
    from internvid_assets.definitions import features  # the table of contents imports this module

    card = make_card(home, {feature.name: home.recipe(feature).text() for _, feature in features()})
    with home.store.scratch() as scratch:
        write_folder(card.files, home.path / "card", scratch)
    shown = {
        figure.name: dg.MetadataValue.md(f"![{figure.title}]({data_uri('.png', figure.png)})")
        for figure in card.figures
    }
    return dg.MaterializeResult(
        data_version=dg.DataVersion(card.version()),
        metadata={"path": dg.MetadataValue.path(home.path / "card"), **shown},
    )


ALL_TABLES = [*tables.GRAPH, *SINGLE_TABLES]


@dg.asset(
    group_name="analytics",
    deps=ALL_TABLES,
    kinds={"duckdb"},
    code_version=code_hash(["internvid_assets.analytics.warehouse"]),
)
@damage_named
def warehouse(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One DuckDB file for other clients: views of the tables and subsets, copies of the marts; replaced atomically."""
    path = home.path / "warehouse.duckdb"
    rows = rebuild(path, home=home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit)
    return dg.MaterializeResult(
        data_version=dg.DataVersion(home.content_of(ALL_TABLES)),
        metadata={"path": dg.MetadataValue.path(path), "dagster/row_count": sum(rows.values()), "rows": rows},
    )
