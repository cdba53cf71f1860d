"""Combines several images into one, separated by white bands, and splits such images (ShareGPT4Video)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, sqrt

import numpy as np

BAND_PIXELS = 50
WHITE = 255
SMALLEST_CELL_PIXELS = 4
"""A thinner strip between two bands is blur at an edge, caused by downscaling."""


def square_grid(images: Sequence[np.ndarray], band_pixels: int = BAND_PIXELS) -> np.ndarray:
    """Images of one shape, in reading order, in as many rows as columns; unused cells are white."""
    side = ceil(sqrt(len(images)))
    return _laid_out(images, side, side, band_pixels)


def strip(images: Sequence[np.ndarray], band_pixels: int = BAND_PIXELS) -> np.ndarray:
    """Images of one shape, stacked vertically."""
    return _laid_out(images, len(images), 1, band_pixels)


def _laid_out(images: Sequence[np.ndarray], rows: int, columns: int, band_pixels: int) -> np.ndarray:
    height, width, channels = images[0].shape
    down, right = height + band_pixels, width + band_pixels
    sheet = np.full((rows * down - band_pixels, columns * right - band_pixels, channels), WHITE, np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * down, index % columns * right
        sheet[top : top + height, left : left + width] = image
    return sheet


def cells_of(sheet: np.ndarray) -> list[np.ndarray]:
    """The images of a grid or strip in reading order; an image without white bands is a single cell."""
    cells = [
        np.ascontiguousarray(sheet[top:bottom, left:right])
        for top, bottom in _between_bands(sheet)
        for left, right in _between_bands(sheet[top:bottom].swapaxes(0, 1))
    ]
    return cells or [sheet]


def _between_bands(sheet: np.ndarray) -> Iterator[tuple[int, int]]:
    """Start and end of each run of rows that are not entirely white."""
    is_seen = ~(sheet == WHITE).all(axis=(1, 2))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_seen, [False]]))).reshape(-1, 2)
    for start, end in edges.tolist():
        if end - start >= SMALLEST_CELL_PIXELS:
            yield start, end


def shrunk(image: np.ndarray, longest_side_pixels: int) -> np.ndarray:
    """The image, downscaled if it is larger than that."""
    import cv2

    longest = max(image.shape[:2])
    if longest <= longest_side_pixels:
        return image
    height, width = (side * longest_side_pixels // longest for side in image.shape[:2])
    return cv2.resize(image, (width, max(height, 1)), interpolation=cv2.INTER_AREA)


def uniform_positions(count: int, wanted: int) -> list[int]:
    """`wanted` of `count` frames, spread as in ShareGPT4Video's own code; if both are equal, one is repeated."""
    step = (count - 1) / wanted
    return [int(step / 2) + round(step * i) for i in range(wanted)]
