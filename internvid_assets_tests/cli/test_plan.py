"""internvid plan: names what would be computed, and changes nothing."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from console import calls, files, run_here

from internvid_assets.cells.plan import Share, _with_upstream

FEATURES = [
    *["caption_phrases", "query_translations", "acquired_videos", "videos", "clips", "clip_frames"],
    *["subtitle_cues", "speech_cues", "transcripts"],
    *["center_captions", "frame_captions", "fused_captions", "keyframes", "keyframe_captions", "dense_captions"],
    *["aesthetic_scores", "umt_scores", "clip_scores", "shuffled_scores", "safety_scores", "caption_languages"],
    *["clip_embeddings", "caption_verbs"],
]


def planned(internvid, *arguments, **variables) -> dict[str, dict]:
    done = internvid("plan", *arguments, "--format", "json", **variables)
    assert (done.exit_code, done.stderr) == (0, "")
    return {row["asset"]: row for row in json.loads(done.stdout)}


def pending(rows) -> dict[str, tuple[int, str]]:
    return {name: (row["rows_to_compute"], row["bound"]) for name, row in rows.items() if row["rows_to_compute"]}


def test_everything_is_done_and_everything_is_listed(internvid):
    rows = planned(internvid)
    assert list(rows) == FEATURES
    assert all(set(row) >= {"asset", "rows_to_compute", "rows_reused", "seconds"} for row in rows.values())
    assert pending(rows) == {}
    assert rows["videos"]["rows_reused"] == 6 and all(row["seconds"] == 0 for row in rows.values())


def test_it_changes_nothing(internvid, finished):
    before = list(files(finished))
    planned(internvid, "--set", "clips.threshold=30")
    internvid("status")
    assert list(files(finished)) == before


def test_one_changed_parameter_names_its_rows_exactly_and_those_behind_at_most(internvid):
    rows = planned(internvid, "--set", "fused_captions.max_frame_captions=2")
    captions = int(internvid("sql", "select count(*) from fused_captions", "-f", "csv").stdout.split()[1])
    readers = "clip_embeddings umt_scores clip_scores shuffled_scores caption_languages caption_verbs".split()
    behind = dict.fromkeys(readers, (captions, "at most"))
    assert captions > 5
    assert pending(rows) == {"fused_captions": (captions, "exactly"), **behind}
    assert rows["fused_captions"]["seconds"] > 0 and rows["fused_captions"]["rows_reused"] == 0


def test_only_the_selected_assets_are_changed_and_listed(internvid):
    rows = planned(internvid, "key:umt_scores", "--set", "fused_captions.max_frame_captions=2")
    assert list(rows) == ["umt_scores"] and pending(rows) == {}


def test_a_looser_judgement_computes_what_it_lets_in(internvid):
    """No video is measured again; the one that was too short is cut; what that brings nobody knows yet."""
    rows = planned(internvid, "--set", "videos.min_duration_seconds=1")
    assert rows["videos"]["rows_to_compute"] == 0
    assert (rows["clips"]["rows_to_compute"], rows["clips"]["rows_reused"]) == (1, 5)
    assert rows["clips"]["bound"] == "exactly"
    assert 1 <= rows["clip_frames"]["rows_to_compute"] <= 6 and rows["clip_frames"]["bound"] == "about"


def test_a_stricter_judgement_computes_nothing(internvid):
    """But new pairs of a clip and another's caption, where the other clip is gone."""
    assert pending(planned(internvid, "--set", "videos.min_duration_seconds=1000")) == {}
    pairs = pending(planned(internvid, "--set", "clips.max_still_motion=1"))
    assert set(pairs) <= {"shuffled_scores"} and all(calls <= 3 for calls, _ in pairs.values())


def test_new_videos_are_counted_before_they_are_listed(internvid, world, empty):
    run_here("ingest", world / "sports", "-c", "sports", home=empty)
    rows = planned(internvid, home=empty)
    assert pending(rows)["acquired_videos"] == (4, "exactly")
    assert {bound for name, (_, bound) in pending(rows).items() if name != "acquired_videos"} == {"about"}
    assert rows["videos"]["seconds"] is None


def test_a_category_without_rows_is_estimated_from_the_others(internvid, home, world):
    run_here("ingest", world / "music", "-c", "comedy", home=home)
    rows = pending(planned(internvid, "-c", "sports", "-c", "comedy", home=home))
    assert rows["acquired_videos"] == (2, "exactly")
    assert rows["videos"] == (2, "about")
    assert rows["frame_captions"][0] > 5 * rows["clips"][0] and rows["frame_captions"][1] == "about"


