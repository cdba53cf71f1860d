"""Releases of a small home: what they hold, what they refuse, and what explains their differences."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest
from small_homes import CATEGORIES, WEBM, Materialised, open_home

from internvid_assets import tables
from internvid_assets.captions.assets import frame_captions, fused_captions
from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.home import Home
from internvid_assets.releases.assets import release_now
from internvid_assets.releases.comparing import compared
from internvid_assets.releases.making import _refuse_moved
from internvid_assets.releases.shelf import Release, find_release, releases_of, releases_with
from internvid_assets.releases.verifying import differences
from internvid_assets.selects.assets import make_selected
from internvid_assets.selects.files import sql_file, sql_files
from internvid_assets.settings import load_settings

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")

MP4 = "autos_and_vehicles"
SUBSETS = {file.name for file in sql_files("subsets")}
PROCESS = Path(__file__).with_name("releasing_process.py")


@pytest.fixture(scope="module")
def released(materialised: Materialised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release of what it holds; the shared one may hold more by now than when it was released."""
    home = materialised.copy(tmp_path_factory.mktemp("released") / "home")
    shutil.rmtree(home.path / "releases")
    release_now(home)
    return home.path


@pytest.fixture
def home(released: Path, tmp_path: Path) -> Home:
    """A copy with everything made, and one release of it."""
    return open_home(Path(shutil.copytree(released, tmp_path / "home")))


@pytest.fixture
def made(home: Home) -> Release:
    (release,) = releases_of(home.path)
    return release


def told_otherwise(home: Home, *overrides: str) -> Home:
    return Home(load_settings([f"home={home.path}", "profile=sample", *overrides]))


def rewrite(
    home: Home, table: str, category: str | None, change: Callable[[pl.DataFrame], pl.DataFrame], recipe: str = ""
) -> None:
    """The table with other rows, by the recipe it had or another."""
    version = home.lake.version(table, category)
    assert version
    rows = change(home.lake.scan(table, category).collect())
    schema, recipe = tables.schema_class(table), recipe or version.recipe
    home.lake.write(rows.lazy(), table, category, schema=schema, recipe=recipe)


def choose_again(home: Home, *categories: str, only: str = "") -> None:
    """What subsets draw from, in these categories, and the subsets, or `only` one of them."""
    for category in categories:
        make_selected(sql_file("intermediate", "captioned_clips"), home, category, tables.CaptionedClips)
    for file in [sql_file("subsets", only)] if only else sql_files("subsets"):
        make_selected(file, home, None, tables.ChosenClips)


def judge(home: Home, category: str, reason: str) -> None:
    """The category as it is when its videos are rejected: nothing is made of them."""
    made_of_videos = [*tables.PER_CATEGORY][[*tables.PER_CATEGORY].index("videos") + 1 :]
    rewrite(home, "videos", category, lambda rows: rows.with_columns(rejection_reason=pl.lit(reason)))
    for table in made_of_videos:
        rewrite(home, table, category, lambda rows: rows.clear())


def summary(home: Home, old: Release, new: Release) -> list[tuple]:
    with compared(home, old, new, ["internvid_10m"]) as changes:
        return changes.summary().select("change", "clips", "why").rows()


def test_a_release_holds_the_subsets_as_they_stand(home: Home, made: Release) -> None:
    for subset in SUBSETS:
        chosen = home.lake.scan(subset, schema=tables.ChosenClips).collect()
        released = pl.read_parquet(made.rows_of(subset))
        assert released.select(chosen.columns).equals(chosen) and made.subsets[subset]["rows"] == chosen.height
    captions = home.lake.scan_all("fused_captions").select("clip_id", "recipe").collect()
    clips = home.lake.scan_all("clips").select("clip_id", "start_seconds", "end_seconds").collect()
    released = pl.read_parquet(made.rows_of("internvid_10m")).sort("clip_id")
    assert dict(released.select("clip_id", "caption_recipe").iter_rows()) == dict(captions.iter_rows())
    assert released.select(clips.columns).equals(clips.join(released, on="clip_id", how="semi").sort("clip_id"))
    assert released.height == 11


