"""A checkpoint tells which videos it was trained on."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from internvid_assets.viclip.rows import write_rows
from internvid_assets.viclip.trained_on import checkpoints_with


def checkpoint(folder: Path, videos: list[str], *, has_weights: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    clips = [f"{video}_{number}" for number, video in enumerate(videos)]
    write_rows(pl.DataFrame({"clip_id": clips, "video_id": videos}), folder / "rows.arrow")
    if has_weights:
        (folder / "model.safetensors").touch()
    return folder


def test_checkpoints_are_found_by_the_videos_they_were_trained_on(tmp_path: Path):
    checkpoint(tmp_path / "viclip_checkpoint/internvid_10m/a/training/step-00000500", ["v1", "v2", "v1"])
    checkpoint(tmp_path / "viclip_checkpoint/internvid_10m_flt/b/training/step-00000500", ["v2"])
    checkpoint(tmp_path / "viclip_checkpoint/internvid_10m/a", ["v1"], has_weights=False)
    damage: list[str] = []
    found = [*checkpoints_with(tmp_path, ["v1", "v9"], damage.append)]
    assert found == [("viclip_checkpoint/internvid_10m/a/training/step-00000500", "v1", 2)]
    assert [*checkpoints_with(tmp_path / "none", ["v1"], damage.append)] == damage == []


def test_rows_that_cannot_be_read_are_named_and_hide_no_others(tmp_path: Path):
    rows = checkpoint(tmp_path / "step-00000001", ["v1"]) / "rows.arrow"
    rows.write_bytes(rows.read_bytes()[:100])
    checkpoint(tmp_path / "step-00000002", ["v1"])
    damage: list[str] = []
    assert [*checkpoints_with(tmp_path, ["v1"], damage.append)] == [("step-00000002", "v1", 1)]
    (told,) = damage
    assert told.startswith(f"{rows} is damaged (")
