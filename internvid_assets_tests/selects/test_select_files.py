"""What a SQL file says of itself, which tables it reads, and that it can read nothing else."""

import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import get_args

import duckdb
import polars as pl
import pytest

from internvid_assets.cells.errors import UserError
from internvid_assets.selects import files
from internvid_assets.selects.files import Kind, parse, sql_file, sql_files, sql_folder
from internvid_assets.selects.lineage import held_apart, tables_read
from internvid_assets.selects.running import fetch, run_select, write_select

SCORES = {"clip_id": ["a", "b"], "umt_score": [0.25, 0.5]}


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("select * from clips", {"clips"}),
        ("select * from clips as c join videos using (video_id), umt_scores", {"clips", "videos", "umt_scores"}),
        ("select * from clips union all (select * from videos except select * from gone)", {"clips", "videos", "gone"}),
        ("select (select max(x) from a), y in (select y from b) from c where exists (from d)", {"a", "b", "c", "d"}),
        ("select * from clips, lateral (select * from videos where videos.i = clips.i)", {"clips", "videos"}),
        ("with step as (select * from clips), next as (from step) select * from next join videos on true",
         {"clips", "videos"}),
        ("with a as (from b), b as (from c) select * from a", {"b", "c"}),
        ("with clips as (select * from clips) select * from clips", {"clips"}),
        ("with recursive r as (select 1 as i union all select i + 1 from r where i < 3) select * from r", set()),
        ("select * from (with step as (from clips) from step) as inner_step, step", {"clips", "step"}),
        ("with step as (from clips) select * from main.step", {"clips", "step"}),
        ("select * from other.clips", {"other.clips"}),
        ("select * from Clips", {"clips"}),
        ("select clips from unnest([1, 2]) as t (clips), range(3)", set()),
        ("select x from clips using sample 10 % -- from videos", {"clips"}),
        ("select count(*) over (order by (select max(i) from videos)) from clips limit (select 1 from z)",
         {"clips", "videos", "z"}),
        ("select * from clips where x > $size qualify row_number() over (partition by y) = 1", {"clips"}),
        ("select * from clips semi join a using (i) anti join b using (i) asof join c using (i)",
         {"clips", "a", "b", "c"}),
    ],
)  # fmt: skip
def test_the_tables_a_select_names(sql: str, read: set[str]):
    assert tables_read(sql) == read


@pytest.mark.parametrize(
    "sql", ["select 1; select 2", "drop table clips", "create table x as from clips", "selct 1", ""]
)
def test_anything_but_one_select_is_refused(sql: str):
    with pytest.raises(ValueError, match="expected one select"):
        tables_read(sql)


def test_a_step_to_be_materialized_stands_apart_with_the_steps_before_it():
    before = "with a as (from clips where x > $least), b as (select count(*) as n from a)"
    held, rest = held_apart(f"{before.replace('b as', 'b as materialized')}, c as (from videos, b) from c")
    assert [*held] == ["b"]
    assert tables_read(held["b"]) == {"clips"}
    assert tables_read(rest) == {"clips", "videos", "b"}
    assert "$least" in held["b"]
    assert held_apart(f"{before} from b") == ({}, f"{before} from b")


def test_a_step_to_be_materialized_is_computed_once_for_rows_and_counts(tmp_path: Path):
    steps = "with half as materialized (from range(10000) as r (i) where random() < 0.5), chosen as (from half)"
    file = parse("drawn", "subsets", f"-- One row per number.\n-- steps: half, chosen\n{steps} from chosen")
    counted = write_select(file, {}, tmp_path / "drawn.parquet")
    assert 0 < counted["half"] == counted["chosen"] == pl.read_parquet(tmp_path / "drawn.parquet").height


ALL_FILES = [file for kind in get_args(Kind) for file in sql_files(kind)]
STEP = re.compile(r"\b(\w+) as (?:(?:not )?materialized )?\($", re.MULTILINE)


def test_the_folder_holds_files_of_every_kind():
    assert sql_folder().name == "sql"
    assert min(len(sql_files(kind)) for kind in get_args(Kind)) >= 3


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.name)
def test_a_file_runs_on_an_empty_lake(file):
    """Which also proves that it reads what the schemas and other marts have, and uses every parameter it declares."""
    run_select(file, {})


