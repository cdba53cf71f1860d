"""ShareCaptioner-Video's modes as tables, asked of a loopback server: what each prompt really holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest
from loopback_endpoint import MODEL, Endpoint, caption_of, late, loopback_endpoint, picture, sends

from internvid_assets import tables
from internvid_assets.captions.assets import dense_captions, keyframe_captions
from internvid_assets.cells.errors import UserError
from internvid_assets.home import Home
from internvid_assets.media.frames import FrameStore
from internvid_assets.media.grids import cells_of
from internvid_assets.settings import load_settings

CATEGORY = "sports"
CLIPS = {"long": [0.417, 2.417, 7.25], "short": [0.5, 1.5], "single": [0.5]}
"""The seconds of each clip's keyframes."""

OpenHome = Callable[..., Home]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with loopback_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def open_home(endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenHome:
    """A home whose clips have keyframes, under profile server and further settings."""
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    server = {"base_url": endpoint.base_url, "name": MODEL, "revision": "spring", "backoff_seconds": 0.01, "tries": 2}
    told = [f"home={tmp_path / 'home'}", "profile=server", *(f"server.{key}={value}" for key, value in server.items())]

    def open(*overrides: str) -> Home:
        return Home(load_settings([*told, *overrides]))

    write_keyframes(open(), CLIPS)
    return open


def write_keyframes(home: Home, clips: dict[str, list[float]]) -> None:
    rng = np.random.default_rng(0)
    rows, jpegs = [], {}
    for clip_id, seconds in clips.items():
        for number, second in enumerate(seconds):
            name = f"{clip_id}{number}"
            noise = rng.integers(250, size=(24, 32, 3), dtype=np.uint8)
            jpegs[name] = cv2.imencode(".jpg", noise)[1].tobytes()
            key = {"clip_id": clip_id, "keyframe": number, "category": CATEGORY, "frame_hash": name}
            rows.append({**key, "into_clip_seconds": second, "attempts": 1, "recipe": "r", "input_hash": clip_id})
    home.frames(CATEGORY).put(jpegs)
    types = {name: column.dtype for name, column in tables.Keyframes.columns().items()}
    home.lake.write(pl.LazyFrame(rows, schema=types), "keyframes", CATEGORY, schema=tables.Keyframes)


def images(home: Home, clip_id: str) -> list[np.ndarray]:
    return FrameStore(home.path / "frames" / CATEGORY).images([f"{clip_id}{i}" for i in range(len(CLIPS[clip_id]))])


def table(home: Home, name: str) -> pl.DataFrame:
    return home.lake.scan(name, CATEGORY).collect()


def parts(request: dict[str, Any]) -> list[str | np.ndarray]:
    """Texts and pictures of a request, in their order."""
    content = request["messages"][0]["content"]
    return [part["text"] if part["type"] == "text" else picture(part["image_url"]["url"]) for part in content]


def pictures(request: dict[str, Any]) -> list[np.ndarray]:
    return [part for part in parts(request) if not isinstance(part, str)]


def window(endpoint: Endpoint, *seen: np.ndarray) -> list[str | np.ndarray]:
    """The one request that held exactly these pictures."""
    (found,) = [each for each in endpoint.requests if pictures(each) and same(pictures(each), list(seen))]
    return parts(found)


def same(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return len(some) == len(others) and all(np.array_equal(*pair) for pair in zip(some, others, strict=True))


def test_a_window_holds_both_pictures_what_was_said_before_and_the_real_times(open_home, endpoint):
    home = open_home()
    home.fill(keyframe_captions, CATEGORY)
    for clip_id, seconds in CLIPS.items():
        seen = images(home, clip_id)
        expected = [caption_of(seen[0]), *(caption_of(*pair) for pair in pairwise(seen))]
        rows = table(home, "keyframe_captions").filter(clip_id=clip_id)
        assert rows["caption"].to_list() == expected
        assert rows.select("keyframe", "into_clip_seconds").rows() == list(enumerate(seconds))
    assert len(endpoint.requests) == sum(map(len, CLIPS.values()))
    first, second, third = images(home, "long")
    text, alone, _ = window(endpoint, first)
    assert "0.42 s after" in text and np.array_equal(alone, first)
    before, then, between, now, _ = window(endpoint, second, third)
    assert "2.42 s after" in before and np.array_equal(then, second)
    assert caption_of(first, second) in between and "7.25 s after" in between and np.array_equal(now, third)


def test_the_cost_of_each_keyframe_is_kept(open_home):
    home = open_home("server.dollars_per_million_prompt_tokens=1.0")
    home.fill(keyframe_captions, CATEGORY)
    rows = table(home, "keyframe_captions")
    assert (rows["log_probability"] == -0.5).all() and (rows["cost_dollars"] == 10 / 1e6).all()


def test_a_keyframe_without_an_answer_is_its_clips_error_and_nobody_elses(open_home, endpoint):
    home = open_home()
    first, second, _ = images(home, "long")
    endpoint.meet(caption_of(first, second), sends(400))
    home.fill(keyframe_captions, CATEGORY)
    rows = table(home, "keyframe_captions")
    (failed,) = rows.filter(pl.col("error").is_not_null()).iter_rows(named=True)
    assert (failed["clip_id"], failed["keyframe"], failed["error"]) == ("long", 0, "request_refused")
    assert failed["error_message"].startswith("keyframe 1 of 3: ")
    assert rows.filter(clip_id="long").height == 1 and rows["caption"].null_count() == 1
    home.fill(dense_captions, CATEGORY)
    assert table(home, "dense_captions")["clip_id"].to_list() == ["short", "single"]


def test_a_slow_clip_holds_up_nobody(open_home, endpoint):
    home = open_home()
    endpoint.meet(caption_of(images(home, "long")[0]), late(1.0))
    home.fill(keyframe_captions, CATEGORY)
    order = [pictures(request) for request in endpoint.requests]

    def place(of: list[np.ndarray]) -> int:
        return next(index for index, seen in enumerate(order) if same(seen, of))

    assert place(images(home, "short")) < place(images(home, "long")[:2]), "nor did its second keyframe wait"


def test_a_changed_summary_prompt_asks_for_no_picture(open_home, endpoint, tmp_path):
    home = open_home()
    for feature in (keyframe_captions, dense_captions):
        home.fill(feature, CATEGORY)
    (asked,) = [parts(each)[0] for each in endpoint.requests if not pictures(each) and "[7.25 s]" in parts(each)[0]]
    told = table(home, "keyframe_captions").filter(clip_id="long")["caption"].to_list()
    lines = [f"[{seconds} s] {caption}" for seconds, caption in zip(("0.42", "2.42", "7.25"), told, strict=True)]
    assert "\n".join(lines) in asked
    before = table(home, "dense_captions")
    assert before["clip_id"].to_list() == list(CLIPS) and before["error"].null_count() == 3
    endpoint.requests.clear()
    (tmp_path / "short.txt").write_text("One sentence of: {captions}")
    home = open_home("dense_captions.summary_prompt=short.txt")
    for feature in (keyframe_captions, dense_captions):
        home.fill(feature, CATEGORY)
    assert len(endpoint.requests) == 3 and not any(map(pictures, endpoint.requests))
    assert all(parts(each)[0].startswith("One sentence of: [") for each in endpoint.requests)
    assert set(table(home, "dense_captions")["caption"]).isdisjoint(before["caption"])


@pytest.mark.parametrize("layout", ["strip", "grid"])
def test_mode_fast_looks_once_at_all_keyframes_in_one_picture(open_home, endpoint, layout):
    home = open_home("dense_captions.mode=fast", f"dense_captions.layout={layout}")
    home.fill(keyframe_captions, CATEGORY)
    assert endpoint.requests == [] and table(home, "keyframe_captions").is_empty()
    home.fill(dense_captions, CATEGORY)
    sheets = [pictures(request) for request in endpoint.requests]
    assert [len(each) for each in sheets] == [1, 1, 1]
    assert any(same(cells_of(sheet), images(home, "long")) for (sheet,) in sheets)
    assert any("0.42, 2.42, 7.25 s" in parts(request)[0] for request in endpoint.requests)
    assert table(home, "dense_captions")["caption"].null_count() == 0


def test_a_long_clip_is_thinned_in_mode_fast(open_home, endpoint):
    home = open_home("dense_captions.mode=fast", "dense_captions.max_keyframes=2")
    home.fill(dense_captions, CATEGORY)
    assert {len(cells_of(pictures(request)[0])) for request in endpoint.requests} == {1, 2}


def test_without_differential_captions_a_summary_says_what_is_missing(open_home, endpoint):
    home = open_home()
    home.fill(dense_captions, CATEGORY)
    assert set(table(home, "dense_captions")["error"]) == {"not_captioned"} and endpoint.requests == []


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("keyframe_captions.differential_prompt", "{previous_picture} {picture} {seconds}"),
        ("keyframe_captions.first_prompt", "{picture}"),
        ("dense_captions.summary_prompt", "no place"),
        ("dense_captions.fast_prompt", "{picture} {seconds} {captions}"),
    ],
)
def test_a_template_with_other_places_is_refused(open_home, tmp_path, setting, text):
    (tmp_path / "mine.txt").write_text(text)
    with pytest.raises(UserError, match="the prompt has the placeholders"):
        open_home(f"{setting}=mine.txt").fill(keyframe_captions, CATEGORY)
