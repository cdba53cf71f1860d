"""Scenes of the sample world: one coloured shape, one background, one action; poses over time, and captions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from internvid_assets.sample_world.shapes import OBJECTS
from internvid_assets.sample_world.textures import BACKGROUNDS

COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (220, 20, 55),  # not hue 0: compression would make it jump to 179 and back, which looks like a cut
    "orange": (255, 140, 10),
    "yellow": (250, 230, 50),
    "green": (30, 150, 60),
    "blue": (35, 75, 225),
    "purple": (125, 40, 170),
    "white": (245, 245, 245),
    "black": (28, 28, 28),
}
"""Colours of objects, as 8-bit RGB."""

BACKGROUND_COLOURS: dict[str, tuple[int, int, int]] = COLOURS | {"gray": (128, 128, 128)}
"""Colours of backgrounds: those of objects, and gray."""

ALIKE = {
    frozenset(pair)
    for pair in (
        ("red", "orange"),
        ("orange", "yellow"),
        ("blue", "purple"),
        ("purple", "black"),
    )
}
"""Pairs that are too similar for object and background."""

SIZES = ("small", "medium", "large")
ACTIONS = (
    "moves left",
    "moves right",
    "rises",
    "falls",
    "grows",
    "shrinks",
    "spins",
    "blinks",
    "bounces",
    "swings",
)
"""Actions of normal scenes. The other kinds of scenes have `STILL_ACTION` or `FLICKER_ACTION`."""
STILL_ACTION = "stays still"
FLICKER_ACTION = "flickers"

SYMMETRY_DEGREES = {
    "square": 90,
    "cross": 90,
    "triangle": 120,
    "heart": 360,
    "moon": 360,
}
"""Objects with visible rotation, and the rotation after which each looks the same."""

RADIUS = {"small": 0.13, "medium": 0.19, "large": 0.27}
"""Radius of an object's bounding circle, as a fraction of the frame height."""
SHORTEST_SCENE_SECONDS = 2.1
SHORTEST_SWING_SECONDS = 4.0
EDGE_SECONDS = 0.05
"""Tolerance of sample times (a cut may be found a frame late) within which the captions stay the same."""


@dataclass(frozen=True)
class Scene:
    """One shot. Lengths are fractions of the frame, so that a scene looks the same at every resolution."""

    object: str
    colour: str
    size: str
    texture: str
    background: str
    action: str
    duration_seconds: float
    x: float = 0.5
    y: float = 0.5
    period_seconds: float = 2.0
    phase: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Pose:
    """The pose of a scene's object at one time: centre, radius (as a fraction of the height), rotation; or hidden."""

    x: float
    y: float
    radius: float
    turn_degrees: float
    is_visible: bool


@dataclass(frozen=True)
class Look:
    """The properties of a pose that a caption can mention."""

    is_visible: bool
    column: str
    row: str
    size: str
    is_tilted: bool


def random_scene(
    rng: np.random.Generator,
    *,
    action: str | None = None,
    duration_seconds: float | None = None,
    object: str | None = None,
    colour: str | None = None,
    texture: str | None = None,
    background: str | None = None,
) -> Scene:
    """A random scene with the given parts fixed, whose action is recognisable from frames at 1 fps."""
    if action in ACTIONS and action not in possible_actions(duration_seconds or math.inf, object):
        raise ValueError(f"{action=} is not visible with {object=} in {duration_seconds=}: see SYMMETRY_DEGREES")
    for _ in range(10_000):
        lasts = duration_seconds or round(float(rng.uniform(SHORTEST_SCENE_SECONDS, 7.5)), 2)
        does = action or str(rng.choice(possible_actions(lasts, object)))
        period_seconds = rng.uniform(*_PERIOD_SECONDS.get(does, (2.0, 2.0)))
        scene = Scene(
            object=object or str(rng.choice(list(SYMMETRY_DEGREES) if does == "spins" else OBJECTS)),
            colour=colour or str(rng.choice(list(COLOURS))),
            size=str(rng.choice(_sizes(does))),
            texture=texture or str(rng.choice(BACKGROUNDS)),
            background=background or str(rng.choice(list(BACKGROUND_COLOURS))),
            action=does,
            duration_seconds=lasts,
            x=float(rng.choice((0.22, 0.5, 0.78)) + rng.uniform(-0.04, 0.04)),
            y=float(rng.choice((0.25, 0.5, 0.75)) + rng.uniform(-0.03, 0.03)),
            period_seconds=float(period_seconds),
            phase=float(rng.uniform()),
            seed=int(rng.integers(2**31)),
        )
        if is_readable(scene) and is_inferable(scene):
            return scene
    raise ValueError(f"no scene has {action=}, {object=}, {colour=}, {background=}, {duration_seconds=}: fix fewer")


_PERIOD_SECONDS = {"spins": (3.0, 7.0), "blinks": (1.2, 2.4), "bounces": (2.3, 4.5), "swings": (2.6, 5.0)}


def possible_actions(duration_seconds: float, object: str | None = None) -> list[str]:
    """The actions that are visible within that time and with that object."""
    impossible = {"bounces", "swings"} if duration_seconds < SHORTEST_SWING_SECONDS else set()
    if object and object not in SYMMETRY_DEGREES:
        impossible.add("spins")
    return [action for action in ACTIONS if action not in impossible]


