"""What the files of sql/subsets choose, on pools small enough to check by eye."""

import hashlib
import json
import math
import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from pools import Pool

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.selects.files import column_types, sql_file, sql_files
from internvid_assets.selects.running import count_steps, run_select, write_select

SHARED = Path(__file__).parents[2].parent / "shared"
GOLDEN_RATIO = 0.6180339887498949


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_every_subset_has_the_schema_of_chosen_clips(file, pool: Pool):
    chosen = pool.add("v", clips=2).choose(file.name)
    tables.ChosenClips.validate(chosen)
    assert chosen.columns == tables.ChosenClips.column_names()
    assert chosen["rank"].to_list() == list(range(1, chosen.height + 1))


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_an_empty_lake_gives_an_empty_subset(file):
    assert run_select(file, {}).schema == pl.Schema(column_types(file.name))


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_only_kept_clips_with_a_caption_are_chosen(file, pool: Pool):
    pool.add("kept").add("still", rejection="still").add("broken", error="undecodable").add("mute", caption=None)
    assert pool.choose(file.name, **_all(file.name))["video_id"].to_list() == ["kept"]


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_equal_videos_are_chosen_once_whatever_their_categories(file, pool: Pool):
    pool.add("b", clips=2, content="same", category="sports").add("a", clips=2, content="same", category="music")
    pool.add("c", content="other").add("c", content="other", category="music").add("d").add("e")
    chosen = pool.choose(file.name, **_all(file.name)).select("video_id", "category").rows()
    assert sorted(chosen) == [("a", "music"), ("a", "music"), ("c", "music"), ("d", "sports"), ("e", "sports")]


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_videos_of_benchmarks_and_their_copies_are_kept_out(file, pool: Pool):
    pool.add("tested", content="same").add("copy", content="same").add("known").add("new")
    for video_id, purpose in (("tested", "benchmark"), ("known", "exclude")):
        known = {"dataset": "d", "purpose": purpose, "video_id": video_id, "file": "f", "line": 1, "mentions": 1}
        pool.rows["known_videos"].append(known)
    assert set(pool.choose(file.name, **_all(file.name))["video_id"]) == {"known", "new"}


def _all(subset: str) -> dict[str, object]:
    return {"top_fraction": 1.0} if "top_fraction" in sql_file("subsets", subset).parameters else {}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_div_takes_clips_of_short_and_long_videos_alike(pool: Pool, seed: int):
    """A video's clips share its chance: 500 short and 500 long videos give 50 of 100 clips each, not 17 and 83."""
    for i in range(500):
        pool.add(f"short{i}", 1).add(f"long{i}", 5)
    drawn = pool.choose("internvid_10m_div", size=100, seed=seed)["video_id"]
    assert 30 <= drawn.str.starts_with("short").sum() <= 70  # 4 standard deviations


def test_div_includes_what_the_original_script_includes(pool: Pool):
    """The videos' counts of InternVid's div_sampling.py (numpy, seed 42) lie among ours over 25 seeds."""
    golden_file = SHARED / "golden" / "div_sampling.json"
    if not golden_file.exists() and os.environ.get("CI") != "true":
        pytest.skip("no golden data here")
    golden = json.loads(golden_file.read_text())
    videos = [f"vid{number:08}" for number in range(len(golden["clips_per_video"]))]
    for video, clips in zip(videos, golden["clips_per_video"], strict=True):
        pool.add(video, clips)
    orders = [pool.choose("internvid_10m_div", seed=seed)["video_id"] for seed in range(25)]
    for size, case in golden["cases"].items():
        ours = [Counter(order.head(int(size))) for order in orders]
        for video in videos:
            counts = [drawn[video] for drawn in ours]
            assert min(counts) <= case["per_video"].get(video, 0) <= max(counts), (size, video)


def test_div_is_the_same_every_time_and_another_seed_is_another_draw(pool: Pool):
    pool.add("v1", 20).add("v2", 20)
    first = pool.choose("internvid_10m_div", size=10)
    assert first.equals(pool.choose("internvid_10m_div", size=10))
    assert not first.equals(pool.choose("internvid_10m_div", size=10, seed=43))


