"""Each mart on the small lake of conftest.py, whose numbers can be counted by eye."""

import polars as pl
import pytest

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


def test_rejections_by_reason(rows, mart):
    assert mart("rejections_by_reason", rows).rows() == [
        ("videos", "kept", 2, 0.5),
        ("videos", "too_short", 1, 0.25),
        ("videos", "unreadable", 1, 0.25),
        ("clips", "kept", 3, 0.75),
        ("clips", "still", 1, 0.25),
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
        ("sports", "aesthetic_score", 2, 0, 5.25, 6.0),
        ("sports", "umt_score", 1, 1, 0.4, 0.4),
    ]


def test_unique_verbs(rows, mart):
    rows["caption_verbs"][1]["verbs"] = ["rises", "spins"]
    table = mart("unique_verbs", rows)
    columns = ("kind", "scope", "unique_verbs", "verbs", "captions_with_verbs", "most_frequent_verb")
    found = rows_of(table, *columns)
    assert found[:3] == [
        ("all", "all", 4, 5, 3, "rises"),
        ("category", "music", 2, 2, 1, "dance"),
        ("category", "sports", 2, 3, 2, "rises"),
    ]
    assert ("subset", "internvid_10m_div", 4, 5, 3, "rises") in found
    assert ("subset", "internvid_10m_flt", 2, 2, 1, "rises") in found
    assert ("subset", "internvid_aesthetics_18m", 2, 3, 2, "rises") in found
    assert len(found) == 3 + len(sql_files("subsets"))


@pytest.mark.parametrize("name", ["subset_sizes", "unique_verbs"])
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
    assert chosen["hours"].to_list() == pytest.approx([18 / 3600, 6 / 3600, 10 / 3600])


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


def test_every_mart_is_tested_here():
    tested = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    assert not [file.name for file in sql_files("marts") if not any(name.startswith(file.name) for name in tested)]


def test_sums_are_numbers_every_client_knows(rows, mart):
    """DuckDB sums integers into 128 bits, which come out as decimals."""
    types = {dtype for file in sql_files("marts") for dtype in mart(file.name, rows).dtypes}
    assert not [dtype for dtype in types if isinstance(dtype, pl.Decimal | pl.Int128)]
