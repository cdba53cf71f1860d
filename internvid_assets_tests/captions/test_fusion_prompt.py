"""The fusion prompt: both scales in, time order kept, bounded however long the clip is."""

from __future__ import annotations

import pytest

from internvid_assets.captions.assets import fused_captions
from internvid_assets.captions.fusion import (
    DEFAULT_TEMPLATE,
    PLACES,
    fusion_prompt,
    fusion_template,
)
from internvid_assets.captions.templates import checked_template
from internvid_assets.cells.errors import UserError
from internvid_assets.language.sequences import in_order_of_time, thinned
from internvid_assets.settings import load_settings


def test_a_prompt_holds_the_centre_and_the_frames_in_time_order():
    prompt = fusion_prompt("a cat", ["a box", "a cat", "a dog"], "middle: {center_caption}; all: {frame_captions}")
    assert prompt == "middle: a cat; all: first a box, then a cat, finally a dog"


@pytest.mark.parametrize(
    ("captions", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "first a, finally b"), (list("abc"), "first a, then b, finally c")],
)
def test_captions_say_which_comes_first_and_which_last(captions, text):
    assert in_order_of_time(captions) == text


def test_the_default_template_is_english_with_both_places():
    assert "a cat" in fusion_prompt("a cat", ["a box"])
    assert DEFAULT_TEMPLATE.startswith("Describe in one sentence")


@pytest.mark.parametrize(
    ("length", "count", "kept"),
    [(3, 16, [0, 1, 2]), (5, 5, [0, 1, 2, 3, 4]), (9, 3, [0, 4, 8]), (40, 4, [0, 13, 26, 39]), (7, 1, [3]), (0, 4, [])],
)
def test_long_clips_are_thinned_evenly_with_first_and_last(length, count, kept):
    assert thinned([str(i) for i in range(length)], count) == [str(i) for i in kept]


def test_the_prompt_of_a_long_clip_is_bounded():
    frames = [f"frame {i}" for i in range(1000)]
    prompt = fusion_prompt("x", frames, max_frame_captions=16)
    assert prompt.count("frame ") == 16
    assert prompt.index("frame 0,") < prompt.index("frame 999")


@pytest.mark.parametrize(
    "template",
    [
        "no places",
        "{center_caption} only",
        "{center_caption} {frame_captions} {x}",
        "{center_caption:>10d} {frame_captions}",
        "{center_caption} {frame_captions!r}",
    ],
)
def test_a_template_with_other_places_is_refused(template):
    with pytest.raises(UserError, match="expected"):
        checked_template(template, PLACES)


def test_a_template_of_ones_own_is_part_of_the_recipe_by_its_text(tmp_path, monkeypatch):
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    shipped, identities = load_settings(), {"language_model": ("a model", "1")}
    for name in ("one.txt", "copy.txt"):
        (tmp_path / name).write_text("{center_caption}; {frame_captions}\n")
    one, copy = (load_settings([f"fused_captions.prompt={name}"]) for name in ("one.txt", "copy.txt"))
    recipes = [fused_captions.recipe(settings, identities).hash for settings in (shipped, one, copy)]
    assert recipes[0] != recipes[1] == recipes[2]
    assert fusion_template(one) == "{center_caption}; {frame_captions}"


def test_a_template_that_cannot_be_read_is_a_users_error(tmp_path, monkeypatch):
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    (tmp_path / "half.txt").write_text("{center_caption")
    for name, reason in [("none.txt", "No such file"), ("half.txt", "expected '}'")]:
        with pytest.raises(UserError, match=f"fused_captions.prompt = '{name}'.*{reason}"):
            fusion_template(load_settings([f"fused_captions.prompt={name}"]))


def test_braces_in_captions_are_plain_text():
    assert "{x}" in fusion_prompt("{x}", ["{y}"])


def test_a_bound_below_one_is_refused():
    with pytest.raises(UserError, match="at least 1"):
        thinned(["a"], 0)
