"""Contact sheet of a category's clips: centre frames in a grid, small enough for a run's metadata."""

from __future__ import annotations

import io

import polars as pl

from internvid_assets.media.frames import FrameStore

COLUMNS, ROWS = 4, 3
TILE_PIXELS = (160, 90)
JPEG_QUALITY = 70


def contact_sheet(clip_frames: pl.LazyFrame, frames: FrameStore) -> bytes | None:
    """A JPEG of up to twelve centre frames, evenly spread over the category; None if there are none."""
    centers = clip_frames.filter(pl.col("is_center") & pl.col("error").is_null()).select("frame_hash")
    hashes = centers.collect()["frame_hash"]
    if hashes.is_empty():
        return None
    shown = hashes.gather_every(max(1, len(hashes) // (COLUMNS * ROWS))).head(COLUMNS * ROWS)
    return _tiled(frames.read(shown.to_list()))


def _tiled(pictures: list[bytes]) -> bytes:
    from PIL import Image, ImageOps

    width, height = TILE_PIXELS
    lines = -(-len(pictures) // COLUMNS)
    sheet = Image.new("RGB", (width * COLUMNS, height * lines), "white")
    for index, picture in enumerate(pictures):
        tile = ImageOps.contain(Image.open(io.BytesIO(picture)), TILE_PIXELS)
        sheet.paste(tile, (index % COLUMNS * width, index // COLUMNS * height))
    encoded = io.BytesIO()
    sheet.save(encoded, "JPEG", quality=JPEG_QUALITY)
    return encoded.getvalue()