def test_it_says_what_became_of_each_video(home: Home, made: Release) -> None:
    videos = pl.read_parquet(made.path / "videos.parquet")
    assert videos.columns[:4] == ["video_id", "category", "source_uri", "content_hash"]
    assert videos["rejection_reason"].drop_nulls().sort().to_list() == ["low_resolution", "not_a_video"]
    assert videos.height == len(CATEGORIES) + 1


def test_its_manifest_tells_what_it_is_made_of(home: Home, made: Release) -> None:
    told = json.loads((made.path / "manifest.json").read_text())
    assert (told["id"], told["profile"], told["format"]) == (made.path.name, "sample", 1)
    assert set(made.tables) == {*tables.PER_CATEGORY, *tables.OVER_ALL} and set(made.tables["clips"]) == set(CATEGORIES)
    assert made.tables["clips"][MP4] == vars(home.lake.version("clips", MP4))
    recipe = made.tables["fused_captions"][MP4]["recipe"]
    assert json.loads(told["recipes"][recipe])["asset"] == "fused_captions"
    assert made.subsets["internvid_10m"]["parameters"]["size"] == 10_000_000
    assert set(told["made_of"]["checks"]) == {file.name for file in sql_files("checks")}
    assert {about["offenders"] for about in told["made_of"]["checks"].values()} == {0}
    assert {path.stat().st_mode & 0o777 for path in made.path.rglob("*.*")} == {0o444}


def test_the_ui_shows_it(materialised: Materialised) -> None:
    event = materialised.runs[None].asset_materializations_for_node("release")[0]
    (release,) = releases_of(materialised.home.path)
    assert event.tags and event.tags["dagster/data_version"] == release.id == event.metadata["release"].value
    assert "| internvid_10m | 11 |" in event.metadata["clips"].value
    assert "| clips__do_not_overlap | error | 0 |" in event.metadata["checks"].value


def test_nothing_changed_nothing_is_written(home: Home, made: Release) -> None:
    before = made.path.stat().st_mtime_ns
    again = release_now(home)
    assert (again.release.id, again.is_new) == (made.id, False)
    assert [path.name for path in made.path.parent.iterdir()] == [made.id] and made.path.stat().st_mtime_ns == before


def test_equal_content_has_an_equal_id(home: Home, made: Release) -> None:
    shutil.rmtree(made.path)
    again = release_now(home)
    assert again.is_new and again.release.id == made.id and again.release.created_at > made.created_at


def shortened(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("caption").str.slice(0, 20))


def test_a_changed_parameter_is_named_as_the_reason_of_other_captions(home: Home, made: Release) -> None:
    short = told_otherwise(home, "fused_captions.max_new_tokens=5")
    rewrite(home, "fused_captions", MP4, shortened, recipe=short.recipe(fused_captions).hash)
    choose_again(short, MP4)
    after = release_now(short).release
    assert after.id != made.id and find_release(home.path, "previous").id == made.id
    assert summary(home, made, after) == [("re-captioned", 3, "fused_captions: parameters.max_new_tokens 60 -> 5")]
    assert summary(home, after, made) == [("re-captioned", 3, "fused_captions: parameters.max_new_tokens 5 -> 60")]


def test_other_scores_are_told_with_their_recipe_and_that_of_what_they_score(home: Home, made: Release) -> None:
    """A recipe that no settings know is told by its hash."""
    better = told_otherwise(home, "frame_captions.max_new_tokens=50")
    rewrite(home, "frame_captions", MP4, lambda rows: rows, recipe=better.recipe(frame_captions).hash)
    rewrite(home, "umt_scores", MP4, lambda rows: rows.with_columns(pl.col("umt_score") / 2), recipe="0123456789ab")
    choose_again(home, MP4)
    old_recipe = made.tables["umt_scores"][MP4]["recipe"]
    reason = f"umt_scores: recipe {old_recipe} -> 0123456789ab; frame_captions: parameters.max_new_tokens 40 -> 50"
    assert summary(home, made, release_now(better).release) == [("re-scored", 3, reason)]


def test_a_video_that_is_rejected_taken_down_or_gone_is_told_as_such(home: Home, made: Release) -> None:
    judge(home, MP4, "too_short")
    judge(home, "pets_and_animals", "taken_down")
    for table in tables.PER_CATEGORY:
        rewrite(home, table, WEBM, lambda rows: rows.clear())
    choose_again(home, *CATEGORIES)
    after = release_now(home).release
    told = [("removed", why) for why in ("video no longer listed", "video rejected: too_short", "video taken down")]
    assert sorted((change, why) for change, _, why in summary(home, made, after)) == told
    told = [("added", f"video no longer rejected: {reason}") for reason in ("taken_down", "too_short")]
    assert sorted((change, why) for change, _, why in summary(home, after, made)) == [("added", "new video"), *told]


