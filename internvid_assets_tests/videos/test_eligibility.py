"""Which videos are taken: limits inclusive, reasons in a fixed order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from internvid_assets.videos.eligibility import rejection_reason

GOOD: dict[str, Any] = {
    "video_id": "a",
    "content_hash": "h",
    "duration_seconds": 60.0,
    "width_pixels": 640,
    "height_pixels": 360,
    "error": None,
    "known_dataset": None,
}
DTYPES = {"error": pl.String, "known_dataset": pl.String, "duration_seconds": pl.Float64, "content_hash": pl.String}


def judged(*rows: dict[str, Any], **limits: float) -> list[str | None]:
    frame = pl.DataFrame([GOOD | row for row in rows], schema_overrides=DTYPES)
    return frame.select(rejection_reason(**limits)).to_series().to_list()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"duration_seconds": 10.0}, None),
        ({"duration_seconds": 9.99}, "too_short"),
        ({"duration_seconds": 1800.0}, None),
        ({"duration_seconds": 1800.01}, "too_long"),
        ({"width_pixels": 360, "height_pixels": 640}, None),
        ({"height_pixels": 359}, "low_resolution"),
        ({"width_pixels": 359, "height_pixels": 640}, "low_resolution"),
        ({"duration_seconds": 3.0, "height_pixels": 240}, "too_short"),
        ({"duration_seconds": 4000.0, "height_pixels": 240}, "too_long"),
        ({"error": "undecodable", "duration_seconds": None, "content_hash": None}, "undecodable"),
        ({"known_dataset": "kinetics_700"}, "known_dataset"),
        ({"known_dataset": "kinetics_700", "error": "undecodable", "content_hash": None}, "known_dataset"),
        ({"duration_seconds": None}, "too_short"),
        ({"width_pixels": None, "height_pixels": None}, "low_resolution"),
    ],
)
def test_first_broken_rule(change: dict[str, Any], reason: str | None) -> None:
    assert judged(change) == [reason]


def test_of_equal_bytes_the_smallest_id_is_kept() -> None:
    assert judged({"video_id": "c"}, {"video_id": "a"}, {"video_id": "b", "content_hash": "other"}) == [
        "duplicate",
        None,
        None,
    ]


def test_files_without_a_hash_are_no_duplicates_of_each_other() -> None:
    failed = {"error": "file_empty", "content_hash": None}
    assert judged({"video_id": "a", **failed}, {"video_id": "b", **failed}) == ["file_empty", "file_empty"]


def test_limits_are_parameters() -> None:
    row = {"duration_seconds": 3.0, "height_pixels": 96}
    assert judged(row, min_duration_seconds=0, min_short_side_pixels=0, max_duration_seconds=100_000) == [None]


def test_known_videos_are_taken_where_the_settings_say_so() -> None:
    assert judged({"known_dataset": "kinetics_700"}, exclude_known=False) == [None]
