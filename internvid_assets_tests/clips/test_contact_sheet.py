"""The contact sheet shows centre frames, in order, and nothing where there are none."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from internvid_assets.clips.contact_sheet import TILE_PIXELS, contact_sheet
from internvid_assets.media.frames import FrameStore

COLOURS = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]


def jpeg(colour: tuple[int, int, int]) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB", (320, 180), colour).save(encoded, "JPEG", quality=95)
    return encoded.getvalue()


def test_centre_frames_stand_side_by_side(tmp_path: Path):
    store = FrameStore(tmp_path)
    store.put({f"h{index}": jpeg(colour) for index, colour in enumerate(COLOURS)})
    frames = pl.LazyFrame(
        {"frame_hash": ["h0", "h1", "h2", "h3", "h4", "h0"], "is_center": [True] * 5 + [False], "error": [None] * 6},
        schema_overrides={"error": pl.String},
    )
    sheet = contact_sheet(frames, store)
    assert sheet is not None
    picture = Image.open(io.BytesIO(sheet))
    width, height = TILE_PIXELS
    assert picture.size == (4 * width, 2 * height)
    for index, colour in enumerate(COLOURS):
        middle = (index % 4 * width + width // 2, index // 4 * height + height // 2)
        assert picture.getpixel(middle) == pytest.approx(colour, abs=8)


def test_no_frames_no_picture(tmp_path: Path):
    nothing = pl.LazyFrame(schema={"frame_hash": pl.String, "is_center": pl.Boolean, "error": pl.String})
    assert contact_sheet(nothing, FrameStore(tmp_path)) is None
