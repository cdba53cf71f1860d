"""Embeddings: the vectors of each clip, the index over all of them, near-duplicates, and the semantic pool."""

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.cells.recipes import code_hash
from internvid_assets.clips.selection import uniform_frames
from internvid_assets.embeddings.caption_vectors import CaptionVectors
from internvid_assets.embeddings.embedding import embed_clips
from internvid_assets.embeddings.groups import grouped
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.embeddings.neighbours import Neighbours
from internvid_assets.embeddings.pool import clips_with, pooled
from internvid_assets.embeddings.rows import indexed_rows
from internvid_assets.home import Home
from internvid_assets.models import viclip
from internvid_assets.selects.assets import whole_table, written_whole
from internvid_assets.selects.damage import damage_named

CLIP = ("clip_videos", "transformers_clip", "transformers_loading", "batching", "pre_text", "tensor_files")
EMBEDDING = (*(f"internvid_assets.models.{part}" for part in CLIP), *viclip.CODE)


@feature(
    schema=tables.ClipEmbeddings,
    reads=["frame_hashes", "caption"],
    work=embed_clips,
    version="2",
    code=EMBEDDING,
    models=["video_embedder"],
    batch_rows=256,
    kinds=["transformers"],
)
def clip_embeddings(clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per captioned clip: the unit-length embeddings of its video and its caption, in one space."""
    captions = fused_captions.filter(pl.col("caption").is_not_null()).select("clip_id", "caption")
    return uniform_frames(clips, clip_frames, 8).join(captions, on="clip_id", how="inner", maintain_order="left")


INDEXED = ["clips", "fused_captions", "clip_embeddings", "umt_scores", "aesthetic_scores"]
INDEXING = [f"internvid_assets.embeddings.{module}" for module in ("index", "keyed", "rows")]
NEIGHBOURS, GROUPS = ["internvid_assets.embeddings.neighbours"], ["internvid_assets.embeddings.groups"]
POOL = [f"internvid_assets.embeddings.{module}" for module in ("pool", "caption_vectors", "keyed")]
INDEX_CHECKS = {
    "one_row_per_clip": "No two rows of the index have the same clip.",
    "vectors_of_unit_length": "Every vector of the index is finite and of length 1.",
}


@dg.asset(
    group_name="embeddings",
    deps=INDEXED,
    kinds={"lance"},
    code_version=code_hash(INDEXING),
    check_specs=[
        dg.AssetCheckSpec(name, asset="clip_index", description=description, blocking=True)
        for name, description in INDEX_CHECKS.items()
    ],
)
@damage_named
def clip_index(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per embedded clip in LanceDB, for `internvid search`. Only changed clips are written."""
    index = ClipIndex(home.path / "index")
    with home.turn("index"), index.naming_failures():
        report = index.synchronise(indexed_rows(home.lake))
        index.maintain()
        offenders = {"one_row_per_clip": index.repeated_keys(), "vectors_of_unit_length": index.broken_vectors()}
    return dg.MaterializeResult(
        data_version=dg.DataVersion(home.content_of(INDEXED)),
        metadata={"dagster/row_count": report.rows, "rows_written": report.written, "rows_removed": report.removed},
        check_results=[
            dg.AssetCheckResult(check_name=name, passed=not count, metadata={"offenders": count})
            for name, count in offenders.items()
        ],
    )


@dg.asset(**whole_table("near_duplicates", group="embeddings", code=NEIGHBOURS, deps=["clip_index"], kinds={"lance"}))
@damage_named
def near_duplicates(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per pair of similar clips from different videos. The index is only queried for new clips."""
    index = ClipIndex(home.path / "index")
    neighbours = Neighbours(index)
    min_cosine = home.settings.near_duplicates.min_cosine
    with home.turn("near_duplicates"), index.naming_failures():
        pairs = neighbours.pairs(min_cosine, home.report_progress("near_duplicates", "all"))
        crowded = neighbours.crowded()
    return written_whole(home, "near_duplicates", pairs, min_cosine=min_cosine, crowded_clips=crowded)


@dg.asset(
    **whole_table("duplicate_groups", group="embeddings", code=GROUPS, deps=["near_duplicates"], kinds={"polars"})
)
@damage_named
def duplicate_groups(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per clip in a group of near-duplicates: the representative of its group, for subsets that keep one."""
    return written_whole(home, "duplicate_groups", grouped(home.lake.scan("near_duplicates").collect()))


@dg.asset(
    **whole_table(
        "semantic_pool", group="embeddings", code=POOL, deps=["fused_captions", "clip_embeddings"], kinds={"polars"}
    )
)
@damage_named
def semantic_pool(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per captioned clip: whether its caption differs from all earlier ones in the pool (ShareGPT4Video)."""
    parameters, lake = home.settings.semantic_pool, home.lake
    with home.turn("semantic_pool"):
        if parameters.encoder == "text_encoder":
            encoder, label = home.models.text_encoder, home.models.label("text_encoder")
            captions = clips_with(lake, "fused_captions", "caption")
            clips = CaptionVectors(home.path / "index", encoder, label).of(captions)
        else:
            clips = clips_with(lake, "clip_embeddings", "caption_embedding").rename({"caption_embedding": "vector"})
        rows = pooled(clips, parameters.max_cosine)
    return written_whole(
        home, "semantic_pool", rows, max_cosine=parameters.max_cosine, kept=rows.filter("is_kept").height
    )
