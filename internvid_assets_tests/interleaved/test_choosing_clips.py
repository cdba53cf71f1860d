"""Which clips the files of sql/interleaved take, and which videos they pair."""

from __future__ import annotations

import pytest

from internvid_assets.interleaved.sequences import Budget

VIDEOS = [f"video{i:04}" for i in range(1000)]


@pytest.fixture
def many(clips):
    for video_id in VIDEOS:
        clips.add(video_id, ["a ball falls"])
    return clips


def kept(clips, **parameters) -> set[str]:
    return {row["video_ids"][0] for row in clips.sequences("captioned", **parameters)}


def test_three_of_ten_videos_are_dropped_the_same_ones_as_the_lake_grows(many):
    """Four standard deviations of 1000 draws with p = 0.3 are 58."""
    before = kept(many, drop_probability=0.3)
    assert 642 <= len(before) <= 758
    for i in range(100):
        many.add(f"new{i}", ["a ball falls"])
    after = kept(many, drop_probability=0.3)
    assert after & set(VIDEOS) == before and len(after) > len(before)
    other = kept(many, drop_probability=0.3, seed=43) & set(VIDEOS)
    assert 427 <= len(before & other) <= 553  # 0.7 of 0.7


def test_the_pictures_of_clips_are_dropped_and_their_captions_stay(many):
    rows = many.sequences("captioned", drop_probability=0.3, drop_unit="clip")
    assert len(rows) == 1000 and {len(row["items"]) for row in rows} == {1, 2}
    shown = sum(row["clip_count"] for row in rows)
    assert 642 <= shown <= 758 and sum(row["image_count"] for row in rows) == 4 * shown


def test_copies_never_and_benchmarks_only_if_asked_for(clips):
    for video_id in ("new", "copy", "tested"):
        clips.add(video_id, ["a ball falls"])
    clips.withhold("copy", "copy")
    clips.withhold("tested", "benchmark")
    assert kept(clips) == {"new"}
    assert kept(clips, decontaminate=False) == {"new", "tested"}


def test_a_subset_is_taken_alone(clips):
    clips.add("v", ["one", "two"]).add("w", ["three"])
    clips.rows["internvid_10m"].append({"clip_id": "v_1", "video_id": "v", "category": "sports"})
    (row,) = clips.sequences("captioned", subset="internvid_10m")
    assert [item["clip_id"] for item in row["items"]] == ["v_1", "v_1"]


@pytest.mark.parametrize(("count", "expected"), [(1, 0), (4, 4), (8, 3)])
def test_pictures_are_the_frames_asked_for(clips, count: int, expected: int):
    clips.add("v", ["one"])
    for row, position in zip(clips.rows["clip_frames"], (5, 0, 2), strict=False):
        row["uniform_8"] = position
    rows = clips.sequences("captioned", images_per_clip=count)
    assert [row["image_count"] for row in rows] == [expected] * bool(expected)  # a clip without any is left out
    if count == 8:
        assert rows[0]["items"][0]["frame_hashes"] == ["v_0/1", "v_0/2", "v_0/0"]


def pairs(clips, **parameters) -> dict[str, str]:
    return {row["video_ids"][0]: row["video_ids"][1] for row in clips.sequences("paired", **parameters)}


def test_chance_makes_a_ring_of_all_videos(many):
    """Each opens one pair and closes one; a new video changes the pair before it and no other."""
    before = pairs(many)
    assert set(before) == set(before.values()) == set(VIDEOS)
    assert all(one != other for one, other in before.items())
    many.add("new", ["a ball falls"])
    after = pairs(many)
    assert len([one for one in VIDEOS if after[one] != before[one]]) == 1
    assert pairs(many, seed=1) != after


def test_a_query_relates_what_it_found(clips):
    for video_id, query in {"a": "chess", "b": "chess", "c": "golf", "d": None, "e": None}.items():
        clips.add(video_id, ["a ball falls"], query=query)
    assert pairs(clips, pairing="query") == {"a": "b", "b": "a"}


def test_an_embedding_relates_the_most_alike_that_are_there(clips):
    for video_id in "abc":
        clips.add(video_id, ["a ball falls"])
    for video_id, others in {"a": "xcb", "b": "a"}.items():
        for rank, other in enumerate(others, start=1):
            related = {"video_id": video_id, "other_video_id": other, "rank": rank, "cosine": 1 - rank / 10}
            clips.rows["related_videos"].append(related)
    assert pairs(clips, pairing="embedding") == {"a": "c", "b": "a"}


def test_a_single_video_has_no_partner(clips):
    assert clips.add("v", ["a ball falls"]).sequences("paired") == []


def test_a_pair_is_one_video_after_the_other_half_a_budget_each(clips, short):
    clips.add("v", ["one", "two", "three"]).add("w", ["four"], category="music")
    rows = {row["video_ids"][0]: row for row in clips.sequences("paired", Budget(max_tokens=100, max_images=16))}
    assert short(rows["v"]) == ["v_0", "one", "v_1", "two", "w_0", "four"]
    assert short(rows["w"]) == ["w_0", "four", "v_0", "one", "v_1", "two"]
    assert {row["left_out_clips"] for row in rows.values()} == {1}
    assert rows["v"]["sequence_id"] == "v+w+0" and rows["v"]["items"][-1]["category"] == "music"
