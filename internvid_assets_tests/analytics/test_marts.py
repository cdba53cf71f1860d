"""Each mart on the small lake of conftest.py, whose numbers can be counted by eye."""

import polars as pl
import pytest

from internvid_assets.analytics import published
from internvid_assets.selects.files import column_types, sql_file, sql_files


def rows_of(table: pl.DataFrame, *columns: str) -> list[tuple]:
    return table.select(columns).rows()


def test_clips_by_category(rows, mart):
    table = mart("clips_by_category", rows)
    columns = ("category", "videos", "clips", "kept_clips", "failed_videos", "captioned_clips", "mean_kept_seconds")
    assert rows_of(table, *columns) == [("music", 1, 2, 1, 0, 1, 8.0), ("sports", 1, 2, 2, 0, 2, 5.0)]
    assert table["kept_hours"].to_list() == pytest.approx([8 / 3600, 10 / 3600])


def test_clips_by_category_counts_a_failed_video_and_no_clip_of_it(rows, mart):
    rows["clips"].append({"clip_id": "v3", "video_id": "v3", "category": "comedy", "error": "timeout"})
    table = mart("clips_by_category", rows)
    assert rows_of(table, "category", "videos", "clips", "failed_videos")[0] == ("comedy", 1, 0, 1)


def test_videos_by_category(rows, mart):
    table = mart("videos_by_category", rows)
    columns = ("category", "candidates", "videos", "eligible_videos", "rejected_videos", "failed_videos")
    assert rows_of(table, *columns) == [("music", 2, 2, 1, 0, 1), ("sports", 2, 2, 1, 1, 0)]
    assert table["mean_eligible_seconds"].to_list() == [10.0, 10.0]


def test_videos_by_category_shows_candidates_nobody_judged(rows, mart):
    rows["candidate_videos"].append({"video_id": "new", "category": "comedy", "source_uri": "file:///new.mp4"})
    assert rows_of(mart("videos_by_category", rows), "category", "candidates", "videos")[0] == ("comedy", 1, 0)


def videos_of(rows, **columns):
    """As many eligible videos as each list of columns has values."""
    (count,) = {len(values) for values in columns.values()}
    values = [{name: told[i] for name, told in columns.items()} for i in range(count)]
    return [rows["videos"][0] | {"video_id": f"v{i}"} | told for i, told in enumerate(values)]


def test_videos_by_language(rows, mart):
    rows["videos"] = [*videos_of(rows, language=["fr", "en", "en", None]), *rows["videos"][2:]]
    expected = [("en", 2, 0.5), ("fr", 1, 0.25), ("und", 1, 0.25)]
    assert rows_of(mart("videos_by_language", rows), "language", "videos", "share") == expected


def test_videos_by_duration_has_half_open_buckets(rows, mart):
    rows["videos"] = videos_of(rows, duration_seconds=[299.9, 300.0, 600.0, 900.0, 1199.0, 1200.0, 1800.0])
    expected = [("0-5", 1), ("5-10", 1), ("10-15", 1), ("15-20", 2), (">20", 2)]
    assert rows_of(mart("videos_by_duration", rows), "minutes", "videos") == expected


def test_videos_by_resolution_goes_by_the_shorter_side(rows, mart):
    sizes = {"width_pixels": [720, 1280, 640, 4000], "height_pixels": [1280, 719, 360, 1080]}
    rows["videos"] = [*videos_of(rows, **sizes), *rows["videos"][2:]]
    expected = [("360-719", 2, 0.5), ("720", 1, 0.25), (">720", 1, 0.25)]
    assert rows_of(mart("videos_by_resolution", rows), "pixels", "videos", "share") == expected


def test_dataset_totals(rows, mart):
    (totals,) = mart("dataset_totals", rows).to_dicts()
    counted = {name: totals[name] for name in ("videos", "clips", "caption_words", "categories", "languages")}
    assert counted == {"videos": 2, "clips": 3, "caption_words": 18, "categories": 2, "languages": 0}
    assert (totals["hours"], totals["mean_clip_seconds"]) == (18 / 3600, 6.0)
    assert (totals["mean_caption_words"], totals["mean_video_seconds"]) == (6.0, 10.0)


def test_compared_with_paper(rows, mart):
    rows["published_statistics"] = published.statistics().to_dicts()
    table = mart("compared_with_paper", rows)
    ours = {(measure, bucket): value for measure, bucket, value in table.select("measure", "bucket", "ours").rows()}
    assert None not in ours.values()
    assert ours["mean_clip_seconds", "all"] == 6.0 and ours["unique_verbs", "all"] == 4
    assert ours["clips_by_duration", "4-10"] == 1.0 and ours["captions_by_length", "0-10"] == 1.0
    assert ours["aesthetic_score", "4-6"] == ours["umt_score", "0.3-0.4"] == pytest.approx(1 / 3)
    assert table.filter(measure="mean_clip_seconds")["ratio"].to_list() == pytest.approx([6 / 11.7])


