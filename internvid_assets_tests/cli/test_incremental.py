"""A change costs what it changes: counted in remembered calls, before and after."""

from __future__ import annotations

import json
import shutil

from console import calls, cells, run_here

CAPTIONS_ON = "key:fused_captions or key:clip_embeddings or key:umt_scores or key:caption_verbs"
TABLES = [
    *["videos", "clips", "clip_frames", "subtitle_cues", "speech_cues", "transcripts"],
    *["center_captions", "frame_captions", "fused_captions", "clip_embeddings"],
    *["keyframes", "keyframe_captions", "dense_captions"],
    *["aesthetic_scores", "umt_scores", "shuffled_scores", "safety_scores", "caption_languages", "caption_verbs"],
]


def done(*arguments, home):
    finished = run_here(*arguments, home=home)
    assert finished.exit_code == 0, finished.stderr
    return finished


def rows(home, query):
    return json.loads(done("sql", query, "-f", "json", home=home).stdout)


def captions(home):
    return {row["clip_id"]: row["caption"] for row in rows(home, "select clip_id, caption from fused_captions")}


def made(before, after):
    return {table: after[table] - before[table] for table in before if after[table] != before[table]}


def test_a_changed_parameter_travels_as_far_as_values_change_and_back_costs_nothing(home):
    """InternVid's fusion from two frames per clip instead of up to sixteen."""
    before, old = calls(home, *TABLES), captions(home)
    done("materialize", CAPTIONS_ON, "--set", "fused_captions.max_frame_captions=2", home=home)
    new, after = captions(home), calls(home, *TABLES)
    changed = [clip for clip in old if old[clip] != new[clip]]
    assert 0 < len(changed) < len(old), "a case in which some captions change and some do not"
    assert made(before, after) == {
        "fused_captions": before["fused_captions"],
        "clip_embeddings": len(changed),
        "umt_scores": len(changed),
        "caption_verbs": made(before, after)["caption_verbs"],
    }
    assert 0 < made(before, after)["caption_verbs"] <= len({new[clip] for clip in changed})
    states = {row["asset"]: row for row in json.loads(done("status", "-f", "json", home=home).stdout)}
    assert {name for name, row in states.items() if row["made_otherwise"]} == {"fused_captions"}

    done("materialize", CAPTIONS_ON, home=home)
    assert calls(home, *TABLES) == after
    assert captions(home) == old


def test_a_looser_duration_computes_what_the_video_it_lets_in_brings(home):
    before = calls(home, *TABLES)
    kept = {table: cells(home, table) for table in TABLES}
    loose = ["--set", "videos.min_duration_seconds=1"]
    done("materialize", "+key:center_captions", "-c", "sports", *loose, home=home)
    new = made(before, calls(home, *TABLES))
    (short,) = rows(home, "select video_id from videos where duration_seconds < 10")
    (count,) = rows(
        home,
        f"select count(*) n, count(*) filter (rejection_reason is null) kept from clips "
        f"where video_id = '{short['video_id']}'",
    )
    assert count["kept"] > 0
    assert new == {"clips": 1, "clip_frames": count["n"], "center_captions": count["kept"]}
    for table in TABLES:
        assert kept[table].join(cells(home, table), on=kept[table].columns, how="anti").is_empty()
    states = {row["asset"]: row for row in json.loads(done("status", "-f", "json", home=home).stdout)}
    assert states["videos"]["made_otherwise"] == 1
    waiting = {name: row["pending_rows"] for name, row in states.items() if row["pending_rows"]}
    assert waiting["frame_captions"] > count["kept"]  # what was not asked for: several frames of each clip
    assert "center_captions" not in waiting and "clip_frames" not in waiting

    done("materialize", "+key:clips", "-c", "sports", home=home)
    assert made(before, calls(home, *TABLES)) == new
    assert rows(home, f"select clip_id from clips where video_id = '{short['video_id']}'") == []


def test_a_broken_file_is_a_row_with_a_reason_and_a_removed_one_is_none(world, tmp_path, home):
    folder = tmp_path / "mixed"
    folder.mkdir()
    (video,) = (world / "music").glob("*.webm")
    shutil.copy(video, folder / "good.webm")
    (folder / "text.mp4").write_text("this is no video")
    (folder / "cut off.mp4").write_bytes(next((world / "sports").glob("*.mp4")).read_bytes()[:20_000])
    (folder / "good.vtt").write_text("WEBVTT\n")
    done("ingest", folder, "-c", "comedy", home=home)
    done("materialize", "+key:clips", "-c", "comedy", home=home)
    query = "select source_uri, rejection_reason, error, error_message from videos where category = 'comedy' order by 1"
    broken, good, text = rows(home, query)
    assert good["source_uri"].endswith("/good.webm") and good["rejection_reason"] is None
    for row in (broken, text):
        assert row["rejection_reason"] == row["error"] and row["error_message"]
    assert text["error"] == "not_a_video"
    clips = "select count(*) n from clips where category = 'comedy'"
    assert rows(home, clips)[0]["n"] > 0

    before = calls(home, *TABLES)
    (folder / "good.webm").unlink()
    (folder / "text.mp4").unlink()
    done("materialize", "+key:clips", "-c", "comedy", home=home)
    assert [row["source_uri"] for row in rows(home, query)] == [broken["source_uri"]]
    assert rows(home, clips) == [{"n": 0}]
    assert calls(home, *TABLES) == before
