"""Cuts of a video: the same as those of PySceneDetect's ContentDetector, with less decoding.

Frames that no other frame references (most B-frames) are skipped at first. Between two neighbouring decoded frames
there can only be a cut if the two differ, or if a skipped frame is unusually large in bytes, as a flash is. Only
there, every frame is decoded. For H.264 as encoded by cameras and sites, this is a quarter of the decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.looking import Look, Looker
from internvid_assets.media.decode import Decoder, packets
from internvid_assets.media.needed import Mark, needed_frames, shown_times
from internvid_assets.media.opening import nominal_rate_fps, opened_video, time_base

if TYPE_CHECKING:
    import numpy as np
    from scenedetect.common import FrameTimecode

HIDDEN_CUT_SHARE = 0.4
"""Fraction of the threshold: if neighbours differ by less, there is no cut between them."""
FLASH_BYTES_RATIO = 2.0
"""A skipped frame with this many times the usual bytes may be a flash."""
USUAL_PICTURES = 31
"""The number of surrounding skipped frames that define the usual size."""
WORTHWHILE_SHARE = 0.6
"""If more than this share of the skipped frames has to be decoded, a single pass over all frames is faster."""
ENOUGH_PICTURES = 64
"""After this many frames it is clear whether skipping is worthwhile."""


Watch: TypeAlias = "Callable[[FrameTimecode, np.ndarray], None]"
"""Called with the time and the downscaled BGR image (H, W, 3) of every analysed frame."""


class Opening(TypedDict):
    """Options for opening a file: see `opened_video`."""

    max_pixels: int
    threads: int


@dataclass
class Seen:
    """The analysed frames of a stream, in display order."""

    looks: list[Look]
    times: list[int]
    """The times of all displayed frames, analysed or not."""
    end_pts: int
    """Directly after the last frame."""
    time_base: Fraction
    rate_fps: Fraction
    """The nominal frame rate, with which PySceneDetect counts frames."""

    def timecode(self, pts: int) -> FrameTimecode:
        """The time of a frame relative to the first one, as PySceneDetect's FrameTimecode."""
        from scenedetect.common import FrameTimecode, Timecode

        return FrameTimecode(Timecode(pts - self.looks[0].pts, self.time_base), fps=self.rate_fps)


def content_cuts(
    source_uri: str, *, threshold: float, min_scene_length_frames: int, every_frame: bool = False, opening: Opening
) -> tuple[Seen, list[int]]:
    """The analysed frames, and the cuts in ticks; `every_frame` disables skipping.

    The minimum length counts frames at the nominal rate, as PySceneDetect does.
    """
    seen = None if every_frame else _look_where_cuts_may_be(source_uri, threshold, opening)
    seen = seen or look_at_all(source_uri, opening=opening)
    above = [look.pts for look in seen.looks[1:] if look.score >= threshold]
    return seen, _without_flashes(above, seen, min_scene_length_frames)


def look_at_all(source_uri: str, *, opening: Opening, watch: Watch | None = None) -> Seen:
    """Analyse every decodable frame, and pass it to `watch`. Raises `CallError` (`undecodable`) if there is none."""
    with opened_video(source_uri, **opening) as (container, stream):
        decoder, looker = Decoder(stream), Looker()
        seen = Seen([], [], 0, time_base(stream), nominal_rate_fps(stream))
        for pts, frame in decoder.frames(packets(container, stream)):
            seen.looks.append(looker(pts, frame, seen.time_base))
            if watch:
                watch(seen.timecode(pts), looker.small)
    if not seen.looks:
        message = f"no frame of {source_uri!r} decodes ({decoder.skipped_packets} damaged packets)"
        raise CallError("undecodable", message)
    seen.times, seen.end_pts = [look.pts for look in seen.looks], decoder.end_pts
    return seen


def _look_where_cuts_may_be(source_uri: str, threshold: float, opening: Opening) -> Seen | None:
    """None if the stream is unreliable, or if too much of it would have to be decoded twice."""
    coarse = _look_at_referenced(source_uri, threshold, opening)
    if coarse is None:
        return None
    seen, marks = coarse
    position = {pts: i for i, pts in enumerate(seen.times)}
    looked_at = [position[look.pts] for look in seen.looks]
    gaps = _where_cuts_may_hide(seen.looks, looked_at, _sizes(marks, seen.times), threshold)
    skipped = len(seen.times) - len(looked_at)
    hidden = sum(after - before - 1 for before, after in gaps)
    if hidden > WORTHWHILE_SHARE * skipped:
        return None
    if not gaps:
        return seen
    return _look_into(gaps, seen, marks, source_uri, opening)


