"""Runs of the whole graph on a real instance: what they make, what they record, and what a broken promise stops."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
from PIL import Image
from small_homes import CATEGORIES, OVER_ALL, PER_CATEGORY, PER_FORMAT, REJECTED, WEBM, Materialised, recorded, run

from internvid_assets import tables
from internvid_assets.cli.runs import QUIET
from internvid_assets.clips import assets as clips_stage
from internvid_assets.definitions import build_defs, features
from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.home import Home
from internvid_assets.selects.files import sql_files
from internvid_assets.settings import load_settings

pytestmark = pytest.mark.filterwarnings("ignore::dagster.PreviewWarning", "ignore::dagster.BetaWarning")

MP4 = "autos_and_vehicles"
IN_MP4 = {"dagster/partition": MP4}
"""As the UI names it: with checks alone, `partition_key` finds no partitions, since the job has two kinds of them."""
OVER_CLIPS = {
    "clip_index",
    "near_duplicates",
    "duplicate_groups",
    "semantic_pool",
    "withheld_videos",
    "related_videos",
    "recipe_costs",
}
SELECTS = {file.name for kind in ("subsets", "marts") for file in sql_files(kind)}
MADE_OVER_ALL = SELECTS | OVER_CLIPS | {"dataset_card", "warehouse", "release"}


def metadata(run: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """What each materialisation of a run shows: asset -> label -> value."""
    made = (event.materialization for event in run.get_asset_materialization_events())
    return {
        one.asset_key.to_user_string(): {label: value.value for label, value in one.metadata.items()} for one in made
    }


def data_versions(run: dg.ExecuteInProcessResult) -> dict[str, str]:
    made = (event.materialization for event in run.get_asset_materialization_events())
    return {one.asset_key.to_user_string(): one.tags["dagster/data_version"] for one in made if one.tags}


def test_every_run_succeeds_and_makes_every_asset(materialised: Materialised) -> None:
    assert {category: run.success for category, run in materialised.runs.items()} == dict.fromkeys(
        [*CATEGORIES, None, *tables.INTERLEAVED_FORMATS], True
    )
    for category in CATEGORIES:
        assert set(metadata(materialised.runs[category])) == set(tables.PER_CATEGORY)
    assert set(metadata(materialised.runs[None])) == MADE_OVER_ALL
    for name in tables.INTERLEAVED_FORMATS:
        assert set(metadata(materialised.runs[name])) == {"internvid_icl"}


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        (REJECTED, {"candidate_videos": 1, "videos": 1, "clips": 0, "clip_frames": 0, "fused_captions": 0}),
        (MP4, {"candidate_videos": 1, "videos": 1, "clips": 3, "center_captions": 3, "fused_captions": 3}),
        (WEBM, {"candidate_videos": 2, "videos": 2, "clips": 5, "umt_scores": 5, "caption_verbs": 5}),
    ],
)
def test_rows_are_counted_and_lie_in_the_lake(
    materialised: Materialised, category: str, expected: dict[str, int]
) -> None:
    shown = metadata(materialised.runs[category])
    assert {table: shown[table]["dagster/partition_row_count"] for table in expected} == expected
    for table in tables.PER_CATEGORY:
        in_lake = materialised.home.lake.scan(table, category).select(pl.len()).collect().item()
        assert shown[table]["dagster/partition_row_count"] == in_lake


def test_rejections_and_failures_are_counted_by_reason(materialised: Materialised) -> None:
    assert metadata(materialised.runs[REJECTED])["videos"]["rejected"] == {"low_resolution": 1}
    music = metadata(materialised.runs[WEBM])["videos"]
    assert music["failures"] == music["rejected"] == {"not_a_video": 1}
    assert (music["rows_failed"], music["calls_made"], music["rows_remembered"]) == (1, 2, 0)


def test_a_preview_shows_the_first_rows(materialised: Materialised) -> None:
    shown = metadata(materialised.runs[WEBM])["fused_captions"]["preview"].splitlines()
    table = materialised.home.lake.scan("fused_captions", WEBM).collect()
    assert shown[0] == "| " + " | ".join(table.columns) + " |"
    assert len(shown) == 2 + 5
    assert [line.split(" | ")[2] for line in shown[2:]] == table["caption"].to_list()


def test_the_frames_of_a_category_are_shown_as_a_picture(materialised: Materialised) -> None:
    shown = metadata(materialised.runs[MP4])["clip_frames"]["contact_sheet"]
    data = shown.removeprefix("![sampled frames](data:image/jpeg;base64,").removesuffix(")")
    sheet = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    assert sheet.format == "JPEG" and sheet.size == (640, 90)
    assert len({pixel for _, pixel in sheet.convert("P").getcolors() or ()}) > 16  # more than a background
    assert "contact_sheet" not in metadata(materialised.runs[REJECTED])["clip_frames"]


def test_the_records_name_the_recipe_that_made_the_rows(materialised: Materialised) -> None:
    recipe = metadata(materialised.runs[MP4])["center_captions"]["recipe"]
    assert "sample-world/captioner" in recipe and '"max_new_tokens":40' in recipe
    event = materialised.instance.get_latest_data_version_record(dg.AssetKey("center_captions"), partition_key=MP4)
    assert event and event.asset_materialization and event.asset_materialization.tags
    made_by = event.asset_materialization.tags["dagster/code_version"]
    assert set(materialised.home.lake.scan("center_captions", MP4).collect()["recipe"]) == {made_by}


def test_the_instance_knows_which_categories_are_made(materialised: Materialised) -> None:
    made = materialised.instance.get_materialized_partitions(dg.AssetKey("umt_scores"))
    assert made == set(CATEGORIES)


def test_every_promise_is_evaluated_in_every_category(materialised: Materialised) -> None:
    """But for those of the queries, which these runs do not make."""
    not_made = set(tables.OVER_ALL) - OVER_CLIPS
    checks = [file for file in sql_files("checks") if file.checked_table() not in not_made]
    per_category = {file.name for file in checks if file.checked_table() in tables.PER_CATEGORY}
    per_format = {file.name for file in checks if file.checked_table() in tables.PER_FORMAT}
    over_all = {file.name for file in checks} - per_category - per_format
    assert over_all and per_category and per_format
    called = [feature.name for _, feature in features() if feature.is_partitioned]
    per_category |= {f"{name}__{one}" for name in called for one in ("nothing_pending", "few_failures")}
    over_all |= {"clip_index__one_row_per_clip", "clip_index__vectors_of_unit_length"}
    per_category |= {f"{feature.name}__order_kept" for _, feature in features() if feature.compared}
    for category, made in materialised.runs.items():
        found = made.get_asset_check_evaluations()
        names = {f"{one.asset_key.to_user_string()}__{one.check_name}": one for one in found}
        assert set(names) == {None: over_all, **dict.fromkeys(CATEGORIES, per_category)}.get(category, per_format)
        assert {name for name, one in names.items() if not one.passed} == set()
        assert {one.partition for one in found} == {category}
        assert {one.metadata["offenders"].value for one in found} == {0}


def test_what_covers_all_categories_adds_up(materialised: Materialised) -> None:
    shown = metadata(materialised.runs[None])
    assert shown["clip_index"] == {"dagster/row_count": 11, "rows_written": 11, "rows_removed": 0}
    assert shown["internvid_10m_div"]["dagster/row_count"] == 11
    assert shown["warehouse"]["rows"]["clips"] == 11
    assert Path(shown["warehouse"]["path"]).is_file()
    assert "z_score" in shown["calibrated_umt_scores"]["preview"]


def test_each_format_of_sequences_shows_what_it_left_out(materialised: Materialised) -> None:
    shown = {name: metadata(materialised.runs[name])["internvid_icl"] for name in tables.INTERLEAVED_FORMATS}
    for name, told in shown.items():
        rows = materialised.home.lake.scan("internvid_icl", name).collect()
        assert told["dagster/partition_row_count"] == rows.height > 0
        captions = [item for items in rows["items"] for item in items if item["kind"] == "caption"]
        assert told["steps"]["in_sequences"] == len(captions)
        assert told["parameters"]["drop_probability"] == 0.3 and "| pool | 11 |" in told["waterfall"]
    again = run(materialised.home, materialised.instance, PER_FORMAT, "captioned")
    assert data_versions(again) == data_versions(materialised.runs["captioned"])


def test_a_select_shows_the_columns_it_made(materialised: Materialised) -> None:
    shown = metadata(materialised.runs[None])
    marts = {name: shown[name]["dagster/column_schema"] for name in ("clips_by_category", "unique_verbs")}
    types = {name: {column.name: column.type for column in schema.columns} for name, schema in marts.items()}
    assert types["clips_by_category"]["category"] == "String"
    assert types["unique_verbs"]["unique_verbs"] == "Int64"


def test_a_cell_tells_the_libraries_that_made_it(materialised: Materialised) -> None:
    def made_with(table: str) -> str:
        parts = materialised.home.path.glob(f"cells/{table}/recipe=*/category={MP4}/*.parquet")
        return pl.read_parquet(list(parts))["made_with"].unique().item()

    assert [word.split()[0] for word in made_with("center_captions").split(", ")] == [
        "python",
        "polars",
        "torch",
        "transformers",
    ]
    assert f"av {version('av')}" in made_with("clips")


def test_vectors_name_their_model_in_the_table_and_in_the_index(materialised: Materialised) -> None:
    home = materialised.home
    identity = home.models.specs["video_embedder"].identity
    for rows in (home.lake.scan_all("clip_embeddings").collect(), clips_of_index(home, ["model", "revision"])):
        assert set(rows.select("model", "revision").iter_rows()) == {identity} and rows.height == 11


def clips_of_index(home: Home, columns: list[str]) -> pl.DataFrame:
    return ClipIndex(home.path / "index").table.read(columns)


def test_the_index_follows_the_scores(materialised: Materialised, tmp_path: Path) -> None:
    """They may be made later, or not at all; nothing is embedded anew for them."""
    home = materialised.copy(tmp_path / "home")
    scores = home.lake.scan_all("umt_scores").select("clip_id", "umt_score").sort("clip_id").collect()
    assert clips_of_index(home, ["clip_id", "umt_score"]).sort("clip_id").equals(scores)
    (home.path / "lake/umt_scores").rename(tmp_path / "aside")
    with recorded(home) as instance:
        without = run(home, instance, "key:clip_index")
        assert clips_of_index(home, ["umt_score"])["umt_score"].null_count() == 11
        (tmp_path / "aside").rename(home.path / "lake/umt_scores")
        again = run(home, instance, "key:clip_index")
    written = [metadata(one)["clip_index"]["rows_written"] for one in (without, again)]
    assert written == [11, 11]
    assert clips_of_index(home, ["clip_id", "umt_score"]).sort("clip_id").equals(scores)


def test_near_duplicates_are_those_of_all_pairs_and_come_in_groups(materialised: Materialised, tmp_path: Path) -> None:
    copied = materialised.copy(tmp_path / "home")
    home = Home(load_settings([f"home={copied.path}", "profile=sample", "near_duplicates.min_cosine=0.5"]))
    rows = home.lake.scan_all("clip_embeddings").join(home.lake.scan_all("clips"), on="clip_id").sort("clip_id")
    clips = rows.select("clip_id", "video_id", "video_embedding").collect().rows()
    expected = {
        (one[0], other[0])
        for one, other in combinations(clips, 2)
        if one[1] != other[1] and np.dot(one[2], other[2]) >= 0.5
    }
    with recorded(home) as instance:
        made = run(
            home,
            instance,
            "key:near_duplicates+ and not (key:warehouse or key:internvid_icl or key:release or group:viclip or "
            "group:evaluation)",
        )
    pairs = home.lake.scan("near_duplicates").collect()
    groups = home.lake.scan("duplicate_groups").collect()
    assert made.success and set(pairs.select("clip_id", "other_clip_id").iter_rows()) == expected != set()
    assert set(groups["clip_id"]) == {clip for pair in expected for clip in pair}
    assert metadata(made)["near_duplicates"]["min_cosine"] == 0.5


def test_run_again_nothing_is_called_and_no_content_changes(materialised: Materialised) -> None:
    again = run(materialised.home, materialised.instance, PER_CATEGORY, WEBM)
    assert again.success and data_versions(again) == data_versions(materialised.runs[WEBM])
    shown = metadata(again)
    calls = {table: shown[table]["calls_made"] for table in shown if "calls_made" in shown[table]}
    assert calls == {feature.name: 0 for _, feature in features() if feature.is_partitioned}
    assert shown["frame_captions"]["rows_remembered"] == shown["frame_captions"]["dagster/partition_row_count"] > 0

    over_all = run(materialised.home, materialised.instance, OVER_ALL)
    before, after = data_versions(materialised.runs[None]), data_versions(over_all)
    assert over_all.success and after.keys() == MADE_OVER_ALL and after == before
    assert metadata(over_all)["clip_index"] == {"dagster/row_count": 11, "rows_written": 0, "rows_removed": 0}


def test_a_limit_makes_some_calls_and_no_table(materialised: Materialised, tmp_path: Path) -> None:
    """What the Launchpad offers: cells are committed, nothing counts as materialised."""
    home = materialised.copy(tmp_path / "home")
    shutil.rmtree(home.path / "cells" / "caption_verbs")
    options = {"ops": {"caption_verbs": {"config": {"limit": 2}}}}
    with recorded(home) as instance:
        for path in home.path.glob("cells/caption_verbs/**/*.parquet"):
            path.unlink()
        limited = run(home, instance, "key:caption_verbs", MP4, options)
        whole = run(home, instance, "key:caption_verbs", MP4)
    assert limited.success and metadata(limited) == {}
    assert limited.get_asset_check_evaluations() == []
    shown = metadata(whole)["caption_verbs"]
    assert (shown["calls_made"], shown["rows_remembered"]) == (1, 2)


def test_lost_pictures_come_back_the_way_the_message_says(materialised: Materialised, tmp_path: Path) -> None:
    """No row is marked as failed by a folder that somebody removed, and nothing is captioned again."""
    home = materialised.copy(tmp_path / "home")
    shutil.rmtree(home.path / "frames" / MP4)
    shutil.rmtree(home.path / "cells" / "aesthetic_scores")
    with recorded(home) as instance:
        stopped = run(home, instance, "key:aesthetic_scores", MP4)
        for folder in home.path.glob(f"cells/clip_frames/recipe=*/category={MP4}"):
            shutil.rmtree(folder)
        again = run(home, instance, "key:clip_frames or key:center_captions or key:aesthetic_scores", MP4)
    error = stopped.get_step_failure_events()[0].step_failure_data.error
    assert not stopped.success and error and error.cause
    assert f"remove cells/clip_frames/recipe=*/category={MP4} and materialise clip_frames" in error.cause.message
    assert again.success
    assert {table: shown["calls_made"] > 0 for table, shown in metadata(again).items()} == {
        "clip_frames": True,
        "center_captions": False,
        "aesthetic_scores": True,
    }
    assert metadata(again)["aesthetic_scores"]["rows_failed"] == 0


def too_long(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Breaks `clips__end_after_start`, which is an error."""
    return rows.with_columns(duration_seconds=pl.col("duration_seconds") + 1)


