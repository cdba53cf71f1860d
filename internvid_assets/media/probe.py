"""The actual properties of a video file: measured from its packets and its first frame, not taken from its header."""

from __future__ import annotations

import hashlib
from array import array
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, display_size, nominal_ticks, packets, quarter_turns, sample_aspect
from internvid_assets.media.opening import MAX_PIXELS, check_readable, io_error, local_path, opened_video, time_base

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

HASH_BLOCK_BYTES = 1 << 20


def probe(source_uri: str, *, max_pixels: int = MAX_PIXELS) -> dict[str, Any]:
    """The measured columns of `videos`, from one demuxing pass; only the first frame is decoded.

    Width and height are as displayed: square pixels, upright. Duration and frame count are those of the existing
    packets, so they are correct for a truncated file.
    Raises `CallError`: the codes of `opened_video`, and `undecodable` if no frame decodes.
    """
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        frame, starts, end = _first_frame_and_times(container, stream)
        width, height = display_size(
            frame.width, frame.height, rotation_degrees=90 * quarter_turns(frame), sample_aspect=sample_aspect(stream)
        )
        return {
            "content_hash": hash_content(source_uri),  # last: a terabyte that is not a video is not hashed
            "container": container.format.name,
            "video_codec": stream.codec_context.name,
            **_timing(starts, end, base=time_base(stream)),
            "width_pixels": width,
            "height_pixels": height,
            "has_audio": bool(container.streams.audio),
        }


def hash_content(source_uri: str) -> str:
    """BLAKE2b of the file's bytes, 32 hex digits."""
    path = local_path(source_uri)
    check_readable(path)
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while block := file.read(HASH_BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise io_error(error, path) from None
    return digest.hexdigest()


def _first_frame_and_times(container: InputContainer, stream: VideoStream) -> tuple[VideoFrame, array, int]:
    """The first frame, and the starts and the last end of the displayed packets, in ticks."""
    decoder, first = Decoder(stream), None
    starts, end, clock, usual_ticks = array("q"), 0, 0, nominal_ticks(stream)
    for packet in packets(container, stream):
        if first is None:
            first = next((frame for _, frame in decoder.frames([packet])), None)
        if packet.size and not packet.is_discard:
            start = next(time for time in (packet.pts, packet.dts, clock) if time is not None)
            clock = start + (packet.duration if packet.duration and packet.duration > 0 else usual_ticks)
            end = max(end, clock) if starts else clock
            starts.append(start)
    if first is None or not starts:
        raise CallError("undecodable", f"none of the {len(starts)} packets of {container.name!r} decodes to a frame")
    return first, starts, end


def _timing(starts: array, end: int, *, base: Fraction) -> dict[str, Any]:
    import numpy as np

    times = np.unique(starts)
    seconds = (end - int(times[0])) * base
    return {
        "duration_seconds": float(seconds),
        "frame_count": len(starts),
        "frame_rate_fps": float(len(starts) / seconds),
        "has_variable_frame_rate": _varies(np.diff(times)),
    }


def _varies(intervals: np.ndarray) -> bool:
    """Whether more than 1 % of the intervals differ from the median by over 10 % and by more than a rounded tick."""
    import numpy as np

    if not len(intervals):
        return False
    usual = np.median(intervals)
    return bool(np.mean(np.abs(intervals - usual) > max(1.0, usual / 10)) > 0.01)
