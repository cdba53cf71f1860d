"""Plans of sample videos: format, exact frame times and shots, as a pure function of (seed, index)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from internvid_assets.sample_world.drawing import draw
from internvid_assets.sample_world.scenes import FLICKER_ACTION, STILL_ACTION, Scene, possible_actions, random_scene
from internvid_assets.tables import CATEGORIES

Kind = Literal["normal", "still", "flicker", "low_contrast"]
Language = Literal["en", "zh", "fr"]

CLEAR_CUT_SCORE = 40.0
"""Minimum ContentDetector score across a cut: its threshold of 27 plus a margin of half of that."""
FAINT_CUT_SCORE = 18.0
"""Maximum ContentDetector score across a low-contrast cut."""
SHORTEST_SHOT_SECONDS = 2.2
LEAST_MOTION = 0.15
"""Minimum mean change between frames of a moving scene, in grey levels; compression changes a still by 0.02."""
FLICKERING_COLOURS = ("white", "yellow")
"""Bright enough that flicker changes each frame by 40 to 55 grey levels, but scores only 20: not a cut."""
SIZES_PIXELS = {240: (426, 240), 360: (640, 360), 480: (854, 480), 720: (1280, 720)}


@dataclass(frozen=True)
class Shot:
    """A scene and its half-open range of frames; `cut_score` is the detector's score at the first frame."""

    scene: Scene
    kind: Kind
    start_frame: int
    end_frame: int
    cut_score: float | None

    @property
    def is_faint_cut(self) -> bool:
        """Whether it starts with a low-contrast cut, which the detector misses."""
        return self.cut_score is not None and self.cut_score < CLEAR_CUT_SCORE


@dataclass(frozen=True)
class VideoPlan:
    """Complete description of a video to encode. `ticks` holds the time of each frame, then the end."""

    video_id: str
    category: str
    container: Literal["mp4", "matroska", "webm"]
    video_codec: Literal["libx264", "libvpx-vp9"]
    preset: Literal["ultrafast", "veryfast"]
    audio_codec: Literal["aac", "libopus"] | None
    width: int
    height: int
    fps: int | None
    time_base: Fraction
    ticks: tuple[int, ...]
    shots: tuple[Shot, ...]
    language: Language
    has_subtitles: bool

    @property
    def frame_count(self) -> int:
        return len(self.ticks) - 1

    @property
    def file_name(self) -> str:
        return self.video_id + {"mp4": ".mp4", "matroska": ".mkv", "webm": ".webm"}[self.container]

    def seconds(self, frame: int) -> float:
        """Exact time of a frame, relative to the first one; for `frame_count`, of the video's end."""
        return float(self.ticks[frame] * self.time_base)


def plan_video(seed: int, index: int) -> VideoPlan:
    """The `index`-th video of the world `seed`, independent of the number of videos in the world.

    Lengths, sizes, containers and oddities are dealt like cards, so that small worlds contain some of each.
    """
    rng = np.random.default_rng((seed, index))
    length, height, container, oddity = (_deal(seed, index, *deck) for deck in _DECKS)
    is_variable = container.endswith("variable")
    container = container.removesuffix(" variable")
    fps = None if is_variable else int(rng.choice((12, 24, 24, 30)))
    total_seconds = rng.uniform(4.4, 8.8) if length == "short" else min(39.0, 10.6 + rng.exponential(5.0))
    time_base = Fraction(1, 15360) if container == "mp4" else Fraction(1, 1000)
    times = _frame_times(rng, float(total_seconds), fps)
    ticks = [round(t / time_base) for t in times]
    shots = _shots(rng, [float(tick * time_base) for tick in ticks], oddity, fps or 30)
    audio = None if index % 12 == 11 else "aac" if container == "mp4" else "libopus"
    width, height_pixels = SIZES_PIXELS[int(height)]
    return VideoPlan(
        video_id=f"sample-{seed}-{index:05d}",
        category=CATEGORIES[index % len(CATEGORIES)],
        container=container,  # pyright: ignore[reportArgumentType]
        video_codec="libvpx-vp9" if container == "webm" else "libx264",
        preset="veryfast" if rng.random() < 0.3 else "ultrafast",
        audio_codec=audio,
        width=width,
        height=height_pixels,
        fps=fps,
        time_base=time_base,
        ticks=tuple(ticks),
        shots=tuple(shots),
        language=str(rng.choice(("en", "en", "zh", "fr"))),  # pyright: ignore[reportArgumentType]
        has_subtitles=bool(rng.random() < 0.85),
    )


_DECKS = (
    (1, ("short", *["long"] * 7)),
    (2, ("240", "480", "480", "720", *["360"] * 16)),
    (3, ("webm", "matroska", "matroska variable", "mp4 variable", *["mp4"] * 12)),
    (4, ("still", "flicker", "low_contrast", *["normal"] * 5)),
)


def _deal(seed: int, index: int, deck: int, cards: tuple[str, ...]) -> str:
    """The card of a video: each run of `len(cards)` videos gets each card once, shuffled by seed."""
    hand, place = divmod(index, len(cards))
    return cards[int(np.random.default_rng((seed, hand, deck)).permutation(len(cards))[place])]


