"""Keyframes (ShareGPT4Video): frames that differ from the previous keyframe."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Literal, TypeAlias

from internvid_assets.models.protocols import Image

LastFrame: TypeAlias = Literal["paper", "code"]


def keyframe_positions(
    count: int,
    similarity: Callable[[int, int], float],
    *,
    every: int,
    threshold: float,
    last_frame: LastFrame = "paper",
) -> list[int]:
    """Which of `count` evenly spaced frames are keyframes: the first, and each `every`-th below `threshold`.

    `similarity` is called once per candidate, with the latest keyframe as the first argument. The last frame is a
    keyframe always ("paper"), or ("code", the released script) only if it is at least `every` frames after the previous
    keyframe, or if there would otherwise be a single keyframe.
    """
    if not count:
        return []
    chosen = [0]
    for position in range(every, count, every):
        if similarity(chosen[-1], position) < threshold:
            chosen.append(position)
    last = count - 1
    is_wanted = last_frame == "paper" or len(chosen) == 1 or last - chosen[-1] >= every
    return [*chosen, last] if is_wanted and last != chosen[-1] else chosen


def plain_opening(images: Iterable[Image], every: int) -> int:
    """How many frames to skip at the start: those of a single colour, at most one interval."""
    opening = 0
    for image in islice(images, every):
        if not is_plain(image):
            break
        opening += 1
    return opening


def is_plain(image: Image) -> bool:
    """Whether every pixel is the same."""
    return bool((image == image[:1, :1]).all())