@pytest.mark.parametrize("kind", ["intermediate", "subsets", "marts"])
def test_a_file_comes_after_those_it_reads(kind):
    """So that whoever makes them in order finds what each one reads."""
    names = [file.name for file in sql_files(kind)]
    later = {file.name: {*names[index:]} & file.tables() for index, file in enumerate(sql_files(kind))}
    assert {name for name, read in later.items() if read} == set()


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.name)
def test_no_step_is_named_like_a_table(file):
    """Such a step would hide the table from whoever reads the SQL."""
    steps = set(STEP.findall(file.text))
    assert {*file.steps} - file.tables() <= steps
    tables = [file for file in ALL_FILES if file.kind != "interleaved"]  # the names of those are formats
    assert not steps & {name for other in tables for name in {*other.tables(), other.name}}


SHARED_STEPS = re.compile(r"^(?:with )?(pool|last) as (?:not materialized )?(\(.+?\n\))", re.MULTILINE | re.DOTALL)


def test_subsets_leave_out_the_same_and_sort_as_little():
    """Each file shows all that it does, so two steps stand in most of them: who mends one mends them all."""
    steps = [step for file in sql_files("subsets") for step in SHARED_STEPS.findall(file.text)]
    smallest_first = [(name, text) for name, text in steps if "downto" not in text]
    assert Counter(name for name, _ in steps).keys() == {name for name, _ in set(smallest_first)} == {"pool", "last"}
    assert len(set(smallest_first)) == 2
    assert sum(name == "pool" for name, _ in steps) == len(sql_files("subsets"))


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: file.name)
def test_lines_are_short_and_lower_case(file):
    keywords = ("SELECT ", "FROM ", "WHERE ", "JOIN ", "GROUP ")
    lines = file.text.splitlines()
    assert max(map(len, lines)) <= 112
    assert not [line for line in lines if not line.lstrip().startswith("--") and any(k in line for k in keywords)]


def test_header_is_parsed():
    text = (
        "-- One row per clip.\n-- $size = 10: a source: the paper\n-- $name = 'x': why\nselect $size, $name from clips"
    )
    file = parse("small", "marts", text)
    assert file.grain == "One row per clip"
    assert file.values() == {"size": 10, "name": "x"}
    assert file.parameters["size"].why == "a source: the paper"
    assert file.tables() == {"clips"}
    assert file.severity is None


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("marts", "select 1", "line 1 must be"),
        ("marts", "-- Clips.\nselect 1", "line 1 must be"),
        ("checks", "-- One row per clip.\nselect 1", "severity"),
        ("marts", "-- One row per clip.\n-- severity: warn\nselect 1", "severity"),
        ("marts", "-- One row per clip.\n-- $size = [1]: why\nselect 1", "expected a number"),
    ],
)
def test_a_wrong_header_is_refused(kind, text: str, message: str):
    with pytest.raises(ValueError, match=message):
        parse("wrong", kind, text)


def test_checks_know_their_table_and_severity():
    file = sql_file("checks", "clips__do_not_overlap")
    assert (file.checked_table(), file.severity) == ("clips", "error")


def test_an_unknown_file_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match=r"no file sql/subsets/div.sql; expected one of: internvid_10m, "):
        sql_file("subsets", "div")


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    pl.DataFrame(SCORES).write_parquet(tmp_path / "scores.parquet")
    return tmp_path / "scores.parquet"


def mart(sql: str):
    return parse("some", "marts", f"-- One row per thing.\n-- $size = 10: why\n{sql}")


def test_rows_come_from_the_given_files(scores: Path):
    file = mart("select clip_id, umt_score * $size as score from umt_scores order by clip_id")
    assert run_select(file, {"umt_scores": [scores]}).rows() == [("a", 2.5), ("b", 5.0)]
    assert run_select(file, {"umt_scores": [scores, scores]}, {"size": 2}).height == 4


def test_a_table_without_files_is_empty_with_its_columns(scores: Path):
    file = mart("select video_embedding, rank, $size as s from clip_embeddings, internvid_10m_div, umt_scores")
    rows = run_select(file, {"umt_scores": [scores], "clip_embeddings": []})
    assert rows.schema == {"video_embedding": pl.List(pl.Float32), "rank": pl.Int64, "s": pl.Int32}
    assert rows.is_empty()


def test_a_table_nobody_knows_is_refused():
    with pytest.raises(
        UserError,
        match=r"no table clisp; expected one of: corpus_captions, .*candidate_videos, acquired_videos, videos, ",
    ):
        run_select(mart("select $size from clisp"), {})


