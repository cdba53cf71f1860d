"""internvid takedown: what is taken down leaves cells, pictures and tables, and no source brings it back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
from console import run_here

from internvid_assets import tables

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")


def rows(home: Path, table: str) -> pl.DataFrame:
    return pl.read_parquet(home / "lake" / table / "category=sports" / "table.parquet")


def rows_of_any(home: Path, table: str) -> pl.DataFrame:
    return pl.concat(pl.read_parquet(path) for path in (home / "lake" / table).rglob("*.parquet"))


def remembered(home: Path, table: str) -> set[str]:
    parts = [*(home / "cells" / table).glob("recipe=*/category=sports/*.parquet")]
    return set(pl.concat([pl.read_parquet(part, columns=["input_hash"]) for part in parts])["input_hash"])


def naming(home: Path, video_id: str, tables_of_clips: list[str]) -> dict[str, int]:
    """Rows of the lake's tables that speak of the video."""
    named = {}
    for path in (home / "lake").rglob("*.parquet"):
        table = pl.read_parquet(path)
        column = next((name for name in ("video_id", "clip_id") if name in table.columns), None)
        if column and path.parts[-3 if "category=" in path.parent.name else -2] in tables_of_clips:
            count = table.filter(pl.col(column).cast(pl.String).str.starts_with(video_id)).height
            named[str(path.relative_to(home))] = count
    return named


def test_a_video_is_erased_at_once_leaves_the_tables_and_stays_away(home: Path, world: Path, tmp_path: Path) -> None:
    from internvid_assets.media.frames import FrameStore

    video_id = rows(home, "clips").filter(pl.col("rejection_reason").is_null())["video_id"][0]
    theirs = {table: rows(home, table) for table in ("clips", "clip_frames", "fused_captions", "caption_verbs")}
    clips = theirs["clips"].filter(video_id=video_id)["clip_id"].to_list()
    before = {table: remembered(home, table) for table in theirs}
    frames = theirs["clip_frames"].filter(pl.col("clip_id").is_in(clips))["frame_hash"].drop_nulls()

    done = run_here("takedown", video_id, "--reason", "the author asked", "--format", "json", home=home)
    assert done.exit_code == 0, done.stderr
    assert {"video_id": video_id, "place": "clips of sports", "clips": len(clips)} in json.loads(done.stdout)
    assert rows(home, "videos").filter(video_id=video_id)["rejection_reason"].item() == "taken_down"
    for table, table_rows in theirs.items():
        owned = pl.col("video_id") == video_id if table == "clips" else pl.col("clip_id").is_in(clips)
        gone = set(table_rows.filter(owned)["input_hash"]) - set(table_rows.filter(~owned)["input_hash"])
        assert gone and remembered(home, table) == before[table] - gone, table
    assert FrameStore(home / "frames" / "sports").missing(frames.to_list()) == set(frames)

    to_files = ("export", "captioned_clips", "--format", "internvid", "--to", tmp_path / "all.jsonl")
    for leaving in (to_files, ("export-clips", "clips", "--to", tmp_path / "clips")):
        refused = run_here(*leaving, home=home)
        assert refused.exit_code == 1 and refused.stderr.count("\n") == 1
        assert (
            f"{leaving[1]} still contains 1 videos that have been taken down since, such as {video_id};"
            in refused.stderr
        )

    shutil.copy(next((world / "sports").glob(f"{video_id}.*[4mv]")), world / "sports" / "another-name.mp4")
    try:
        again = run_here("materialize", "--category", "sports", home=home)
    finally:
        (world / "sports" / "another-name.mp4").unlink()
    assert again.exit_code == 0, again.stderr
    assert run_here(*to_files, home=home).exit_code == 0
    assert video_id not in (tmp_path / "all.jsonl").read_text()
    kept = [*tables.PER_CATEGORY.keys() - {"candidate_videos", "acquired_videos", "videos"}, "internvid_10m_div"]
    assert set(naming(home, video_id, kept).values()) == {0}
    judged = rows(home, "videos").filter(pl.col("rejection_reason") == "taken_down")
    assert judged.height == 2 and set(judged["error"]) == {None, "taken_down"}
    assert remembered(home, "fused_captions") <= before["fused_captions"]


