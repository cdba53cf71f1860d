"""internvid sql: answers for people and for programs."""

from __future__ import annotations

import csv
import io
import json

import polars as pl

VIDEOS = "select video_id, rejection_reason, has_audio, duration_seconds from videos order by video_id"


def test_a_table_has_one_line_per_row_and_no_padding_or_colour(internvid):
    done = internvid("sql", "select category, count(*) as n from videos group by all order by all")
    assert done.exit_code == 0 and done.stderr == ""
    assert done.stdout.splitlines() == ["category  n", "music     2", "sports    4"]


def test_long_text_is_not_wrapped_where_the_output_is_no_terminal(internvid):
    done = internvid("sql", "select repeat('word ', 20) as a, repeat('more ', 20) as b, 1 as c")
    assert len(done.stdout.splitlines()) == 2


def test_markup_in_a_value_is_shown_as_it_is(internvid):
    done = internvid("sql", "select '[bold]not bold[/bold] [' as a")
    assert done.stdout.splitlines()[1] == "[bold]not bold[/bold] ["


def test_csv_json_and_parquet_tell_the_same(internvid):
    as_csv = list(csv.DictReader(io.StringIO(internvid("sql", VIDEOS, "--format", "csv").stdout)))
    as_json = json.loads(internvid("sql", VIDEOS, "-f", "json").stdout)
    as_parquet = pl.read_parquet(internvid("sql", VIDEOS, "--format", "parquet").out)
    assert as_parquet.to_dicts() == as_json
    assert [row["video_id"] for row in as_csv] == [row["video_id"] for row in as_json]
    assert {row["rejection_reason"] for row in as_json} == {None, "too_short"}
    assert len(as_json) == 6


def test_nested_and_strange_values_survive(internvid):
    query = (
        "select [1, null] as l, {'a': 'é', 'b': [1.5]} as s, 'nan'::double as nan, date '2024-01-31' as d, 'a,\"b' as t"
    )
    told = json.loads(internvid("sql", query, "--format", "json").stdout)
    assert told == [{"l": [1, None], "s": {"a": "é", "b": [1.5]}, "nan": None, "d": "2024-01-31", "t": 'a,"b'}]
    (row,) = csv.DictReader(io.StringIO(internvid("sql", query, "--format", "csv").stdout))
    assert json.loads(row["l"]) == [1, None] and json.loads(row["s"]) == {"a": "é", "b": [1.5]}
    assert row["t"] == 'a,"b'


def test_no_rows_are_no_error(internvid):
    assert internvid("sql", "select 1 as one where false", "--format", "csv").stdout == "one\n"
    assert json.loads(internvid("sql", "select 1 where false", "--format", "json").stdout) == []


def test_a_home_without_anything_has_empty_tables(internvid, empty):
    assert internvid("sql", "select count(*) as n from clips", "--format", "csv", home=empty).stdout == "n\n0\n"


def test_a_reader_that_closes_the_pipe_early_is_no_failure(process, finished):
    """As `| head -1`: more than a pipe holds, so that writing on fails."""
    started = process.start("sql", "select * from range(1_000_000)", "--format", "csv", home=finished)
    assert started.stdout.readline() == b"range\n"
    started.stdout.close()
    assert started.stderr.read() == b""
    assert started.wait(60) == 0
