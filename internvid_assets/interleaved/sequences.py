"""From ordered clips to sequences of clips and texts, split at clip boundaries where a budget is exhausted.

Clips come in batches, and memory holds at most one batch and the clips of one video.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from internvid_assets import tables
from internvid_assets.cells.feature import schema_of

SCHEMA = schema_of(tables.InterleavedSequences)
SIDE = ["leader", "side"]


@dataclass(frozen=True)
class Budget:
    """The maximum size of a sequence; clips beyond it start a new sequence, or are left out if truncated."""

    max_tokens: int
    max_images: int
    is_truncated: bool = False

    def half(self) -> Budget:
        return Budget(self.max_tokens // 2, self.max_images // 2, self.is_truncated)


def sequences(batches: Iterable[pl.DataFrame], name: str, budget: Budget) -> Iterator[pl.DataFrame]:
    """Rows of `internvid_icl`, from the clips that `sql/interleaved/<name>.sql` selects.

    Each side of a pair has half of the budget.
    """
    own = budget.half() if name == "paired" else budget
    for clips in whole_leaders(batches):
        rows = _as_rows(placed(measured(clips), own))
        numbered = rows.with_columns(
            format=pl.lit(name), max_images=pl.lit(budget.max_images), max_tokens=pl.lit(budget.max_tokens)
        )
        yield numbered.select(pl.col(column).cast(dtype) for column, dtype in SCHEMA.items())


def whole_leaders(batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The same rows, in batches that do not split the clips of a leader (the first video of a sequence)."""
    held = pl.DataFrame()
    for batch in batches:
        rows = pl.concat([held, batch]) if held.height else batch
        is_last = pl.col("leader") == rows["leader"][-1]
        held = rows.filter(is_last)
        if held.height < rows.height:
            yield rows.filter(~is_last)
    if held.height:
        yield held


def measured(clips: pl.DataFrame) -> pl.DataFrame:
    """With what each clip uses of the budgets: `images`; `words` and `tokens` of both texts."""
    texts = [pl.col(name).fill_null("") for name in ("caption", "speech")]
    return clips.with_columns(
        images=pl.when("is_shown").then(pl.col("frame_hashes").list.len()).otherwise(0),
        words=pl.sum_horizontal(_words(text) for text in texts),
        tokens=pl.sum_horizontal(_tokens(text) for text in texts),
    )


def _words(text: pl.Expr) -> pl.Expr:
    return text.str.count_matches(r"\S+")


def _tokens(text: pl.Expr) -> pl.Expr:
    """OpenAI's rule of thumb, 3/4 of a word or 4 characters; in bytes, since Chinese and Japanese have no spaces."""
    return pl.max_horizontal(_words(text) * 4 / 3, text.str.len_bytes() / 4).ceil().cast(pl.Int32)


def placed(clips: pl.DataFrame, budget: Budget) -> pl.DataFrame:
    """With the `place` of each clip's sequence; null if it is in none.

    The sequences of a pair end where one of its sides has no more clips.
    """
    sides = clips.select(pl.struct(SIDE).rle_id()).to_series().to_list()
    has_pictures = clips.select(pl.col("frame_hashes").list.len().gt(0) | ~pl.col("is_shown")).to_series().to_list()
    places = _places(sides, clips["tokens"].to_list(), clips["images"].to_list(), has_pictures, budget)
    clips = clips.with_columns(place=pl.Series(places, dtype=pl.Int32))
    last = pl.col("place").max().over(SIDE).fill_null(-1)
    return clips.with_columns(last=last).with_columns(
        place=pl.when(pl.col("place") <= pl.col("last").min().over("leader")).then("place")
    )


def _places(
    sides: Sequence[int], tokens: Sequence[int], images: Sequence[int], has_pictures: Sequence[bool], budget: Budget
) -> Iterator[int | None]:
    """Clips are added to a sequence while both budgets permit; a clip that alone exceeds a budget is in none."""
    side, place, used_tokens, used_images = -1, 0, 0, 0
    for own, text, pictures, is_whole in zip(sides, tokens, images, has_pictures, strict=True):
        if own != side:
            side, place, used_tokens, used_images = own, 0, 0, 0
        if not is_whole or text > budget.max_tokens or pictures > budget.max_images:
            yield None
            continue
        used_tokens, used_images = used_tokens + text, used_images + pictures
        if used_tokens > budget.max_tokens or used_images > budget.max_images:
            place, used_tokens, used_images = place + 1, text, pictures
        yield None if budget.is_truncated and place else place


def _as_rows(clips: pl.DataFrame) -> pl.DataFrame:
    left_out = pl.col("place").null_count().over("leader").alias("left_out_clips")
    clips = clips.with_columns(left_out).drop_nulls("place").sort("leader", "place", "side", maintain_order=True)
    clips = clips.with_row_index("row").with_columns(sequence=pl.struct("leader", "place").rle_id())
    rows = clips.group_by("sequence", maintain_order=True).agg(
        pl.col("place").first(),
        video_ids=pl.col("video_id").unique(maintain_order=True),
        clip_count=pl.col("is_shown").sum(),
        image_count=pl.col("images").sum(),
        word_count=pl.col("words").sum(),
        token_count=pl.col("tokens").sum(),
        left_out_clips=pl.when(pl.col("place").first() == 0).then(pl.col("left_out_clips").first()).otherwise(0),
    )
    names = pl.concat_list("video_ids", pl.col("place").cast(pl.String)).list.join("+")
    return rows.with_columns(_listed(_items(clips)), sequence_id=names)


def _items(clips: pl.DataFrame) -> pl.DataFrame:
    """One row per item, in order: a clip, its caption and its speech, as far as they exist."""
    pictures, no_pictures, no_text = pl.col("frame_hashes"), pl.lit(None, pl.List(pl.String)), pl.lit(None, pl.String)
    kinds = [
        clips.filter("is_shown").select("row", "sequence", *_fields("clip", no_text, pictures)),
        *(
            clips.drop_nulls(kind).select("row", "sequence", *_fields(kind, pl.col(kind), no_pictures))
            for kind in ("caption", "speech")
        ),
    ]
    return pl.concat(kinds).sort("row", maintain_order=True)


def _fields(kind: str, text: pl.Expr, frame_hashes: pl.Expr) -> list[pl.Expr]:
    """The fields of an item, in the order of the schema."""
    about = ["clip_id", "video_id", "category", "start_seconds", "end_seconds"]
    return [pl.lit(kind).alias("kind"), *map(pl.col, about), text.alias("text"), frame_hashes.alias("frame_hashes")]


def _listed(items: pl.DataFrame) -> pl.Series:
    """The items of each sequence as a list, built from offsets: ten times as fast as aggregating structs per group."""
    import pyarrow as pa

    lengths = items.group_by("sequence", maintain_order=True).len()["len"]
    offsets = pl.concat([pl.Series([0], dtype=pl.Int64), lengths.cast(pl.Int64).cum_sum()])
    structs = items.drop("row", "sequence").to_struct("items").to_arrow()
    return pl.Series("items", pa.LargeListArray.from_arrays(offsets.to_arrow(), structs))