def test_funnel(rows, mart):
    rows["acquired_videos"][3].update(error="gone")
    table = mart("funnel", rows)
    columns = ("step", "unit", "count", "share_of_before")
    assert rows_of(table, *columns)[:6] == [
        ("candidates", "video", 4, None),
        ("acquired", "video", 3, 0.75),
        ("eligible", "video", 2, pytest.approx(2 / 3)),
        ("cut", "clip", 4, None),
        ("kept", "clip", 3, 0.75),
        ("captioned", "clip", 3, 1.0),
    ]
    chosen = {step: (count, share) for step, _, count, share in rows_of(table, *columns)[6:]}
    assert chosen.keys() == {file.name for file in sql_files("subsets")}
    assert chosen["internvid_10m_flt"] == (1, pytest.approx(1 / 3))


def test_coverage(rows, mart):
    rows["umt_scores"].pop()
    rows["umt_scores"][0].update(umt_score=None, error="timeout")
    rows["caption_verbs"][0]["verbs"] = []
    table = mart("coverage", rows)
    of = {name: rows_of(table.filter(table_name=name), "reason", "clips") for name in table["table_name"]}
    assert of["umt_scores"] == [("covered", 1), ("no_row", 1), ("timeout", 1)]
    assert of["caption_verbs"] == [("covered", 2), ("no_verb", 1)]
    assert of["transcripts"] == [("covered", 2), ("nothing_said", 1)]
    assert of["fused_captions"] == [("covered", 3)]
    assert table.group_by("table_name").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([1.0] * 11)


def test_coverage_names_a_table_that_nobody_made(rows, mart):
    rows["safety_scores"] = []
    table = mart("coverage", rows)
    assert rows_of(table.filter(table_name="safety_scores"), "reason", "clips", "share") == [("no_row", 3, 1.0)]


def test_rejections_by_reason(rows, mart):
    rows["candidate_videos"][2]["rejection_reason"] = "known_dataset"
    rows["fused_captions"][2].update(caption=None, error="timeout")
    assert mart("rejections_by_reason", rows).rows() == [
        ("candidates", "kept", 3, 0.75),
        ("candidates", "known_dataset", 1, 0.25),
        ("acquired", "kept", 4, 1.0),
        ("videos", "kept", 2, 0.5),
        ("videos", "too_short", 1, 0.25),
        ("videos", "unreadable", 1, 0.25),
        ("clips", "kept", 3, 0.75),
        ("clips", "still", 1, 0.25),
        ("captions", "kept", 2, pytest.approx(2 / 3)),
        ("captions", "timeout", 1, pytest.approx(1 / 3)),
    ]


def test_clips_by_duration_has_half_open_buckets(rows, mart):
    rows["clips"] = [
        rows["clips"][0] | {"clip_id": f"c{seconds}", "duration_seconds": seconds}
        for seconds in (0.5, 1.999, 2.0, 4.0, 9.99, 10.0, 20.0, 70.0)
    ]
    table = mart("clips_by_duration", rows)
    expected = [("0-2", 2), ("2-4", 1), ("4-10", 2), ("10-20", 1), (">20", 2)]
    assert rows_of(table, "seconds", "clips") == expected
    assert table["share"].sum() == pytest.approx(1)


def test_clips_by_motion_shows_where_the_thresholds_cut(rows, mart):
    judged = [(0.0, "still"), (0.05, "still"), (0.1, None), (0.15, None), (60.0, "extreme_motion"), (None, None)]
    rows["clips"] = [
        rows["clips"][0] | {"clip_id": f"c{i}", "motion_mean": motion, "rejection_reason": reason, "flow_mean": 8.0}
        for i, (motion, reason) in enumerate(judged)
    ]
    rows["clips"][-1]["error"] = "undecodable"
    table = mart("clips_by_motion", rows)
    columns = ("motion_from", "motion_to", "clips", "still_clips", "extreme_clips")
    expected = [(0.0, 0.025, 1, 1, 0), (0.05, 0.1, 1, 1, 0), (0.1, 0.2, 2, 0, 0), (51.2, 102.4, 1, 0, 1)]
    assert rows_of(table, *columns) == [pytest.approx(row) for row in expected]
    assert table["median_flow"].to_list() == [8.0] * 4


