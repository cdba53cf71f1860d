"""Interleaved: a file of sql/interleaved selects and orders the clips of each format; budgets split them."""

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import schema_of
from internvid_assets.home import Home
from internvid_assets.interleaved.making import make_sequences
from internvid_assets.interleaved.related import related_videos as nearest_videos
from internvid_assets.interleaved.writing import write_parquet
from internvid_assets.partitions import by_format, of_all_partitions
from internvid_assets.selects.assets import whole_table, written_whole
from internvid_assets.selects.damage import damage_named
from internvid_assets.selects.files import sql_files
from internvid_assets.selects.waterfall import waterfall

RELATED = ["captioned_clips", "withheld_videos", "clip_embeddings"]
MAKING = [f"internvid_assets.interleaved.{module}" for module in ("making", "sequences")]
READ = sorted({table for file in sql_files("interleaved") for table in file.tables()})


@dg.asset(
    **whole_table(
        "related_videos",
        group="interleaved",
        code=["internvid_assets.interleaved.related"],
        deps=RELATED,
        kinds={"lance"},
    )
)
@damage_named
def related_videos(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per video and similar video, by mean embeddings; no rows unless `paired` pairs by embedding."""
    is_asked = home.settings.interleaved.paired.pairing == "embedding"
    with home.store.scratch() as scratch:
        rows = nearest_videos(home.lake, scratch) if is_asked else iter(())
        write_parquet(rows, schema_of(tables.RelatedVideos), scratch / "related.parquet")
        return written_whole(home, "related_videos", pl.scan_parquet(scratch / "related.parquet"))


@dg.asset(
    **whole_table(
        "internvid_icl",
        group="interleaved",
        code=MAKING,
        deps=of_all_partitions(READ),
        partitions_def=by_format,
        kinds={"duckdb", "sql", "polars"},
    )
)
@damage_named
def internvid_icl(context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per sequence of alternating clips and texts, in the order of their videos (InternVid-ICL, 3.4)."""
    name = context.partition_key
    with home.store.scratch() as scratch:
        aside = scratch / "sequences.parquet"
        steps = make_sequences(home, name, aside)
        parameters = home.settings.interleaved.of_format(name).model_dump()
        shown = {"parameters": parameters, "steps": steps, "waterfall": dg.MetadataValue.md(waterfall(steps))}
        return written_whole(home, "internvid_icl", pl.scan_parquet(aside), name, **shown)