def too_late(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Breaks `clips__within_video_duration`, which is a warning."""
    return rows.with_columns(pl.col("end_seconds", "duration_seconds") + 1000)


@pytest.mark.parametrize(
    ("breaking", "promise", "severity", "made"),
    [
        (too_long, "end_after_start", dg.AssetCheckSeverity.ERROR, {"clips"}),
        (too_late, "within_video_duration", dg.AssetCheckSeverity.WARN, {"clips", "clip_frames"}),
    ],
)
def test_a_broken_promise_stops_what_is_downstream_if_it_is_an_error(
    materialised: Materialised,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    breaking: Callable[[pl.LazyFrame], pl.LazyFrame],
    promise: str,
    severity: dg.AssetCheckSeverity,
    made: set[str],
) -> None:
    true = clips_stage.clips
    wrong = replace(true, finish=lambda rows, parameters: breaking(true.finish(rows, parameters)))
    monkeypatch.setattr(clips_stage, "clips", wrong)
    home = materialised.copy(tmp_path / "home")
    with recorded(home) as instance:
        broken = run(home, instance, "key:clips or key:clip_frames", MP4)
    assert set(metadata(broken)) == made
    failed = [one for one in broken.get_asset_check_evaluations() if not one.passed]
    assert [(one.check_name, one.severity, one.partition) for one in failed] == [(promise, severity, MP4)]
    assert failed[0].metadata["offenders"].value == 3
    assert broken.success == (severity is dg.AssetCheckSeverity.WARN)


def test_promises_can_be_evaluated_alone(materialised: Materialised, tmp_path: Path) -> None:
    """What "Execute check" of the UI does: nothing is filled, the table that stands is looked at."""
    home = materialised.copy(tmp_path / "home")
    asked = dg.AssetCheckKey(dg.AssetKey("clips"), "do_not_overlap")
    with recorded(home) as instance:
        job = build_defs(home).resolve_implicit_global_asset_job_def()
        subset = job.get_subset(asset_selection=set(), asset_check_selection={asked})
        checked = subset.execute_in_process(instance=instance, tags=IN_MP4, run_config=QUIET)
    assert checked.success and metadata(checked) == {}
    assert [(one.asset_check_key, one.passed) for one in checked.get_asset_check_evaluations()] == [(asked, True)]


def test_what_waits_for_a_call_is_a_warning_until_it_was_made(materialised: Materialised, tmp_path: Path) -> None:
    """The check alone makes nothing; the one that comes with a materialisation finds nothing left."""
    home = materialised.copy(tmp_path / "home")
    for part in home.path.glob(f"cells/fused_captions/recipe=*/category={MP4}/*.parquet"):
        part.unlink()
    asked = dg.AssetCheckKey(dg.AssetKey("fused_captions"), "nothing_pending")
    with recorded(home) as instance:
        job = build_defs(home).resolve_implicit_global_asset_job_def()
        subset = job.get_subset(asset_selection=set(), asset_check_selection={asked})
        alone = subset.execute_in_process(instance=instance, tags=IN_MP4, run_config=QUIET)
        made = run(home, instance, "key:fused_captions", MP4)
    waiting, done = (checked.get_asset_check_evaluations() for checked in (alone, made))
    (warning,) = waiting
    assert (warning.passed, warning.severity, warning.metadata["offenders"].value) == (
        False,
        dg.AssetCheckSeverity.WARN,
        3,
    )
    assert alone.success and metadata(alone) == {}
    assert [one.passed for one in done if one.check_name == "nothing_pending"] == [True]