def test_captions_by_length(rows, mart):
    captions = ["one two", "w " * 9, "w " * 10, "w " * 19, "w " * 20, " w  w\nw " * 10, " ", None]
    rows["clips"] = [rows["clips"][0] | {"clip_id": f"c{i}"} for i in range(len(captions))]
    rows["fused_captions"] = [
        {"clip_id": f"c{i}", "category": "sports", "caption": caption} for i, caption in enumerate(captions)
    ]
    table = mart("captions_by_length", rows)
    expected = [("0-10", 2, 11), ("10-20", 2, 29), ("20-30", 1, 20), (">30", 1, 30)]
    assert rows_of(table, "words", "captions", "total_words") == expected


def test_scores_by_category(rows, mart):
    rows["umt_scores"][0].update(umt_score=None, error="timeout")
    table = mart("scores_by_category", rows)
    columns = ("category", "score", "scored_clips", "missing_clips", "median", "maximum")
    assert rows_of(table, *columns) == [
        ("music", "aesthetic_score", 1, 0, 3.0, 3.0),
        ("music", "umt_score", 1, 0, 0.2, 0.2),
        ("sports", "aesthetic_score", 2, 0, 4.5, 6.0),
        ("sports", "umt_score", 1, 1, 0.4, 0.4),
    ]
    assert table["mean"].to_list() == pytest.approx([3.0, 0.2, 5.25, 0.4])


def test_scores_by_category_has_the_quantiles_of_three_decimals(rows, mart):
    """Of 0.001 to 0.1, with digits below that: each is the smallest value that so many do not exceed."""
    scores = [rows["umt_scores"][0] | {"clip_id": f"c{i}", "umt_score": i / 1000 + 1e-5} for i in range(1, 101)]
    rows["umt_scores"] = scores[::-1]
    sports = mart("scores_by_category", rows).filter(category="sports", score="umt_score")
    assert rows_of(sports, "quantile_10", "median", "quantile_90") == [(0.01, 0.05, 0.09)]
    assert rows_of(sports, "minimum", "maximum") == [(0.00101, 0.10001)]


def test_scores_by_category_shows_kept_clips_without_any_score(rows, mart):
    rows["umt_scores"], rows["aesthetic_scores"] = [], []
    assert rows_of(mart("scores_by_category", rows), "category", "scored_clips", "missing_clips", "median") == [
        ("music", 0, 1, None),
        ("music", 0, 1, None),
        ("sports", 0, 2, None),
        ("sports", 0, 2, None),
    ]


def test_scores_by_bin(rows, mart):
    rows["umt_scores"][1]["umt_score"] = 0.39999
    assert mart("scores_by_bin", rows).rows() == [
        ("aesthetic_score", 3.0, 4.0, 1, pytest.approx(1 / 3)),
        ("aesthetic_score", 4.0, 5.0, 1, pytest.approx(1 / 3)),
        ("aesthetic_score", 6.0, 7.0, 1, pytest.approx(1 / 3)),
        ("umt_score", 0.2, 0.3, 1, pytest.approx(1 / 3)),
        ("umt_score", 0.3, 0.4, 2, pytest.approx(2 / 3)),
    ]


def test_unique_verbs(rows, mart):
    rows["caption_verbs"][1]["verbs"] = ["rises", "spins"]
    table = mart("unique_verbs", rows)
    columns = ("kind", "scope", "unique_verbs", "verbs", "captions_with_verbs", "most_frequent_verb")
    assert rows_of(table, *columns) == [
        ("all", "all", 4, 5, 3, "rises"),
        ("category", "music", 2, 2, 1, "dance"),
        ("category", "sports", 2, 3, 2, "rises"),
    ]


def test_unique_verbs_by_subset(rows, mart):
    rows["caption_verbs"][1]["verbs"] = ["rises", "spins"]
    table = mart("unique_verbs_by_subset", rows)
    columns = ("subset", "unique_verbs", "verbs", "captions_with_verbs", "most_frequent_verb")
    found = rows_of(table, *columns)
    assert ("internvid_10m_div", 4, 5, 3, "rises") in found
    assert ("internvid_10m_flt", 2, 2, 1, "rises") in found
    assert ("internvid_aesthetics_18m", 2, 3, 2, "rises") in found
    assert len(found) == len(sql_files("subsets"))


@pytest.mark.parametrize("name", ["subset_sizes", "unique_verbs_by_subset"])
def test_a_mart_over_subsets_names_all_of_them(name):
    assert {file.name for file in sql_files("subsets")} <= sql_file("marts", name).tables()


