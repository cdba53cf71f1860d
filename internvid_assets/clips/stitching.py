"""Stitching, as in Panda-70M: clips on both sides of a cut are merged if they look alike.

Panda-70M compares ImageBind embeddings; here the profile's embedder is used. And nothing is dropped here: Panda-70M
trims events, and drops clips that contain a transition and everything beyond the longest duration.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from internvid_assets.cells.errors import CallError
from internvid_assets.cells.feature import Payload
from internvid_assets.clips.cuts import Opening
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.media.frames import pixels
from internvid_assets.media.sampling import end_frame_plan
from internvid_assets.models.protocols import ClipEmbedder


def split_with_ends(
    source_uri: str, *, max_pixels: int, threads: int, **cutting: Any
) -> tuple[list[dict[str, Any]], list[bytes]]:
    """The clips of `split`, and two JPEGs for each, near its start and near its end; empty if none decodes."""
    opening: Opening = {"max_pixels": max_pixels, "threads": threads}
    clips = split(source_uri, **cutting, **opening)
    spans = [(clip["start_pts"], clip["end_pts"]) for clip in clips]
    sampled = sample_frames(source_uri, spans, plan=end_frame_plan, **opening)
    pairs = [(b"", b"") if isinstance(rows, CallError) else (rows[0]["jpeg"], rows[-1]["jpeg"]) for rows in sampled]
    return clips, [*chain.from_iterable(pairs)]


def end_vectors(jpegs: Sequence[bytes], embedder: ClipEmbedder) -> np.ndarray:
    """Unit vectors [clips, 2, d] of the images near both ends of each clip; NaN if there is no image."""
    known = embedder.embed_images([pixels(jpeg) for jpeg in jpegs if jpeg])
    vectors = np.full((len(jpegs), known.shape[1]), np.nan)
    vectors[[bool(jpeg) for jpeg in jpegs]] = known
    return vectors.reshape(-1, 2, known.shape[1])


def stitched(
    clips: Sequence[Payload],
    ends: np.ndarray,
    *,
    max_stitch_distance: float,
    max_inner_distance: float,
    max_clip_seconds: float,
) -> list[Payload]:
    """Merge neighbouring clips that look alike and together are no longer than `max_clip_seconds`.

    `ends` [clips, 2, d] holds unit vectors of the images near start and end, NaN if there is none. Two clips look alike
    if the vectors on both sides of their cut are at most `max_stitch_distance` apart (Euclidean; Panda-70M: 0.6),
    unless one of them contains a transition: its own ends are over `max_inner_distance` apart (Panda-70M: 1.0).
    """
    steady = np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) <= max_inner_distance
    across = np.linalg.norm(ends[1:, 0] - ends[:-1, 1], axis=1) <= max_stitch_distance
    groups: list[list[Payload]] = []
    for clip, alike in zip(clips, [False, *(across & steady[1:] & steady[:-1])], strict=True):
        if alike and clip["end_seconds"] - groups[-1][0]["start_seconds"] <= max_clip_seconds:
            groups[-1].append(clip)
        else:
            groups.append([clip])
    return [merged(group) for group in groups]


def merged(clips: Sequence[Payload]) -> Payload:
    """One payload for neighbouring clips. The cuts between them do not count as motion."""
    if len(clips) == 1:
        return clips[0]
    frames = [clip["frame_count"] for clip in clips]
    changes = [count - 1 for count in frames]
    seconds = [clip["end_seconds"] - clip["start_seconds"] for clip in clips]
    return {
        **clips[0],
        "end_pts": clips[-1]["end_pts"],
        "end_seconds": clips[-1]["end_seconds"],
        "frame_count": sum(frames),
        "motion_mean": _mean(clips, "motion_mean", changes),
        "motion_max": max(clip["motion_max"] for clip in clips),
        "flow_mean": round(_mean(clips, "flow_mean", seconds) or 0.0, 4),
        "brightness_mean": _mean(clips, "brightness_mean", frames),
        **{name: _joined(clips, name) for name in clips[0] if name.endswith("_spans_seconds")},
        "content_box": _around([clip["content_box"] for clip in clips if clip["content_box"]]),
    }


def _mean(clips: Sequence[Payload], name: str, weights: Sequence[float]) -> float | None:
    """Weighted mean of a column; 0 if all weights are 0, as for the motion of single-frame clips; None if all are."""
    known = [(clip[name], weight) for clip, weight in zip(clips, weights, strict=True) if clip[name] is not None]
    total = sum(weight for _, weight in known)
    mean = sum(value * weight for value, weight in known) / total if total else 0.0
    return mean if known else None


def _joined(clips: Sequence[Payload], name: str) -> list[float]:
    """The spans of all clips in order; spans that touch are joined."""
    edges: list[float] = []
    for edge in chain.from_iterable(clip[name] for clip in clips):
        if len(edges) % 2 == 0 and edges and edges[-1] == edge:
            edges.pop()
        else:
            edges.append(edge)
    return edges


def _around(boxes: Sequence[Sequence[float]]) -> list[float] | None:
    """The smallest box around all boxes; None if there are none, as in all-black clips."""
    sides = list(zip(*boxes, strict=True))
    return [*map(min, sides[:2]), *map(max, sides[2:])] if boxes else None