def _frame_times(rng: np.random.Generator, total_seconds: float, fps: int | None) -> list[Fraction]:
    """Times of all frames and of the end. Variable rates change about every second, with jitter."""
    if fps:
        return [Fraction(i, fps) for i in range(round(total_seconds * fps) + 1)]
    times = [0.0]
    while times[-1] < total_seconds:
        interval = 1 / int(rng.choice((12, 15, 24, 30)))
        times.extend(times[-1] + np.cumsum(interval * rng.uniform(0.85, 1.15, size=rng.integers(8, 30))))
    return [Fraction(t).limit_denominator(90_000) for t in times]


def _shots(rng: np.random.Generator, seconds: list[float], oddity: str, fps: int) -> list[Shot]:
    """Two to eight shots that fill the video; one has the oddity, if any. Retries if no next shot fits."""
    while True:
        cuts = _cut_frames(rng, seconds)
        odd = int(rng.integers(1, len(cuts) - 1)) if oddity != "normal" else -1
        shots: list[Shot] = []
        for i, (start, end) in enumerate(itertools.pairwise(cuts)):
            kind: Kind = oddity if i == odd else "normal"  # pyright: ignore[reportAssignmentType]
            before = shots[-1].scene if shots else None
            scene, score = _next_scene(rng, before, kind, seconds[end] - seconds[start], fps)
            if scene is None:
                break
            is_faint = oddity == "low_contrast" and i in (odd - 1, odd)
            shots.append(Shot(scene, "low_contrast" if is_faint else kind, start, end, score))
        else:
            return shots


def _cut_frames(rng: np.random.Generator, seconds: list[float]) -> list[int]:
    """First frame of each shot, and the end; no shot is shorter than SHORTEST_SHOT_SECONDS."""
    total = seconds[-1]
    count = int(np.clip(round(total / rng.uniform(2.8, 5.0)), 2, min(8, total // SHORTEST_SHOT_SECONDS)))
    spare = (total - count * SHORTEST_SHOT_SECONDS) * rng.dirichlet(np.full(count, 2.0))
    starts = np.cumsum(SHORTEST_SHOT_SECONDS + spare)[:-1]
    return [0, *(int(frame) for frame in np.searchsorted(seconds, starts)), len(seconds) - 1]


def _next_scene(
    rng: np.random.Generator, before: Scene | None, kind: Kind, duration_seconds: float, fps: int
) -> tuple[Scene | None, float | None]:
    """A moving scene and the score of its cut, as strong or weak as required; (None, None) if not found."""
    fixed = _fixed_parts(rng, before, kind, duration_seconds)
    for _ in range(200):
        scene = random_scene(rng, duration_seconds=duration_seconds, **fixed)
        score = None
        if before:
            if kind == "low_contrast":  # the seed determines the background pattern
                scene = replace(scene, seed=before.seed)
            score = round(cut_score(_small(before, before.duration_seconds), _small(scene, 0.0)), 3)
            if not _is_as_clear_as(kind, score):
                continue
        if kind in ("still", "flicker") or motion(scene, fps) >= LEAST_MOTION:
            return scene, score
    return None, None


def _is_as_clear_as(kind: Kind, score: float) -> bool:
    """Whether a cut with this score is as weak or strong as this kind of video requires."""
    return score <= FAINT_CUT_SCORE if kind == "low_contrast" else score >= CLEAR_CUT_SCORE


def _fixed_parts(rng: np.random.Generator, before: Scene | None, kind: Kind, duration_seconds: float) -> dict[str, str]:
    """The action is drawn only once; otherwise, actions with little motion would rarely pass."""
    if kind == "still":
        return {"action": STILL_ACTION}
    if kind == "flicker":
        return {"action": FLICKER_ACTION, "texture": "plain", "background": str(rng.choice(FLICKERING_COLOURS))}
    action = str(rng.choice(possible_actions(duration_seconds)))
    if kind == "low_contrast" and before:
        return {"action": action, "texture": before.texture, "background": before.background}
    return {"action": action}


def cut_score(before: np.ndarray, after: np.ndarray) -> float:
    """PySceneDetect's ContentDetector score of two RGB frames: mean absolute difference of hue, saturation, value."""
    import cv2

    first, second = (cv2.cvtColor(picture, cv2.COLOR_RGB2HSV).astype(np.int16) for picture in (before, after))
    return float(np.abs(first - second).mean())


def motion(scene: Scene, fps: int) -> float:
    """Mean change between frames of the scene, in grey levels 0 to 255, before compression."""
    import cv2

    count = max(2, round(scene.duration_seconds * fps))
    greys = [cv2.cvtColor(_small(scene, i / fps), cv2.COLOR_RGB2GRAY) for i in range(count)]
    return sum(cv2.norm(a, b, cv2.NORM_L1) for a, b in itertools.pairwise(greys)) / greys[0].size / (count - 1)


def _small(scene: Scene, t_seconds: float) -> np.ndarray:
    return draw(scene, t_seconds, 256, 144)