def test_subset_sizes(rows, mart):
    """DIV takes all three clips; FLT the best 30 % of three, which is one; two reach an aesthetic score of 4."""
    table = mart("subset_sizes", rows)
    assert table["subset"].to_list() == sorted(file.name for file in sql_files("subsets"))
    chosen = table.filter(
        pl.col("subset").is_in(["internvid_10m_div", "internvid_10m_flt", "internvid_aesthetics_18m"])
    )
    assert rows_of(chosen, "clips", "videos", "categories") == [(3, 2, 2), (1, 1, 1), (2, 1, 1)]
    assert chosen["hours"].to_list() == pytest.approx([18 / 3600, 6 / 3600, 10 / 3600], abs=1e-6)


def test_an_empty_subset_is_listed_too(rows, mart):
    for row in rows["aesthetic_scores"]:
        row["aesthetic_score"] = 1.0
    assert mart("subset_sizes", rows).row(-2) == ("internvid_aesthetics_18m", 0, 0, 0, 0.0, None, None)


def test_errors_by_table(rows, mart):
    for row in rows["umt_scores"][:2]:
        row.update(umt_score=None, error="timeout", error_message="took 9 s", attempts=3)
    assert mart("errors_by_table", rows).rows() == [
        ("umt_scores", "timeout", 2, 3, "took 9 s"),
        ("videos", "unreadable", 1, 1, "no moov atom"),
    ]


def test_errors_by_table_covers_every_table_of_calls(rows, mart):
    calls = {table for table in rows if "error" in column_types(table)}
    for table in calls:
        rows[table][0].update(error="timeout")
    assert set(mart("errors_by_table", rows)["table_name"]) == calls


def test_calibrated_umt_scores(rows, mart):
    rows["umt_scores"][2]["reference_deviation"] = 0.0
    table = mart("calibrated_umt_scores", rows)
    assert table["clip_id"].to_list() == ["v2_0_8", "v1_0_4", "v1_4_10"]
    assert table["z_score"].to_list() == [None, pytest.approx(2.0), pytest.approx(3.0)]
    assert table["percentile"].to_list() == pytest.approx([100 / 3, 200 / 3, 100])
    deviation = (0.02 / 3) ** 0.5  # of 0.1, 0.2 and 0.3, whose mean is 0.2
    assert table["shuffled_z_score"].to_list() == pytest.approx([0, 0.1 / deviation, 0.2 / deviation])


def test_calibrated_umt_scores_compares_a_model_with_itself_alone(rows, mart):
    rows["umt_scores"][0]["model"] = "clip@1"
    table = mart("calibrated_umt_scores", rows)
    assert rows_of(table, "clip_id", "percentile") == [("v2_0_8", 50.0), ("v1_0_4", 100.0), ("v1_4_10", 100.0)]
    assert table["shuffled_z_score"].is_null().to_list() == [False, True, False]


def test_score_calibration(rows, mart):
    table = mart("score_calibration", rows)
    assert rows_of(table, "score", "model", "clips") == [("aesthetic_score", "v1@1", 3), ("umt_score", "umt@1", 3)]
    assert table["median"].to_list() == pytest.approx([4.5, 0.3])
    assert table["two_deviations"].to_list() == [None, pytest.approx(0.2 + 2 * (0.02 / 3) ** 0.5)]
    assert table["share_won"].to_list() == [None, pytest.approx(2 / 3)]


def test_training_recipes_puts_a_subset_beside_the_papers(rows, mart):
    (told,) = mart("training_recipes", rows).filter(pl.col("measure") == "top_1").to_dicts()
    assert (told["subset"], told["checkpoint"]) == ("internvid_10m_flt", "viclip_checkpoint")
    assert (told["ours"], told["ours_before_training"], told["ours_gained"]) == (75.0, 50.0, 25.0)
    assert (told["paper"], told["paper_before_training"], told["paper_gained"]) == (64.8, 58.42, 6.38)


def test_training_recipes_lists_what_either_of_both_has(rows, mart):
    rows["zero_shot_actions"] = [row | {"subset": "sharegpt4video"} for row in rows["zero_shot_actions"]]
    rows["video_text_retrieval"] = []
    table = mart("training_recipes", rows)
    expected = [("internvid_10m_flt", None, 64.8), ("sharegpt4video", 75.0, None)]
    assert rows_of(table, "subset", "ours", "paper") == expected


def test_every_mart_is_tested_here():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert not [file.name for file in sql_files("marts") if not any(name.startswith(file.name) for name in tested)]


def test_sums_are_numbers_every_client_knows(rows, write_lake):
    """DuckDB sums integers into 128 bits, which come out as decimals."""
    lake = write_lake(rows) / "lake"
    files = [lake / file.name / "table.parquet" for file in sql_files("marts")]
    types = {dtype for file in files for dtype in pl.read_parquet_schema(file).values()}
    assert not [dtype for dtype in types if isinstance(dtype, pl.Decimal | pl.Int128)]
