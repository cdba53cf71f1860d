"""Grids, sizes and evenly spread frames: what ShareGPT4Video's own code makes, to the pixel."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from internvid_assets.media.grids import cells_of, shrunk, square_grid, strip, uniform_positions


@pytest.fixture(scope="module")
def meta(golden: Path) -> dict:
    return json.loads((golden / "sharegpt4video_grid_meta.json").read_text())


@pytest.fixture
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(250, size=(36, 64, 3), dtype=np.uint8) for _ in range(5)]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 9, 16])
def test_a_grid_is_the_papers(golden: Path, count: int):
    tensors = load_file(golden / "sharegpt4video_grid.safetensors")
    np.testing.assert_array_equal(square_grid(tensors[f"grid.in_{count}"], 2), tensors[f"grid.out_{count}_band2"])


def test_sizes_are_the_papers(golden: Path, meta: dict):
    told = json.loads((golden / "sharegpt4video_keyframes.json").read_text())["resize_max_1024"]
    sizes = [(case["w"], case["h"], case["max_size"], *case["out"]) for case in told]
    sizes += [(w, h, 1920, *out) for w, h, *out in meta["resize_image_grid_max1920_w_h_to_w_h"]]
    assert len(sizes) == 11
    for width, height, longest, *expected in sizes:
        assert list(shrunk(np.zeros((height, width, 3), np.uint8), longest).shape[1::-1]) == expected


def test_spread_frames_are_the_papers(meta: dict):
    for name, positions in meta["uniform_index_N_segments"].items():
        assert uniform_positions(*map(int, name.split("_"))) == positions, name


@pytest.mark.parametrize("laid_out", [strip, square_grid])
@pytest.mark.parametrize("longest_pixels", [5000, 400])
def test_a_sheet_is_taken_apart_again(laid_out, longest_pixels: int, pictures: list[np.ndarray]):
    cells = cells_of(shrunk(laid_out(pictures), longest_pixels))
    assert len(cells) == len(pictures)
    if longest_pixels == 5000:
        np.testing.assert_array_equal(cells, pictures)


def test_a_picture_without_bands_is_its_own_only_cell(pictures: list[np.ndarray]):
    white = np.full((9, 9, 3), 255, np.uint8)
    for picture in (pictures[0], white):
        (cell,) = cells_of(picture)
        np.testing.assert_array_equal(cell, picture)
