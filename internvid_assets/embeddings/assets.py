"""Embeddings: video and caption vectors per clip, and the index over all of them."""

import dagster as dg
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import feature
from internvid_assets.cells.recipes import code_hash
from internvid_assets.clips.selection import uniform_frames
from internvid_assets.embeddings.embedding import embed_clips
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.home import Home

EMBEDDING = ("internvid_assets.models.transformers_clip", "internvid_assets.models.transformers_loading")


@feature(
    schema=tables.ClipEmbeddings,
    reads=["frame_hashes", "caption"],
    work=embed_clips,
    version="1",
    code=EMBEDDING,
    models=["embedder"],
    kinds=["transformers"],
)
def clip_embeddings(clips: pl.LazyFrame, clip_frames: pl.LazyFrame, fused_captions: pl.LazyFrame) -> pl.LazyFrame:
    """One row per captioned clip: its video and caption vectors, of unit length, in one space."""
    captions = fused_captions.filter(pl.col("caption").is_not_null()).select("clip_id", "caption")
    return uniform_frames(clips, clip_frames, 8).join(captions, on="clip_id", how="inner", maintain_order="left")


INDEXED = ["clips", "fused_captions", "clip_embeddings"]


@dg.asset(
    group_name="embeddings",
    deps=INDEXED,
    kinds={"lance"},
    code_version=code_hash(["internvid_assets.embeddings.index"]),
)
def clip_index(home: dg.ResourceParam[Home]) -> dg.MaterializeResult:
    """One row per embedded clip in LanceDB: what `internvid search` asks. Only changed clips are written."""
    index = ClipIndex(home.path / "index")
    with home.turn("index"):
        report = index.synchronise(indexed_rows(home))
        index.optimise()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(home.content_of(INDEXED)),
        metadata={"dagster/row_count": report.rows, "rows_written": report.written, "rows_removed": report.removed},
    )


def indexed_rows(home: Home) -> pl.LazyFrame:
    """The rows the index must hold: embeddings with what a search result shows."""
    embeddings = home.lake.scan_all("clip_embeddings").filter(pl.col("error").is_null())
    clips = home.lake.scan_all("clips").select("clip_id", "category", "video_id", "start_seconds", "end_seconds")
    captions = home.lake.scan_all("fused_captions").select("clip_id", "category", "caption")
    keys = ["clip_id", "category"]
    rows = embeddings.join(clips, on=keys, how="inner").join(captions, on=keys, how="inner")
    rows = rows.sort(keys).unique("clip_id", keep="first", maintain_order=True)  # a video may be in two categories
    version = pl.concat_str(["recipe", "input_hash", "clip_id"], separator="/")
    vectors = [pl.col(name).cast(pl.List(pl.Float32)) for name in ("video_embedding", "caption_embedding")]
    texts = ["clip_id", "video_id", "category", "caption"]
    return rows.select(*texts, version.alias("version"), "start_seconds", "end_seconds", *vectors)