def test_another_parameter_of_a_subset_is_told(home: Home, made: Release) -> None:
    few = told_otherwise(home, "subsets.internvid_10m.size=4")
    with pytest.raises(RunStopped, match=r"made with other SQL or parameters .*: internvid_10m; .* 'group:subsets'"):
        release_now(few)
    choose_again(few, only="internvid_10m")
    after = release_now(few).release
    assert summary(home, made, after) == [("removed", 7, "no longer chosen: size 10000000 -> 4")]
    assert summary(home, after, made) == [("added", 7, "newly chosen: size 4 -> 10000000")]
    assert release_now(told_otherwise(home, "subsets.internvid_10m.size=4")).release.id == after.id


def test_every_changed_row_can_be_written(home: Home, made: Release, tmp_path: Path) -> None:
    few = told_otherwise(home, "subsets.internvid_10m.size=4")
    choose_again(few, only="internvid_10m")
    after = release_now(few).release
    with compared(home, made, after) as changes:
        counts = [changes.write(tmp_path / name) for name in ("rows.csv", "rows.parquet")]
        with pytest.raises(UserError, match=r"--rows rows\.xlsx: expected a name that ends with \.csv or \.parquet"):
            changes.write(Path("rows.xlsx"))
    rows = pl.read_parquet(tmp_path / "rows.parquet")
    assert counts == [7, 7] and rows["old_caption"].null_count() == 0 == rows["new_caption"].count()
    assert pl.read_csv(tmp_path / "rows.csv").select("clip_id", "why").equals(rows.select("clip_id", "why"))


def broken(home: Home) -> None:
    rewrite(home, "clips", MP4, lambda rows: rows.with_columns(duration_seconds=pl.col("duration_seconds") + 1))


def half_made(home: Home) -> None:
    shutil.rmtree(home.path / "lake/internvid_10m")


def without_a_table(home: Home) -> None:
    (home.path / f"lake/umt_scores/category={MP4}/table.parquet").unlink()


def cut_off(home: Home) -> None:
    path = home.path / f"lake/umt_scores/category={MP4}/table.parquet"
    path.write_bytes(path.read_bytes()[:-9])


def captioned_since(home: Home) -> None:
    rewrite(home, "fused_captions", MP4, lambda rows: rows.with_columns(caption=pl.lit("a blue ball rises")))


REFUSED = [
    (broken, r"checks failed: clips__end_after_start \(3 offending rows\).*; the queries in sql/checks show"),
    (half_made, r"tables are missing: internvid_10m; materialise them"),
    (without_a_table, rf"tables are missing: umt_scores of {MP4}; materialise them"),
    (cut_off, r"umt_scores/.*/table\.parquet is damaged; remove it and materialise umt_scores"),
    (captioned_since, r"has 3 rows that differ from the tables, such as .*; it is out of date; run"),
]