def _sizes(action: str) -> tuple[str, ...]:
    """Large objects would leave the frame at the top or, when blinking, look like a cut (13 % of the frame)."""
    if action in ("grows", "shrinks"):
        return ("medium",)
    return SIZES[:2] if action in ("rises", "falls", "bounces", "blinks") else SIZES


def is_readable(scene: Scene) -> bool:
    """Whether the object contrasts with its background."""
    pair = {scene.colour, scene.background}
    return len(pair) == 2 and frozenset(pair) not in ALIKE


def pose(scene: Scene, t_seconds: float) -> Pose:
    """The object's pose `t_seconds` after the scene's start."""
    progress = min(max(t_seconds / scene.duration_seconds, 0.0), 1.0)
    eased = progress * progress * (3 - 2 * progress)
    cycle = t_seconds / scene.period_seconds + scene.phase
    wave = math.cos(2 * math.pi * cycle)
    x, y, radius, turn, is_visible = scene.x, scene.y, RADIUS[scene.size], 0.0, True
    match scene.action:
        case "moves right":
            x = 0.13 + 0.74 * eased
        case "moves left":
            x = 0.87 - 0.74 * eased
        case "rises":
            y = 0.82 - 0.64 * eased
        case "falls":
            y = 0.18 + 0.64 * eased
        case "grows":
            radius = 0.10 + 0.20 * eased
        case "shrinks":
            radius = 0.30 - 0.20 * eased
        case "spins":
            turn = 360 * cycle
        case "blinks":
            is_visible = cycle % 1 < 0.6
        case "bounces":
            y = 0.5 + 0.31 * wave
        case "swings":
            x = 0.5 + 0.36 * wave
    return Pose(x, y, radius, turn, is_visible)


def look(scene: Scene, t_seconds: float) -> Look:
    """What can be said about the object at that time."""
    p = pose(scene, t_seconds)
    column = "left" if p.x < 0.38 else "right" if p.x > 0.62 else "centre"
    row = "top" if p.y < 0.38 else "bottom" if p.y > 0.62 else "middle"
    size = "small" if p.radius < 0.155 else "large" if p.radius > 0.23 else "medium"
    symmetry = SYMMETRY_DEGREES.get(scene.object, 1)
    off_degrees = abs((p.turn_degrees + symmetry / 2) % symmetry - symmetry / 2)
    return Look(p.is_visible, column, row, size, off_degrees > 15)


def sample_seconds(duration_seconds: float, *, count: int) -> list[float]:
    """Midpoints of `count` equal intervals, and the centre, in temporal order."""
    middles = {(i + 0.5) * duration_seconds / count for i in range(count)}
    return sorted(middles | {duration_seconds / 2})


def action_of(looks: Sequence[Look]) -> str:
    """The action inferred from a sequence of looks: the best possible for a captioner that sees no motion."""
    if not all(seen.is_visible for seen in looks):
        return "blinks"
    if any(seen.is_tilted for seen in looks):
        return "spins"
    columns = _turning_points([seen.column for seen in looks], without="centre")
    rows = _turning_points([seen.row for seen in looks], without="middle")
    sizes = [SIZES.index(seen.size) for seen in looks]
    if len(columns) > 1:
        return "swings" if len(columns) > 2 else f"moves {columns[-1]}"
    if len(rows) > 1:
        return "bounces" if len(rows) > 2 else "rises" if rows[-1] == "top" else "falls"
    return "grows" if sizes[-1] > sizes[0] else "shrinks" if sizes[-1] < sizes[0] else STILL_ACTION


def _turning_points(places: Sequence[str], *, without: str) -> list[str]:
    kept = [place for place in places if place != without]
    return [place for i, place in enumerate(kept) if i == 0 or place != kept[i - 1]]


def is_inferable(scene: Scene) -> bool:
    """Whether the action is recognisable at about 1 fps and the object visible at the centre, even with a late cut."""
    if scene.action not in ACTIONS:
        return True
    for count in {
        int(scene.duration_seconds),
        round(scene.duration_seconds),
        math.ceil(scene.duration_seconds),
    }:
        for late in (-EDGE_SECONDS, 0.0, EDGE_SECONDS):
            seconds = [t + late for t in sample_seconds(scene.duration_seconds, count=count)]
            if action_of([look(scene, t) for t in seconds]) != scene.action:
                return False
            if not look(scene, scene.duration_seconds / 2 + late).is_visible:
                return False
    return True


def frame_caption(scene: Scene, t_seconds: float) -> str:
    """The caption of one frame: "a small red ball on the left of a plain blue background"."""
    seen = look(scene, t_seconds)
    behind = f"{scene.texture} {scene.background} background"
    if not seen.is_visible:
        return f"an empty {behind}"
    tilt = "tilted " if seen.is_tilted else ""
    thing = f"a {seen.size} {tilt}{scene.colour} {scene.object}"
    return f"{thing} {_place(seen)} of a {behind}"


def _place(seen: Look) -> str:
    if seen.row == "middle":
        return "in the middle" if seen.column == "centre" else f"on the {seen.column}"
    return f"at the {seen.row}" if seen.column == "centre" else f"at the {seen.row} {seen.column}"


def clip_caption(scene: Scene) -> str:
    """The caption of the whole scene: "a red ball moves right on a plain blue background"."""
    thing = f"{_article(scene.colour)} {scene.colour} {scene.object}"
    return f"{thing} {scene.action} on a {scene.texture} {scene.background} background"


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"
