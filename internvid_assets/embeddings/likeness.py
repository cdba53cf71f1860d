"""The vector of any picture or video, made as the clips' own are: for asking what looks like it."""

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
    """The unit vector of a picture, or of the 8 uniform frames of a video, read in a worker process.

    Raises UserError for a file that is neither.
    """
    call = {"path": str(path), **frame_options(settings)}
    (jpegs,) = engine.each(jpegs_of, [call], timeout_seconds=TIMEOUT_SECONDS)
    if isinstance(jpegs, CallError):
        raise UserError(f"{path} is read neither as a picture nor as a video ({jpegs}); give another file")
    return embedder.embed_videos([[pixels(jpeg) for jpeg in jpegs]])[0]


def jpegs_of(path: str, *, short_side_pixels: int, jpeg_quality: int, max_pixels: int) -> list[bytes]:
    """A picture as one JPEG, a video as those of its 8 uniform frames, of the size that clips are looked at in."""
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
