"""The vector of any picture or video, made as the clips' own are: for asking what looks like it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from internvid_assets.cells.engine import Engine
from internvid_assets.cells.errors import CallError, UserError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.media.frames import pixels
from internvid_assets.media.whole import whole_span
from internvid_assets.models.protocols import VideoEmbedder

TIMEOUT_SECONDS = 600


def vector_of_file(path: Path, embedder: VideoEmbedder, engine: Engine) -> np.ndarray:
    """The unit vector of a picture, or of the 8 uniform frames of a video, read in a worker process.

    Raises UserError for a file that is neither.
    """
    (jpegs,) = engine.each(jpegs_of, [{"path": str(path)}], timeout_seconds=TIMEOUT_SECONDS)
    if isinstance(jpegs, CallError):
        raise UserError(f"{path} is read neither as a picture nor as a video ({jpegs}); give another file")
    return embedder.embed_videos([[pixels(jpeg) for jpeg in jpegs]])[0]


def jpegs_of(path: str) -> list[bytes]:
    """A picture as one JPEG, a video as those of its 8 uniform frames, of the size that clips are looked at in."""
    from PIL import UnidentifiedImageError

    try:
        return [_picture(path)]
    except UnidentifiedImageError:
        rows = sample_frames(path, [whole_span(path)])[0]
    if isinstance(rows, CallError):
        raise rows
    return [row["jpeg"] for row in rows if row["uniform_8"] is not None]


def _picture(path: str) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    scale = max(1.0, min(upright.size) / 256)
    encoded = io.BytesIO()
    upright.resize((round(upright.width / scale), round(upright.height / scale))).save(encoded, "JPEG", quality=90)
    return encoded.getvalue()