def _look_at_referenced(source_uri: str, threshold: float, opening: Opening) -> tuple[Seen, list[Mark]] | None:
    """The referenced frames; None if most neighbours differ, times are missing, or the stream is damaged."""
    with opened_video(source_uri, **opening) as (container, stream):
        stream.codec_context.skip_frame = "NONREF"
        decoder, base = Decoder(stream), time_base(stream)
        looker, marks, looks, differing = Looker(), [], [], 0
        for packet in packets(container, stream):
            if packet.size:
                marks.append(Mark.of(packet))
            for pts, frame in decoder.frames([packet]):
                looks.append(looker(pts, frame, base))
                differing += looks[-1].score >= HIDDEN_CUT_SHARE * threshold
            if len(looks) >= ENOUGH_PICTURES and differing > WORTHWHILE_SHARE * len(looks):
                return None
        times, shown = shown_times(marks), [mark for mark in marks if mark.is_shown]
        if not looks or times is None or len(times) != len(shown) or decoder.skipped_packets:
            return None
        if looks[0].pts != times[0] or not {look.pts for look in looks} <= set(times):
            return None
        last_ticks = next(mark.ticks for mark in shown if mark.pts == times[-1]) or decoder.last_ticks
        return Seen(looks, times, times[-1] + last_ticks, base, nominal_rate_fps(stream)), marks


def _sizes(marks: Iterable[Mark], times: Sequence[int]) -> np.ndarray:
    """Packet size in bytes of each frame, in display order."""
    import numpy as np

    size_at = {mark.pts: mark.size_bytes for mark in marks}
    return np.array([size_at[pts] for pts in times])


def _where_cuts_may_hide(
    looks: Sequence[Look], looked_at: Sequence[int], sizes: np.ndarray, threshold: float
) -> list[tuple[int, int]]:
    """Pairs of positions of neighbouring looks between which every frame must be analysed."""
    bulky = _bulky(sizes, looked_at)
    gaps = []
    for (before, after), look in zip(pairwise(looked_at), looks[1:], strict=True):
        if after - before > 1 and (look.score >= HIDDEN_CUT_SHARE * threshold or bulky[before + 1 : after].any()):
            gaps.append((before, after))
    return gaps


def _bulky(sizes: np.ndarray, looked_at: Sequence[int]) -> np.ndarray:
    """For each frame, whether it was skipped and is much larger in bytes than the skipped frames around it."""
    import numpy as np

    is_bulky = np.zeros(len(sizes), bool)
    skipped = np.setdiff1d(np.arange(len(sizes)), looked_at)
    if len(skipped):
        width = min(USUAL_PICTURES, len(skipped))
        windows = np.lib.stride_tricks.sliding_window_view(sizes[skipped], width)
        centres = np.clip(np.arange(len(skipped)) - width // 2, 0, len(windows) - 1)
        is_bulky[skipped] = sizes[skipped] > FLASH_BYTES_RATIO * np.median(windows, axis=1)[centres]
    return is_bulky


def _look_into(
    gaps: Sequence[tuple[int, int]], seen: Seen, marks: Sequence[Mark], source_uri: str, opening: Opening
) -> Seen:
    """Replace the single look across each gap by the looks at all frames inside it."""
    position = {pts: i for i, pts in enumerate(seen.times)}
    inside = {seen.times[i] for before, after in gaps for i in range(before + 1, after + 1)}
    wanted: set[int | None] = {*inside, *(seen.times[before] for before, _ in gaps)}
    closer = []
    with opened_video(source_uri, **opening) as (container, stream):
        looker, last = Looker(), None
        for pts, frame in needed_frames(Decoder(stream), container, marks, wanted):
            if pts in wanted:
                look = looker(pts, frame, seen.time_base)
                if pts in inside and last is not None and position[pts] == last + 1:
                    closer.append(look)
                last = position[pts]
    replaced = {look.pts for look in closer}
    kept = [look for look in seen.looks if look.pts not in replaced]
    seen.looks = sorted(kept + closer, key=lambda look: look.pts)
    return seen


def _without_flashes(above: Sequence[int], seen: Seen, min_scene_length_frames: int) -> list[int]:
    """The cuts among the times with a score above the threshold, by PySceneDetect's own flash filter.

    It is given each such frame and the one before it; other frames would not change the result.
    """
    from scenedetect.detector import FlashFilter

    flashes = FlashFilter(mode=FlashFilter.Mode.MERGE, length=min_scene_length_frames)
    cuts = []
    for pts, is_above in _telling(above, seen.times):
        cuts += [seen.looks[0].pts + cut.pts for cut in flashes.filter(seen.timecode(pts), is_above)]
    return cuts


def _telling(above: Sequence[int], times: Sequence[int]) -> Iterator[tuple[int, bool]]:
    """(time, above the threshold) of the first and the last frame, of those above, and of those just before them."""
    is_above, position = set(above), {pts: i for i, pts in enumerate(times)}
    shown = {times[0], times[-1], *above, *(times[max(0, position[pts] - 1)] for pts in above)}
    yield from ((pts, pts in is_above) for pts in sorted(shown))