def test_div_draws_the_clips_it_always_drew(pool: Pool):
    """The order by Python's own hashlib and math: were it another, every released subset would be another, too."""
    chosen = pool.add("a", 1).add("b", 3).choose("internvid_10m_div")
    keys = {
        "a_0_1": expected_key("a_0_1", 1),
        **{f"b_{i}_{i + 1}": expected_key(f"b_{i}_{i + 1}", 3) for i in range(3)},
    }
    expected = sorted(keys.items(), key=lambda pair: pair[1])
    assert chosen["clip_id"].to_list() == [clip_id for clip_id, _ in expected]
    assert chosen["sampling_key"].to_list() == pytest.approx([key for _, key in expected], abs=1e-12)
    assert chosen.filter(clip_id="b_0_1")["reason"].to_list() == ["drawn by weight 1/3"]


def expected_key(clip_id: str, clips: int, seed: int = 42) -> float:
    draw = (int(hashlib.md5(clip_id.encode()).hexdigest()[:13], 16) + 0.5) / 2**52
    return -math.log(1 - math.fmod(draw + seed * GOLDEN_RATIO, 1)) * clips


def test_div_keeps_its_order_when_other_videos_come(pool: Pool):
    before = pool.add("v1", 5).add("v2", 9).choose("internvid_10m_div")["clip_id"]
    after = pool.add("v3", 7).choose("internvid_10m_div")["clip_id"]
    assert after.filter(after.is_in(before.implode())).to_list() == before.to_list()


def test_div_asks_for_no_score(pool: Pool):
    assert pool.add("v", umt=None, aesthetic=None).choose("internvid_10m_div").height == 1


def test_flt_takes_the_best_of_the_scored_clips_only(pool: Pool):
    for tenths in range(10):
        pool.add(f"v{tenths}", umt=tenths / 10)
    pool.add("unscored", umt=None)
    assert set(pool.choose("internvid_10m_flt")["video_id"]) == {"v7", "v8", "v9"}
    assert set(pool.choose("internvid_10m_flt", top_fraction=0.1)["video_id"]) == {"v9"}
    assert pool.choose("internvid_10m_flt", size=2).height == 2


def test_flt_takes_7_of_100_not_8(pool: Pool):
    for i in range(100):
        pool.add(f"v{i}", umt=i / 100)
    assert pool.choose("internvid_10m_flt", top_fraction=0.07).height == 7


def test_aesthetics_takes_the_best_first_from_the_threshold_on(pool: Pool):
    pool.add("plain", aesthetic=3.99).add("fine", aesthetic=4.0).add("best", aesthetic=6.5).add("none", aesthetic=None)
    assert pool.choose("internvid_aesthetics_18m")["video_id"].to_list() == ["best", "fine"]
    assert pool.choose("internvid_aesthetics_18m", size=1)["video_id"].to_list() == ["best"]
    assert pool.choose("internvid_aesthetics_18m", min_aesthetic_score=3)["video_id"].to_list()[-1] == "plain"


def test_an_unknown_parameter_is_refused_with_the_known_ones(pool: Pool):
    with pytest.raises(UserError, match=r"no parameter sise; expected one of: .*decontaminate, seed, size"):
        pool.choose("internvid_10m_div", sise=3)


def test_the_defaults_are_the_papers():
    always = {"decontaminate": True, "collapse_duplicates": False}
    drawn = {"size": 10647458, "seed": 42, **always}
    assert {file.name: file.values() for file in sql_files("subsets")} == {
        "internvid_10m": {"size": 10_000_000, "seed": 42, **always},
        "internvid_50m": {"size": 50_000_000, "seed": 42, **always},
        "internvid_200m": {"size": 200_000_000, "seed": 42, **always},
        "internvid_10m_div": drawn,
        "internvid_10m_div_exact": drawn,
        "internvid_10m_flt": {"top_fraction": 0.3, **drawn},
        "internvid_10m_flt_clip_score": {
            "top_fraction": 0.3,
            "min_duration_seconds": 1.0,
            "max_duration_seconds": 120.0,
            **drawn,
        },
        "internvid_10m_flt_of_div": {"top_fraction": 0.3, **drawn, "size": 35_491_527},
        "internvid_aesthetics_18m": {"size": 18000000, "min_aesthetic_score": 4.0, **always},
        "sharegpt4video": {
            "size": 40145,
            "max_duration_seconds": 120.0,
            "min_aesthetic_score": 4.0,
            "decontaminate": True,
            "collapse_duplicates": True,
        },
    }


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_every_choice_can_be_made_without_decontamination_and_with_one_clip_of_alike_ones(file, pool: Pool):
    pool.add("tested").add("one").add("other")
    pool.rows["known_videos"].append(
        {"dataset": "d", "purpose": "benchmark", "video_id": "tested", "file": "f", "line": 1, "mentions": 1}
    )
    for clip_id in ("one_0_1", "other_0_1"):
        pool.rows["duplicate_groups"].append({"clip_id": clip_id, "representative_clip_id": "one_0_1", "cosine": 0.99})
    widest = {"decontaminate": False, "collapse_duplicates": False, **_all(file.name)}
    everything = pool.choose(file.name, **widest)["video_id"]
    assert set(everything) == {"tested", "one", "other"}
    fewest = pool.choose(file.name, collapse_duplicates=True, **_all(file.name))["video_id"]
    assert set(fewest) == {"one"}


