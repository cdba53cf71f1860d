"""A video as a single span, for files that were not split into clips."""

from __future__ import annotations

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import packets
from internvid_assets.media.opening import MAX_PIXELS, opened_video


def whole_span(source_uri: str, *, max_pixels: int = MAX_PIXELS) -> tuple[int, int]:
    """From the start of the first frame to the end of the last, in ticks. Raises CallError if there are no frames."""
    with opened_video(source_uri, max_pixels=max_pixels) as (container, stream):
        spans = [
            (packet.pts, packet.pts + max(packet.duration or 0, 1))
            for packet in packets(container, stream)
            if packet.size and packet.pts is not None
        ]
    if not spans:
        raise CallError("undecodable", f"{source_uri!r} has no frame with a timestamp")
    return min(spans)[0], max(end for _, end in spans)