@pytest.mark.parametrize(("harm", "told"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_what_is_not_fit_is_not_released(home: Home, made: Release, harm: Callable[[Home], None], told: str) -> None:
    harm(home)
    with pytest.raises(RunStopped, match=told) as refused:
        release_now(home)
    assert "\n" not in str(refused.value)
    assert [path.name for path in made.path.parent.iterdir()] == [made.id]


def test_a_broken_promise_that_warns_is_recorded(home: Home) -> None:
    rewrite(home, "videos", MP4, lambda rows: rows.with_columns(duration_seconds=0.5))
    made = release_now(home).release
    assert made.manifest["made_of"]["checks"]["clips__within_video_duration"] == {"severity": "warn", "offenders": 3}


def test_tables_that_are_written_meanwhile_are_noticed(home: Home, made: Release) -> None:
    _refuse_moved(home, made.manifest["made_of"])
    rewrite(home, "umt_scores", MP4, lambda rows: rows.with_columns(pl.col("umt_score") / 2))
    with pytest.raises(RunStopped, match=r"tables were written meanwhile; materialise release when the runs are done"):
        _refuse_moved(home, made.manifest["made_of"])


def test_a_kill_before_the_rename_leaves_no_release(home: Home, made: Release) -> None:
    shutil.rmtree(made.path)
    dying = subprocess.run([sys.executable, PROCESS, home.path, "dies"], timeout=120)
    assert dying.returncode == -signal.SIGKILL
    (left,) = made.path.parent.iterdir()
    assert (left / "manifest.json").exists() and releases_of(home.path) == []
    assert release_now(home).is_new
    assert [path.name for path in made.path.parent.iterdir()] == [made.id]


def test_two_processes_at_once_end_with_one_release(home: Home, made: Release) -> None:
    shutil.rmtree(made.path)
    command = [sys.executable, str(PROCESS), str(home.path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = sorted(process.communicate(timeout=240)[0].split() for process in both)
    assert told == [[made.id, "False"], [made.id, "True"]]
    assert [path.name for path in made.path.parent.iterdir()] == [made.id]


def test_what_somebody_changed_is_named(made: Release) -> None:
    assert list(differences(made)) == []
    changed, missing = made.rows_of("internvid_10m"), made.path / "videos.parquet"
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b" ")
    missing.unlink()
    (made.path / "notes.txt").write_text("mine")
    told = [line.removeprefix(f"{made.path}/") for line in differences(made)]
    assert [line.split(",")[0].split(":")[0] for line in told] == [
        "subsets/internvid_10m.parquet was changed",
        "videos.parquet is missing",
        "notes.txt is not in the manifest",
    ]


def test_a_manifest_that_somebody_changed_is_no_longer_its_id(home: Home, made: Release) -> None:
    manifest = made.path / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text().replace('"profile": "sample"', '"profile": "paper"'))
    (changed,) = releases_of(home.path)
    (told,) = differences(changed)
    assert told.startswith(f"{manifest} was changed")
    for text, told in (
        ("{", r"JSONDecodeError"),
        (json.dumps({**changed.manifest, "files": {}}), r"KeyError: 'videos\.parquet'"),
        (json.dumps({**changed.manifest, "made_of": {"tables": {}, "subsets": {"internvid_10m": 5}}}), "TypeError"),
    ):
        manifest.write_text(text)
        with pytest.raises(UserError, match=rf"manifest\.json is damaged \({told}"):
            releases_of(home.path)


def test_of_two_releases_the_damaged_one_is_named(home: Home, made: Release, tmp_path: Path) -> None:
    twin = Release(shutil.copytree(made.path, tmp_path / made.id), made.manifest)
    chosen = twin.rows_of("internvid_10m")
    chosen.chmod(0o644)
    chosen.write_bytes(chosen.read_bytes()[:-20])
    for old, new in ((twin, made), (made, twin)):
        with pytest.raises(UserError, match=rf"^{twin.path} cannot be read"), compared(home, old, new):
            pass


def test_releases_with_a_video_are_found(home: Home, made: Release) -> None:
    chosen = pl.read_parquet(made.rows_of("internvid_10m"))
    of_webm = chosen.filter(pl.col("category") == WEBM)
    ids = {*of_webm["video_id"], "nobody's"}
    damage: list[str] = []
    found = {subset: clips for release, subset, _, clips in releases_with(home.path, ids, damage.append)}
    assert found["internvid_10m"] == of_webm.height == 5 and set(found) <= SUBSETS
    assert [*releases_with(home.path, ["nobody's"], damage.append)] == []
    assert [*releases_with(home.path / "none", ids, damage.append)] == damage == []


def test_a_release_is_named_by_as_much_of_its_id_as_tells_it_apart(home: Home, made: Release) -> None:
    assert find_release(home.path, made.id[:4]).id == find_release(home.path, "latest").id == made.id
    for named, told in (
        ("previous", "there are 1"),
        ("x", f"0 releases begin with 'x'; there are: {made.id}"),
        ("", "0 rel"),
    ):
        with pytest.raises(UserError, match=told):
            find_release(home.path, named)


def test_memory_is_bounded_by_the_settings(home: Home) -> None:
    nonsense = Home(home.settings.model_copy(update={"memory_limit": "little"}))
    with pytest.raises((duckdb.Error, RunStopped), match=r"(?i)memory"):
        release_now(nonsense)