@pytest.mark.parametrize("source", ["read_parquet('{path}')", "'{path}'", "glob('{path}')", "videos_frame"])
def test_a_hidden_input_is_an_error(scores: Path, tmp_path: Path, source: str):
    """The file exists, and so does the Python variable: the query still may not see them."""
    videos_frame = pl.DataFrame({"x": [1]})
    hidden = tmp_path / "hidden.parquet"
    videos_frame.write_parquet(hidden)
    with pytest.raises((duckdb.Error, UserError)):
        run_select(mart(f"select $size from umt_scores, {source.format(path=hidden)}"), {"umt_scores": [scores]})


def test_a_query_can_not_unlock_itself(scores: Path):
    with pytest.raises(ValueError, match="expected one select"):
        mart("set enable_external_access = true; select $size from umt_scores")


def test_a_parameter_of_another_type_is_refused():
    file = mart("select $size from umt_scores")
    with pytest.raises(UserError, match=r"marts.some.size = '10': expected int"):
        file.values({"size": "10"})
    with pytest.raises(UserError, match=r"expected int"):
        file.values({"size": True})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("size", -1, "0 to 9223372036854775807"),
        ("size", 2**63, "0 to 9223372036854775807"),
        ("seed", -(2**64), "-9223372036854775807 to 9223372036854775807"),
        ("top_fraction", -0.3, "0 to 1"),
        ("top_fraction", 1.5, "0 to 1"),
        ("top_fraction", float("nan"), "0 to 1"),
    ],
)
def test_a_parameter_outside_its_range_is_refused(name: str, value: float, expected: str):
    """A negative fraction chose the worst clips without a word: DuckDB counts such a quantile from the other end."""
    with pytest.raises(UserError, match=rf"subsets\.internvid_10m_flt\.{name} = .*: expected {expected}"):
        sql_file("subsets", "internvid_10m_flt").values({name: value})


def test_an_integer_is_a_number_for_a_float():
    assert sql_file("subsets", "internvid_10m_flt").values({"top_fraction": 1})["top_fraction"] == 1.0


def test_work_beyond_memory_spills_and_leaves_nothing(tmp_path: Path, monkeypatch):
    (tmp_path / "spill").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "spill"))
    texts = pl.DataFrame({"clip_id": pl.int_range(600_000, eager=True).cast(pl.String)})
    texts.with_columns(caption=pl.lit("a caption of some length ") + pl.col("clip_id")).write_parquet(tmp_path / "c")
    file = mart("select caption, $size as s from fused_captions order by md5(caption)")
    rows = run_select(file, {"fused_captions": [tmp_path / "c"]}, memory_limit="60MB")
    assert rows.height == 600_000
    assert not list((tmp_path / "spill").iterdir())


def test_columns_of_one_name_are_numbered_as_in_a_table():
    """`select *` of two tables joined has many."""
    with duckdb.connect() as connection:
        rows = fetch(connection, "select 1 as a, 2 as a_1, 3 as a, 4 as b, 5 as a")
    assert rows.to_dicts() == [{"a": 1, "a_1": 2, "a_2": 3, "b": 4, "a_3": 5}]


def test_a_statement_without_a_result_gives_no_rows():
    with duckdb.connect() as connection:
        assert fetch(connection, "begin").is_empty()


SUBSET = "-- One row per clip.\nselect * from captioned_clips\n"
BROKEN = {
    "syntax": ("mine", SUBSET + "wher true", "sql/subsets/mine.sql: expected one select: syntax error"),
    "two selects": ("mine", f"{SUBSET}; select 1", "sql/subsets/mine.sql: expected one select"),
    "empty": ("mine", "", "sql/subsets/mine.sql: "),
    "no grain": ("mine", "select * from captioned_clips", "sql/subsets/mine.sql: line 1 must be '-- One row per"),
    "default": ("mine", SUBSET.replace("\n", "\n-- $size = ten: why\n", 1), "sql/subsets/mine.sql: "),
    "name": ("My subset", SUBSET, "sql/subsets/My subset.sql: invalid table name"),
    "circle": ("mine", "-- One row per clip.\nselect * from mine", "depend on each other in a cycle: mine, mine"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_named_beside_good_ones(case: str, tmp_path: Path, monkeypatch):
    name, text, message = BROKEN[case]
    (tmp_path / "subsets").mkdir()
    (tmp_path / "subsets" / "good.sql").write_text(SUBSET)
    (tmp_path / "subsets" / f"{name}.sql").write_text(text)
    monkeypatch.setattr(files, "sql_folder", lambda: tmp_path)
    with pytest.raises(UserError) as refused:
        files.sql_files.__wrapped__("subsets")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