def test_plan_and_materialize_agree(internvid, home):
    """Forget some captions: what plan says is what is computed."""
    (part,) = (home / "cells/center_captions").rglob("category=sports/*.parquet")
    forgotten = calls(home, "center_captions")["center_captions"]
    part.unlink()
    forgotten -= calls(home, "center_captions")["center_captions"]
    rows = planned(internvid, "key:center_captions", home=home)
    assert pending(rows) == {"center_captions": (forgotten, "exactly")}
    assert run_here("materialize", "key:center_captions", "-c", "sports", home=home).exit_code == 0
    assert pending(planned(internvid, home=home)) == {}


@pytest.mark.parametrize(
    ("own", "above", "expected"),
    [
        (Share(10, 0), Share(10, 4, 4), (4, "at most")),  # one row behind each
        (Share(5, 0), Share(20, 4, 4), (4, "at most")),  # four rows share one: four others may each touch one
        (Share(5, 0), Share(20, 20, 20), (5, "at most")),
        (Share(30, 0), Share(10, 4, 4), (12, "about")),  # three rows behind each
        (Share(10, 2, 2), Share(10, 4, 4, "at most"), (6, "at most")),  # its own and those behind may be others
        (Share(10, 0), Share(10, 4, 4, "about"), (4, "about")),
        (Share(0, 0), Share(10, 4, 4), (4, "about")),  # nobody knows yet
        (Share(10, 3, 3), Share(10, 0, 0), (3, "exactly")),
        (Share(32), Share(47, 35, 35, added=35), (94, "about")),  # 32 rows of 12 videos; 35 new ones bring as many each
        (Share(12), Share(47, 35, 35, added=35), (35, "about")),
        (Share(32, 32, 32), Share(47, 47, 47, added=35), (126, "about")),  # all are made again, and those of new videos
    ],
)
def test_how_far_a_change_may_reach(own, above, expected):
    feature = SimpleNamespace(upstream_tables=("above",))
    share = _with_upstream(feature, "music", {"music": own}, {("above", "music"): above})
    assert (share.touched, share.bound) == expected


def test_new_videos_beside_known_ones_add_to_what_is_reused(internvid, home, world):
    before = planned(internvid, "-c", "music", home=home)
    run_here("ingest", world / "sports", "-c", "music", home=home)
    rows = planned(internvid, "-c", "music", home=home)
    assert pending(rows)["acquired_videos"] == (4, "exactly") and pending(rows)["videos"] == (4, "about")
    for name in ("clips", "clip_frames", "frame_captions"):
        assert rows[name]["rows_reused"] == before[name]["rows_reused"] > 0
        assert pending(rows)[name] == (2 * before[name]["rows_reused"], "about")


def test_what_is_evaluated_is_planned_by_subset_where_the_selection_names_it(internvid, empty):
    settings = ["--set", 'evaluation.checkpoints=["clip"]', "--set", "evaluation.drawn_videos=10"]
    settings += ["--set", 'training.subsets=["internvid_10m", "internvid_50m"]', "--set", "profile=sample"]
    chosen = "key:evaluation_videos or key:zero_shot_actions or key:video_text_retrieval"
    everything = {"evaluation_videos": 1, "zero_shot_actions": 2, "video_text_retrieval": 2}
    first = planned(internvid, chosen, *settings, home=empty)
    assert {name: row["rows_to_compute"] for name, row in first.items()} == everything
    done = run_here("materialize", chosen, *settings, home=empty)
    assert done.exit_code == 0, done.stderr
    rows = planned(internvid, chosen, *settings, home=empty)
    assert pending(rows) == {} and {name: row["rows_reused"] for name, row in rows.items()} == everything
    worded = planned(internvid, chosen, *settings, "--set", "evaluation.templates=paper", home=empty)
    assert pending(worded) == {"zero_shot_actions": (2, "exactly")}
    others = planned(internvid, chosen, *settings, "--set", "evaluation.drawn_seed=1", home=empty)
    behind = dict.fromkeys(("zero_shot_actions", "video_text_retrieval"), (2, "at most"))
    assert pending(others) == {"evaluation_videos": (1, "exactly"), **behind}
    shown = internvid("recipes", "show", "zero_shot_actions", *settings, "--format", "csv", home=empty).stdout
    assert "evaluation.checkpoints,['clip'],--set,true" in shown and "prompt,{},settings,true" in shown