def test_flt_by_clip_score_drops_by_length_and_ranks_by_clip_score(pool: Pool):
    pool.add("short", seconds=0.9, clip_score=0.9).add("long", seconds=121.0, clip_score=0.9)
    for tenths in range(10):
        pool.add(f"v{tenths}", clip_score=tenths / 10, umt=1 - tenths / 10)
    chosen = pool.choose("internvid_10m_flt_clip_score")
    assert set(chosen["video_id"]) == {"v7", "v8", "v9"}
    assert chosen.filter(video_id="v8")["reason"].to_list() == ["clip_score >= 0.7000, drawn by weight 1/1"]


def test_flt_of_div_draws_first_and_ranks_what_was_drawn(pool: Pool):
    for tenths in range(10):
        pool.add(f"v{tenths}", umt=tenths / 10)
    drawn = pool.choose("internvid_10m_div", size=5)
    best_two = drawn.sort("umt_score", descending=True).head(2)["video_id"]
    assert set(pool.choose("internvid_10m_flt_of_div", size=5, top_fraction=0.4)["video_id"]) == set(best_two)


def test_sharegpt4video_takes_what_is_short_fair_and_new(pool: Pool):
    pool.add("long", seconds=121.0).add("plain", aesthetic=3.9).add("said", new=False).add("fine").add(
        "best", aesthetic=7
    )
    chosen = pool.choose("sharegpt4video")
    assert chosen["video_id"].to_list() == ["best", "fine"]
    assert chosen["reason"].to_list()[0] == "new in 4.0 s, aesthetic_score 7.0000"


def test_a_uniform_draw_is_uniform_over_clips_not_over_videos(pool: Pool):
    for i in range(200):
        pool.add(f"short{i}", 1).add(f"long{i}", 9)
    drawn = pool.choose("internvid_10m", size=500)["video_id"]
    assert 20 <= drawn.str.starts_with("short").sum() <= 80  # a tenth, within 4 standard deviations


def test_each_step_of_a_choice_is_counted(pool: Pool, tmp_path: Path):
    for tenths in range(10):
        pool.add(f"v{tenths}", umt=tenths / 10)
    pool.add("copy", content="same").add("original", content="same")
    pool.choose("internvid_10m_flt")
    files = {path.stem: [path] for path in tmp_path.glob("*.parquet")}
    steps = write_select(sql_file("subsets", "internvid_10m_flt"), files, tmp_path / "flt.parquet", {"size": 3})
    assert steps == {"captioned_clips": 12, "pool": 11, "best": 4, "drawn": 3}
    assert pl.read_parquet(tmp_path / "flt.parquet").height == 3


@pytest.mark.parametrize("file", sql_files("subsets"), ids=lambda file: file.name)
def test_what_is_written_is_what_the_select_gives(file, pool: Pool, tmp_path: Path):
    for i in range(20):
        pool.add(f"v{i}", clips=1 + i % 3, umt=i / 20, clip_score=i / 20, aesthetic=3 + i / 10)
    chosen = pool.choose(file.name, size=7)
    files = {path.stem: [path] for path in tmp_path.glob("*.parquet")}
    steps = write_select(file, files, tmp_path / "chosen.parquet", {"size": 7})
    assert pl.read_parquet(tmp_path / "chosen.parquet").equals(chosen)
    assert chosen.height > 1
    assert steps == count_steps(file, files, {"size": 7})
