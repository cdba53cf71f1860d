"""One row per key in a real LanceDB, with real processes that write at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from internvid_assets.embeddings.index import ClipIndex
from internvid_assets.embeddings.keyed import KeyedTable, key_field

WRITER = Path(__file__).with_name("writing_process.py")
SCHEMA = pa.schema([key_field("name"), pa.field("number", pa.int64())])


@pytest.fixture
def table(tmp_path: Path) -> KeyedTable:
    made = KeyedTable(tmp_path / "index", "numbers")
    made.ensure(SCHEMA)
    return made


def test_four_processes_that_write_the_same_clips_lose_and_double_none(tmp_path: Path):
    """Overlapping keys, all new, and nobody made the table before: each clip once, whole, as one of them wrote it."""
    spans = [(0, 300), (100, 400), (0, 400), (200, 400)]
    started = [
        subprocess.Popen([sys.executable, str(WRITER), str(tmp_path), str(number), *map(str, span)])
        for number, span in enumerate(spans)
    ]
    assert [process.wait(timeout=120) for process in started] == [0, 0, 0, 0]
    index = ClipIndex(tmp_path)
    rows = index.table.read(["clip_id", "video_hash"])
    assert sorted(rows["clip_id"]) == sorted(f"clip{number}" for number in range(400))
    assert index.repeated_keys() == 0
    for clip_id, writer in rows.iter_rows():
        first, end = spans[int(writer)]
        assert first <= int(clip_id.removeprefix("clip")) < end


def test_the_key_has_the_mark_that_keeps_new_keys_apart_and_no_index_that_would_undo_it(table: KeyedTable):
    assert table.open().schema.field("name").metadata == {b"lance-schema:unenforced-primary-key": b"true"}
    assert table.open().list_indices() == []


def test_an_upsert_replaces_and_inserts(table: KeyedTable):
    table.upsert(pl.DataFrame({"name": ["one", "two"], "number": [1, 2]}))
    table.upsert(pl.DataFrame({"number": [22, 3], "name": ["two", "three"]}))
    assert sorted(table.read(["name", "number"]).rows()) == [("one", 1), ("three", 3), ("two", 22)]


def test_keys_are_removed_whatever_their_letters(table: KeyedTable):
    names = ["plain", "it's", 'say "so"', "100%"]
    table.upsert(pl.DataFrame({"name": names, "number": [1, 2, 3, 4]}))
    table.remove(names[1:])
    assert table.read(["name"])["name"].to_list() == ["plain"]


def test_a_table_is_made_once_and_anew_only_for_other_columns(table: KeyedTable):
    table.upsert(pl.DataFrame({"name": ["one"], "number": [1]}))
    table.ensure(SCHEMA)
    assert table.read(["name"]).height == 1
    table.ensure(SCHEMA.append(pa.field("colour", pa.string())))
    assert table.read(["name", "colour"]).height == 0
