"""What goes wrong is told on one line, without a traceback, with what was expected; exit code 1 (2: wrong usage)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import polars as pl
import pytest
from console import run_here

from internvid_assets.cells.lease import lease

REFUSED = [
    (["sql", "selec 1"], "syntax error"),
    (["sql", "select * from clipss"], "clips"),
    (["sql", "select no_such_column from clips"], "no_such_column"),
    (["ingest", "/no/such/folder"], "/no/such/folder"),
    (["ingest", "/tmp", "--category", "sport"], "expected one of film_and_animation"),
    (["materialize", "key:clipss"], "selects nothing; assets: acquired_videos"),
    (["materialize", "key:"], "try 'key:clips'"),
    (["materialize", "-c", "sports", "-c", "sport"], "--category sport: expected one of"),
    (["materialize", "--set", "clips.treshold=30"], "unknown setting clips.treshold"),
    (["materialize", "--set", "clips.threshold=high"], "clips.threshold = 'high'"),
    (["materialize", "--set", "clips.threshold"], "expected section.key=value"),
    (["materialize", "--set", "videos.min_duration_seconds=-1"], "greater than or equal to 0"),
    (["plan", "key:clipss"], "selects nothing"),
    (["plan", "-c", "sport"], "expected one of"),
    (["plan", "--set", "profile=big"], "profile = 'big'"),
    (["status", "-c", "sport"], "expected one of"),
    (["search", "a red ball"], "no index"),
    (["search", "  "], "nothing to search for"),
    (["search", os.fsdecode(b"\xff\xfe")], "expected words in UTF-8"),
    (["search", "a red ball", "-c", "sport"], "expected one of"),
    (["recaption", " "], "the prompt is empty"),
    (["recaption", os.fsdecode(b"\xff\xfe")], "expected words in UTF-8"),
    (["recipes", "show", "clipss"], "assets with one: caption_phrases, "),
    (["ingest"], "no source given"),
    (["recipes", "bless", "clipss"], "cannot bless clipss"),
    (["recipes", "bless"], "cannot bless nothing"),
    (["backfill"], "no category has videos yet"),
    (["backfill", "-c", "sports"], "no UI is running"),
    (["backfill", "group:viclip"], "run: internvid materialize group:viclip"),
    (["backfill", "key:coverage or key:warehouse"], "run: internvid materialize 'key:coverage or key:warehouse'"),
    (["sample-world", "--to", "/proc"], "/proc"),
]


@pytest.mark.parametrize(
    ("arguments", "told"), REFUSED, ids=lambda value: " ".join(value) if list is type(value) else ""
)
def test_a_refusal_is_one_line(arguments, told, empty):
    done = run_here(*arguments, home=empty)
    assert done.exit_code == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("internvid: ") and told in line
    assert done.stdout == ""


WRONG_USAGE = [
    ["materialise"],
    ["sql"],
    ["sql", "select 1", "--format", "xml"],
    ["search", "a ball", "-k", "0"],
    ["materialize", "--limit", "0"],
    ["search", "a ball", "--min-umt", "nan"],
    ["sample-world"],
]


@pytest.mark.parametrize("arguments", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_ends_with_2_and_says_how_to_get_help(arguments, empty):
    done = run_here(*arguments, home=empty)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr and "--help" in done.stderr


def test_settings_that_are_no_toml(empty):
    empty.mkdir()
    (empty / "internvid.toml").write_text("[clips\nthreshold = 27\n")
    done = run_here("plan", home=empty)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and "internvid.toml is not valid TOML" in line


def test_a_home_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    done = run_here("status", home=tmp_path / "file" / "home")
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and "set INTERNVID_HOME" in line


def test_a_process_fails_like_that_too(process, empty):
    """The console script as it is installed, with a real exit code."""
    done = process.run("sql", "selec 1", home=empty)
    assert done.exit_code == 1 and done.out == b""
    assert done.stderr.startswith("internvid: ") and done.stderr.count("\n") == 1


def test_a_step_that_fails_is_a_line_and_the_exit_code(home):
    """Another process fills the table: the step fails, what does not depend on it goes on."""
    with lease(home, "videos", "music", holder="a test"):
        done = run_here("materialize", "key:videos", "-c", "music", "-c", "sports", home=home)
    *begun, line = done.stderr.splitlines()
    assert begun == ["category 1 of 2: music", "category 2 of 2: sports"]
    assert done.exit_code == 1
    assert line.startswith("internvid: videos of music: ") and "is being filled by process" in line
    assert "up to date" not in done.stdout


def test_each_step_that_fails_is_a_line_of_its_own(home):
    with lease(home, "videos", "music", holder="a test"), lease(home, "videos", "sports", holder="a test"):
        done = run_here("materialize", "key:videos", "-c", "music", "-c", "sports", home=home)
    lines = [line for line in done.stderr.splitlines() if line.startswith("internvid: ")]
    assert done.exit_code == 1 and len(lines) == 2
    assert all("is being filled by process" in line for line in lines)


def turn_bytes(path: Path, first: int, last: int) -> None:
    """Every bit of the bytes from `first` to `last` turned; both count from the end where they are negative."""
    content = bytearray(path.read_bytes())
    content[first:last] = bytes(byte ^ 0xFF for byte in content[first:last])
    path.write_bytes(content)


DAMAGES = {
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-20]),
    "empty": lambda path: path.write_bytes(b""),
    "footer": lambda path: turn_bytes(path, -200, -8),
    "rows": lambda path: turn_bytes(path, 4, 3000),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_table_is_named_and_heals_when_it_is_made_again(home, damage):
    (table,) = (home / "lake" / "clips").glob("category=music/table.parquet")
    DAMAGES[damage](table)
    for command in (["status"], ["plan"], ["sql", "select max(clips) from clips"], ["materialize", "key:clip_frames"]):
        done = run_here(*command, home=home)
        assert done.exit_code == 1
        assert f"{table} is damaged; remove it and materialise clips" in done.stderr.splitlines()[-1]
    assert run_here("materialize", "key:clips", home=home).exit_code == 0
    assert run_here("status", home=home).exit_code == 0


def test_a_table_that_lacks_a_column_is_named(home):
    """Read without a word, its rows would pass for rows that have no caption, and be embedded and scored so."""
    (table,) = (home / "lake" / "fused_captions").glob("category=music/table.parquet")
    written = {name: text for name, text in pl.read_parquet_metadata(table).items() if name != "ARROW:schema"}
    pl.read_parquet(table, hive_partitioning=False).drop("caption").write_parquet(table, metadata=written)
    told = f"{table} lacks the column caption; remove it and materialise fused_captions: nothing is recomputed"
    for command in (["status"], ["plan"], ["materialize", "key:umt_scores"], ["materialize", "key:coverage"]):
        done = run_here(*command, home=home)
        assert (done.exit_code, told in done.stderr.splitlines()[-1]) == (1, True), command
    asked = run_here("sql", "select count(*) from fused_captions", home=home)
    assert (asked.exit_code, asked.stderr) == (0, f"internvid: missing values are read as null: {told}\n")
    table.unlink()
    assert run_here("materialize", "key:fused_captions", home=home).exit_code == 0
    assert run_here("status", home=home).exit_code == 0


def test_a_table_that_lacks_a_column_is_not_exported_as_if_it_were_empty(home, tmp_path):
    (table,) = (home / "lake" / "captioned_clips").glob("category=music/table.parquet")
    pl.read_parquet(table, hive_partitioning=False).drop("umt_score").write_parquet(table)
    done = run_here("export", "internvid_10m", "--format", "internvid", "--to", tmp_path / "x.jsonl", home=home)
    assert done.exit_code == 1 and not list(tmp_path.glob("x*"))
    assert done.stderr.startswith(
        f"internvid: {table} lacks the column umt_score; remove it and materialise captioned_"
    )


def test_a_table_that_somebody_else_wrote_is_named(home):
    (table,) = (home / "lake" / "clips").glob("category=music/table.parquet")
    pl.read_parquet(table, hive_partitioning=False).write_parquet(table)
    done = run_here("materialize", "key:release", home=home)
    told = f"{table} has no recipe in its metadata; remove it and materialise clips: nothing is recomputed"
    assert (done.exit_code, told in done.stderr.splitlines()[-1]) == (1, True)


def test_a_question_that_names_no_column_is_told_so(home):
    done = run_here("sql", "select capshun from fused_captions", home=home)
    assert done.exit_code == 1
    assert 'Referenced column "capshun" not found' in done.stderr


@pytest.mark.parametrize("damage", ["cut off", "footer", "rows"])
def test_a_damaged_part_is_named_and_its_calls_are_made_again(home, damage):
    part = next((home / "cells" / "caption_verbs").glob("*/category=music/*.parquet"))
    DAMAGES[damage](part)
    for command in (["status"], ["plan"], ["materialize", "key:caption_verbs"]):
        done = run_here(*command, home=home)
        assert done.exit_code == 1
        told = f"{part} is damaged; restore it, or remove it: its calls will then be made again"
        assert told in done.stderr.splitlines()[-1]
    part.unlink()
    assert run_here("materialize", "key:caption_verbs", home=home).exit_code == 0


def test_what_nobody_expected_is_one_line_too(home):
    """A file in the place of a folder: no promise covers it, and still nobody is shown a traceback."""
    shutil.rmtree(home / "scratch", ignore_errors=True)
    (home / "scratch").touch()
    done = run_here("status", home=home)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1
    assert line.startswith("internvid: ") and line.endswith("; INTERNVID_DEBUG=1 shows where")


def test_a_damaged_index_says_how_to_have_it_made_anew(home):
    for file in (home / "index" / "clips.lance" / "data").iterdir():
        file.write_bytes(os.urandom(400))
    asked, made = run_here("search", "a red ball", home=home), run_here("materialize", "key:clip_index", home=home)
    for done in (asked, made):
        assert done.exit_code == 1
        assert "remove it and run: internvid materialize '+key:clip_index'" in done.stderr
    shutil.rmtree(home / "index")
    assert run_here("materialize", "key:clip_index", home=home).exit_code == 0
    assert run_here("search", "a red ball", home=home).exit_code == 0
