"""The embedding of any image or video file, computed like those of the clips, for similarity search."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.frames import frame_options
from internvid_assets.clips.whole_files import TIMEOUT_SECONDS, frames_of_whole
from internvid_assets.media.frames import pixels
from internvid_assets.media.opening import refuse_large
from internvid_assets.models.protocols import VideoEmbedder
from internvid_assets.settings import Settings


def vector_of_file(path: Path, embedder: VideoEmbedder, settings: Settings, engine: Engine) -> np.ndarray:
    """The unit-length embedding of an image, or of the 8 uniform frames of a video, read in a worker process.

    Raises UserError for a file that is neither.
    """
    call = {"path": str(path), **frame_options(settings)}
    (jpegs,) = engine.each(jpegs_of, [call], timeout_seconds=TIMEOUT_SECONDS)
    if isinstance(jpegs, CallError):
        raise UserError(f"{path} can be read neither as an image nor as a video ({jpegs}); expected one of them")
    return embedder.embed_videos([[pixels(jpeg) for jpeg in jpegs]])[0]


def jpegs_of(path: str, *, short_side_pixels: int, jpeg_quality: int, max_pixels: int) -> list[bytes]:
    """The JPEG of an image, or those of the 8 uniform frames of a video, in the size of clip frames."""
    from PIL import UnidentifiedImageError

    sizes = {"short_side_pixels": short_side_pixels, "jpeg_quality": jpeg_quality, "max_pixels": max_pixels}
    try:
        return [_picture(path, **sizes)]
    except UnidentifiedImageError:
        return [row["jpeg"] for row in frames_of_whole(path, role="uniform_8", **sizes)]


def _picture(path: str, *, short_side_pixels: int, jpeg_quality: int, max_pixels: int) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        refuse_large(path, *image.size, max_pixels=max_pixels)
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = max(1.0, min(upright.size) / short_side_pixels)
    small = upright.resize((round(upright.width / scale), round(upright.height / scale)))
    encoded = io.BytesIO()
    small.save(encoded, "JPEG", quality=jpeg_quality)
    return encoded.getvalue()
