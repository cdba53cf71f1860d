"""What the files of sql/subsets choose, on pools small enough to check by eye."""

import json
import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.selects.files import column_types, run_select, sql_file, sql_files

SHARED = Path(__file__).parents[2].parent / "shared"
GOLDEN_ORDER = [("a_0_1", 1.01102), ("b_2_3", 1.240454), ("b_0_1", 3.414031), ("b_1_2", 5.898814)]
"""By Python's own hashlib and math: -log((int(md5(f"{clip_id}:42")[:13], 16) + 0.5) / 2**52) * clips of the video."""
CALL = {"error": None, "error_message": None, "attempts": 1, "recipe": "r", "input_hash": "i"}


class Pool:
    """Kept, captioned, scored clips of the videos it is told of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[dict]] = {
            name: [] for name in ("clips", "fused_captions", "umt_scores", "aesthetic_scores", "known_videos")
        }

    def add(self, video_id: str, clips: int = 1, *, category: str = "sports", umt: float | None = 0.3,
            aesthetic: float | None = 5.0, content: str | None = None, caption: str | None = "a ball falls",
            rejection: str | None = None, error: str | None = None) -> "Pool":  # fmt: skip
        for i in range(clips):
            key = {"clip_id": f"{video_id}_{i}_{i + 1}", "category": category, **CALL}
            clip = {"video_id": video_id, "content_hash": content, "rejection_reason": rejection, "error": error}
            self.rows["clips"].append(key | clip)
            self.rows["fused_captions"].append(key | {"caption": caption})
            self.rows["umt_scores"].append(key | {"umt_score": umt})
            self.rows["aesthetic_scores"].append(key | {"aesthetic_score": aesthetic})
        return self

    def choose(self, subset: str, **parameters: object) -> pl.DataFrame:
        files_of = {}
        for name, rows in self.rows.items():
            path = self.folder / f"{name}.parquet"
            pl.DataFrame(rows, schema=column_types(name)).write_parquet(path)
            files_of[name] = [path]
        return run_select(sql_file("subsets", subset), files_of, parameters)


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return Pool(tmp_path)


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
    return {"top_fraction": 1.0} if subset == "internvid_10m_flt" else {}


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
    """A golden order: it may change with no version of DuckDB, or every released subset would change too."""
    chosen = pool.add("a", 1).add("b", 3).choose("internvid_10m_div")
    assert chosen.select("clip_id", pl.col("sampling_key").round(6)).rows() == GOLDEN_ORDER


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
    with pytest.raises(UserError, match=r"no parameter sise; known ones: seed, size"):
        pool.choose("internvid_10m_div", sise=3)


def test_the_defaults_are_the_papers():
    defaults = {file.name: file.values() for file in sql_files("subsets")}
    assert defaults["internvid_10m_div"] == {"size": 10647458, "seed": 42}
    assert defaults["internvid_10m_flt"] == {"size": 10647458, "seed": 42, "top_fraction": 0.3}
    assert defaults["internvid_aesthetics_18m"] == {"size": 18000000, "min_aesthetic_score": 4.0}