def test_an_erasure_that_was_killed_is_done_by_the_next(home: Path) -> None:
    from internvid_assets.definitions import features
    from internvid_assets.home import Home
    from internvid_assets.releases.erasing import write_plan
    from internvid_assets.settings import load_settings

    video_id = rows(home, "clips").filter(pl.col("rejection_reason").is_null())["video_id"][0]
    planned = Home(load_settings([f"home={home}"])), [video_id], [feature for _, feature in features()]
    write_plan(*planned)
    before, captions = remembered(home, "clips"), remembered(home, "fused_captions")
    (home / "lake" / "fused_captions" / "category=sports" / "table.parquet").unlink()
    write_plan(*planned)  # tells less than the first by now, and leaves it alone
    done = run_here("takedown", "never-seen-before", home=home)
    assert done.exit_code == 0, done.stderr
    assert len(remembered(home, "clips")) == len(before) - 1
    assert remembered(home, "fused_captions") < captions
    assert not [*(home / "erasures").glob("*.parquet")]
    assert 'never-seen-before,"",requested,' in (home / "takedowns.csv").read_text()


def test_a_damaged_plan_of_an_erasure_is_named(empty: Path) -> None:
    (empty / "erasures").mkdir(parents=True)
    (plan := empty / "erasures" / "cut.parquet").write_bytes(b"PAR1")
    done = run_here("takedown", "somebody", home=empty)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"internvid: {plan} is damaged; restore it, or remove it: ")


def test_an_empty_id_is_refused_before_it_spoils_the_registry(empty: Path) -> None:
    done = run_here("takedown", "somebody", " ", home=empty)
    assert (done.exit_code, done.stderr) == (1, "internvid: a video id is empty; nothing was taken down\n")
    assert not (empty / "takedowns.csv").exists()


def test_a_damaged_registry_is_named(empty: Path) -> None:
    empty.mkdir()
    (empty / "takedowns.csv").write_text("reason\nasked\n")
    refused = run_here("takedown", "v", home=empty)
    assert refused.exit_code == 1
    assert "takedowns.csv, line 2: no video_id" in refused.stderr


@pytest.mark.parametrize("harm", ["garbled", "no_manifest", "changed", "cut_off", "lost"])
def test_a_damaged_release_is_named_and_keeps_no_video(home: Path, harm: str) -> None:
    release = next((home / "releases").glob("[!.]*"))
    manifest, chosen = release / "manifest.json", release / "subsets" / "internvid_10m.parquet"
    video_id = pl.read_parquet(chosen)["video_id"][0]
    harmed = chosen if harm in ("cut_off", "lost") else manifest
    content = harmed.read_bytes()
    harmed.unlink()
    if harm in ("garbled", "cut_off"):
        harmed.write_bytes(content[:-20])
    elif harm == "changed":
        told = json.loads(content)
        del told["made_of"]["subsets"]["internvid_10m"]
        harmed.write_text(json.dumps(told))

    done = run_here("takedown", video_id, "--format", "json", home=home)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 0 and line.startswith("internvid: taken down, but ")
    assert str(release) in line and line.endswith(("restore it, or remove its folder", "or remove the folder"))
    assert f"{video_id}," in (home / "takedowns.csv").read_text()
    assert rows_of_any(home, "videos").filter(video_id=video_id)["rejection_reason"].item() == "taken_down"
    places = {row["place"] for row in json.loads(done.stdout)}
    assert "subset internvid_10m" in places
    assert (f"release {release.name}, internvid_10m_div" in places) == (harm in ("changed", "cut_off", "lost"))
