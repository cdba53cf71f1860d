"""Scenes: what is drawn, said and scored is what the scene is."""

from __future__ import annotations

import numpy as np
import pytest

from internvid_assets.sample_world.drawing import aesthetic, background, draw
from internvid_assets.sample_world.scenes import (
    ACTIONS,
    BACKGROUND_COLOURS,
    BACKGROUNDS,
    COLOURS,
    FLICKER_ACTION,
    OBJECTS,
    Scene,
    action_of,
    clip_caption,
    frame_caption,
    look,
    pose,
    random_scene,
    sample_seconds,
)
from internvid_assets.sample_world.subtitles import CHINESE, FRENCH, sentence


def scene(**parts: object) -> Scene:
    red_ball = {"object": "ball", "colour": "red", "size": "small", "texture": "plain", "background": "blue"}
    return Scene(**({**red_ball, "action": "moves right", "duration_seconds": 4.0} | parts))  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ACTIONS)
def test_frames_at_one_per_second_tell_the_action(action: str) -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        drawn = random_scene(rng, action=action)
        seconds = sample_seconds(drawn.duration_seconds, count=round(drawn.duration_seconds))
        assert action_of([look(drawn, t) for t in seconds]) == action
        assert look(drawn, drawn.duration_seconds / 2).is_visible


@pytest.mark.parametrize(
    ("parts", "t_seconds", "caption"),
    [
        ({}, 0.0, "a small red ball on the left of a plain blue background"),
        ({}, 2.0, "a small red ball in the middle of a plain blue background"),
        ({"y": 0.2}, 4.0, "a small red ball at the top right of a plain blue background"),
        ({"action": "grows", "texture": "noisy"}, 4.0, "a large red ball in the middle of a noisy blue background"),
        (
            {"action": "spins", "object": "square", "size": "medium", "phase": 0.125},
            0.0,
            "a medium tilted red square in the middle of a plain blue background",
        ),
        ({"action": "blinks", "phase": 0.7}, 0.0, "an empty plain blue background"),
    ],
)
def test_frame_captions(parts: dict[str, object], t_seconds: float, caption: str) -> None:
    assert frame_caption(scene(**parts), t_seconds) == caption


def test_clip_captions_and_sentences() -> None:
    orange_star = scene(object="star", colour="orange", action="falls", texture="striped", background="green")
    assert clip_caption(orange_star) == "an orange star falls on a striped green background"
    assert sentence(orange_star, "en") == "An orange star falls on a striped green background."
    assert sentence(orange_star, "zh") == "一个橙色的星星在绿色的条纹背景上下落。"
    assert (
        sentence(scene(object="star", colour="white"), "fr")
        == "Une étoile blanche va vers la droite sur un fond bleu uni."
    )
    assert (
        sentence(scene(object="ring", colour="white"), "fr")
        == "Un anneau blanc va vers la droite sur un fond bleu uni."
    )


def test_every_word_has_a_translation() -> None:
    words = {*OBJECTS, *BACKGROUND_COLOURS, *BACKGROUNDS, *ACTIONS, "stays still", "flickers"}
    assert words == set(CHINESE) == set(FRENCH)


@pytest.mark.parametrize("shape", sorted(set(OBJECTS) - {"ring", "moon"}))
def test_object_is_painted_where_its_pose_says(shape: str) -> None:
    moving = scene(object=shape)
    for t_seconds in (0.0, 1.0, 4.0):
        picture = draw(moving, t_seconds, 640, 360)
        where = pose(moving, t_seconds)
        assert tuple(picture[int(where.y * 360), int(where.x * 640)]) == COLOURS["red"]
        assert tuple(picture[5, 320]) == BACKGROUND_COLOURS["blue"]


def test_objects_differ_in_shape() -> None:
    pictures = [draw(scene(object=shape, size="large"), 2.0, 96, 96).astype(int) for shape in OBJECTS]
    for i, first in enumerate(pictures):
        for second in pictures[:i]:
            assert (np.abs(first - second).max(axis=2) > 60).mean() > 0.015


def test_a_scene_looks_the_same_at_every_size() -> None:
    spinning = scene(object="heart", action="spins", texture="checkered", size="large")
    large, small = draw(spinning, 1.2, 1280, 720), draw(spinning, 1.2, 320, 180)
    shrunk = large.reshape(180, 4, 320, 4, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - small).mean() < 3


def test_out_of_sight_leaves_the_background() -> None:
    blinking = scene(action="blinks", texture="dotted", phase=0.0, period_seconds=2.0)
    assert np.array_equal(draw(blinking, 1.5, 320, 180), background(blinking, 320, 180))
    assert not np.array_equal(draw(blinking, 0.5, 320, 180), background(blinking, 320, 180))


def test_drawing_into_given_memory_leaves_the_cached_background_alone() -> None:
    out = np.zeros((180, 320, 3), np.uint8)
    before = background(scene(), 320, 180).copy()
    assert draw(scene(), 1.0, 320, 180, out=out) is out
    assert np.array_equal(background(scene(), 320, 180), before)


def test_aesthetic_prefers_calm_contrast_and_centre() -> None:
    best = aesthetic(scene(texture="shaded", colour="yellow", background="black", size="large"))
    noisy = aesthetic(scene(texture="noisy", colour="yellow", background="black", size="large"))
    at_the_edge = aesthetic(scene(texture="shaded", colour="yellow", background="black", size="large"), 0.0)
    assert 9 < best <= 10
    assert noisy == pytest.approx(best - 4)
    assert at_the_edge < best
    assert aesthetic(scene(action=FLICKER_ACTION)) == 0


def test_impossible_parts_are_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="action='spins' is not visible with object='ball'"):
        random_scene(rng, action="spins", object="ball")
    with pytest.raises(ValueError, match=r"duration_seconds=2\.5"):
        random_scene(rng, action="bounces", duration_seconds=2.5)
