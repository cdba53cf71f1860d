"""The clips of a report: a random sample, with transcripts and strips of frames."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

import polars as pl

from internvid_assets.analytics.warehouse import open_lake
from internvid_assets.home import Home
from internvid_assets.selects.running import fetch

TILE_PIXELS, TILES = (120, 90), 4
JPEG_QUALITY = 55
CLIPS_AT_ONCE = 200

DRAWN = """
    with drawn as (
        select
            clip_id, video_id, category, start_seconds, end_seconds, caption, umt_score, aesthetic_score,
            row_number() over (order by draw, clip_id, category) as place
        from captioned_clips
        order by draw, clip_id, category
        limit $clips
    ),

    said as (select clip_id, category, text from transcripts semi join drawn using (clip_id, category)),

    offered as (select video_id, category, source_uri from videos semi join drawn using (video_id, category))

    select drawn.*, said.text as said, offered.source_uri as source
    from drawn
    left join said using (clip_id, category)
    left join offered using (video_id, category)
    order by category, video_id, start_seconds, clip_id"""
"""Clips in the order of `draw`, so the sample is reproducible; other tables are read for these clips only."""


def drawn_clips(home: Home, *, clips: int) -> pl.DataFrame:
    """A sample of captioned clips, ordered by video; `place` is their position in the random order, from 1."""
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        return fetch(connection, DRAWN, {"clips": clips})


def strips(home: Home, clips: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    """(clip_id, JPEG of its four uniform frames side by side) for each clip with such frames."""
    for (category,), own in clips.group_by("category", maintain_order=True):
        frames = home.lake.scan("clip_frames", str(category)).filter(pl.col("uniform_4").is_not_null())
        frames = frames.join(own.lazy(), on="clip_id", how="semi").sort("clip_id", "uniform_4")
        hashes = frames.group_by("clip_id", maintain_order=True).agg("frame_hash").collect()
        for some in hashes.iter_slices(CLIPS_AT_ONCE):
            pictures = iter(home.frames(str(category)).read(some["frame_hash"].explode().to_list()))
            for clip_id, of_clip in some.iter_rows():
                yield clip_id, _strip([*islice(pictures, len(of_clip))])


def _strip(pictures: list[bytes]) -> bytes:
    from PIL import Image, ImageOps

    width, height = TILE_PIXELS
    strip = Image.new("RGB", (width * TILES, height), "white")
    for index, picture in enumerate(pictures[:TILES]):
        image = Image.open(io.BytesIO(picture))
        image.draft("RGB", TILE_PIXELS)  # lets the JPEG decoder decode at reduced size
        strip.paste(ImageOps.contain(image, TILE_PIXELS), (index * width, 0))
    encoded = io.BytesIO()
    strip.save(encoded, "JPEG", quality=JPEG_QUALITY)
    return encoded.getvalue()
