"""Similar clips of different videos, found by querying the index for each clip's neighbours instead of all pairs.

Each clip is queried once: its neighbours are cached next to the index under a hash of its vector, so a killed run
resumes, and each new clip costs one query. A pair with an old clip is found by the query of the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.cells.sql_text import quoted
from internvid_assets.embeddings.index import ClipIndex, matrix
from internvid_assets.embeddings.keyed import KeyedTable, key_field
from internvid_assets.embeddings.searching import REFINE_FACTOR

if TYPE_CHECKING:
    import pyarrow as pa

ASKED_AT_ONCE = 512
FIRST_NEIGHBOURS, MOST_NEIGHBOURS = 32, 512
"""If all neighbours of a clip are near-duplicates, more are requested, up to the maximum."""

CLIP = ["clip_id", "video_id", "category", "video_hash"]
NO_CLIPS = pl.DataFrame(schema=dict.fromkeys(CLIP, pl.String))
FOUND = ["neighbour", "neighbour_hash", "cosine"]


@dataclass(frozen=True)
class Neighbours:
    """The cached neighbours of an index's clips."""

    index: ClipIndex

    @cached_property
    def table(self) -> KeyedTable:
        return KeyedTable(self.index.directory, "neighbours")

    def pairs(self, min_cosine: float, progress: Callable[[int, int], None]) -> pl.DataFrame:
        """Every pair once, as rows of `near_duplicates`. Queries the index for the clips that are not cached."""
        self.table.ensure(_schema())
        clips = self.index.table.read(CLIP) if self.index.exists() else NO_CLIPS
        pending = clips.join(self._remembered(min_cosine), on=["clip_id", "video_hash"], how="anti")
        for number, batch in enumerate(pending.iter_slices(ASKED_AT_ONCE)):
            self.table.upsert(self._asked(batch, min_cosine))
            progress(number * ASKED_AT_ONCE + batch.height, pending.height)
        self._forget_others(clips)
        remembered = self.table.read(["clip_id", "video_hash", *FOUND]).explode(*FOUND)
        return _pairs(remembered.filter(pl.col("cosine") >= min_cosine), clips)

    def crowded(self) -> int:
        """Number of clips with more near-duplicates than `MOST_NEIGHBOURS`: some of their pairs may be missing."""
        return self.table.open().count_rows("is_crowded") if self.table.exists() else 0

    def _remembered(self, min_cosine: float) -> pl.DataFrame:
        """The clips that were queried with this minimum cosine or a lower one."""
        return self.table.read(["clip_id", "video_hash"], where=f"min_cosine <= {min_cosine}")

    def _asked(self, clips: pl.DataFrame, min_cosine: float) -> pl.DataFrame:
        """One row per clip of `clips`, in one batched search; repeated with more neighbours where all are near."""
        found, count = [], FIRST_NEIGHBOURS
        while clips.height:
            near = nearest(self.index, clips, count).filter(pl.col("cosine") >= min_cosine)
            rows = clips.join(near, on="clip_id", how="left").group_by("clip_id", "video_hash")
            is_other = pl.col("neighbour_video") != pl.col("video_id")
            full = (pl.col("neighbour").count() >= count).alias("is_crowded")
            answers = rows.agg(*[pl.col(name).filter(is_other) for name in FOUND], full)
            found.append(answers.filter(~pl.col("is_crowded") | (count >= MOST_NEIGHBOURS)))
            clips = clips.join(found[-1], on="clip_id", how="anti")
            count *= 4
        return pl.concat(found).with_columns(min_cosine=pl.lit(min_cosine))

    def _forget_others(self, clips: pl.DataFrame) -> None:
        gone = self.table.read(["clip_id"]).join(clips, on="clip_id", how="anti")["clip_id"]
        self.table.remove(gone.to_list())
        self.table.optimise()


def _schema() -> pa.Schema:
    import pyarrow as pa

    texts, cosines = pa.list_(pa.string()), pa.list_(pa.float64())
    lists = [pa.field(name, cosines if name == "cosine" else texts) for name in FOUND]
    about = [
        pa.field("video_hash", pa.string()),
        pa.field("min_cosine", pa.float64()),
        pa.field("is_crowded", pa.bool_()),
    ]
    return pa.schema([key_field("clip_id"), *about, *lists])


def nearest(index: ClipIndex, clips: pl.DataFrame, count: int) -> pl.DataFrame:
    """Each clip's `count` nearest, including itself: `neighbour`, its video and hash, and the cosine."""
    listed = ", ".join(map(quoted, clips["clip_id"]))
    asked = index.table.read(["clip_id", "video_embedding"], where=f"clip_id in ({listed})")
    query = index.table.open().search(list(matrix(asked["video_embedding"])), vector_column_name="video_embedding")
    query = query.distance_type("cosine").refine_factor(REFINE_FACTOR).limit(count)
    hits = pl.DataFrame(query.select(["clip_id", "video_id", "video_hash", "_distance"]).to_arrow())
    names = {"clip_id": "neighbour", "video_id": "neighbour_video", "video_hash": "neighbour_hash"}
    hits = hits.rename(names).with_columns(cosine=1 - pl.col("_distance").cast(pl.Float64))
    if asked.height == 1:  # the result of a single query has no query_index
        hits = hits.with_columns(query_index=pl.lit(0))
    askers = asked.select("clip_id").with_row_index("query_index")
    return askers.join(hits.cast({"query_index": pl.UInt32}), on="query_index").drop("query_index", "_distance")


def _pairs(found: pl.DataFrame, clips: pl.DataFrame) -> pl.DataFrame:
    """The pairs of `found` whose vectors are unchanged, each pair once, the smaller clip_id first."""
    others = clips.select(pl.all().name.prefix("other_"))
    here = found.join(clips, on=["clip_id", "video_hash"]).rename({"neighbour": "other_clip_id"})
    both = here.join(
        others, left_on=["other_clip_id", "neighbour_hash"], right_on=["other_clip_id", "other_video_hash"]
    )
    sides = ["clip_id", "video_id", "category"]
    there = both.rename({**{side: f"other_{side}" for side in sides}, **{f"other_{side}": side for side in sides}})
    columns = [*sides, *(f"other_{side}" for side in sides), "cosine"]
    rows = pl.concat([both.select(columns), there.select(columns)]).filter(pl.col("clip_id") < pl.col("other_clip_id"))
    keys = ["clip_id", "other_clip_id"]
    return rows.sort(*keys, "cosine").unique(keys, keep="last", maintain_order=True)
