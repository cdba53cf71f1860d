"""docs/formats.md tells the truth: its table is the catalogue's, its examples are records, its reasons are all."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.analytics.warehouse import open_lake
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.store import Store
from internvid_assets.formats.catalogue import FORMATS, detected, read, write
from internvid_assets.formats.importing import import_dataset
from internvid_assets.formats.rows import CONTENT
from internvid_assets.selects.running import fetch

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
EXAMPLES = {
    name: (ending, text) for name, ending, text in re.findall(r"^### (\w+)\n.+?```(\w+)\n(.+?)```", PAGE, re.M | re.S)
}
RECORDS = {name: example for name, example in EXAMPLES.items() if example[0] in ("json", "csv")}


def test_the_table_is_the_catalogue():
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| ([^|]+) \| ([^|]+) \|$", PAGE, flags=re.MULTILINE)
    told = {name: (keys, kept) for name, keys, kept in rows if name in FORMATS}
    assert list(told) == list(FORMATS) == list(EXAMPLES)
    for name, (keys, kept) in told.items():
        assert kept == "all" or tuple(re.findall(r"`(\w+)`", kept)) == FORMATS[name].holds
        assert (kept == "all") == (FORMATS[name].holds == tuple(CONTENT))
        assert keys == "ours" or set(re.findall(r"`(\w+)`", keys)) == set(FORMATS[name].wanted) - {
            "Language",
            "Category",
        }


@pytest.mark.parametrize("name", RECORDS)
def test_an_example_is_read_and_written_as_it_stands(name: str, tmp_path: Path):
    ending, text = RECORDS[name]
    path, again = (tmp_path / f"{stem}.{ending.replace('json', 'jsonl')}" for stem in ("example", "again"))
    path.write_text(text, encoding="utf-8")
    assert detected(path).name == name
    rows = pl.concat(read(path, FORMATS[name]))
    assert rows["rejection_reason"].null_count() == rows.height > 0
    write([rows], again, FORMATS[name])
    assert again.read_text(encoding="utf-8") == text


def test_every_reason_is_explained():
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "internvid_assets" / "formats").glob("*.py"))
    told = r'(?:pl\.lit\(|return |None, |\}, |record, |else |problem |name, )"([a-z]+_[a-z0-9_]+|truncated)"'
    reasons = set(re.findall(told, code)) - {"video_id", "clip_id"}
    explained = set(re.findall(r"^\| `(\w+)` \| [a-z][^|]+ \|$", PAGE, flags=re.MULTILINE))
    assert len(reasons) >= 12
    assert reasons == explained


def test_the_queries_run(tmp_path: Path):
    path = tmp_path / "flt.jsonl"
    path.write_text(RECORDS["internvid"][1])
    import_dataset(path, FORMATS["internvid"], "flt", Store(tmp_path))
    queries = re.findall(r"```sql\n(.+?)\n```", PAGE, flags=re.DOTALL)
    with open_lake(tmp_path, paths=Lake(Store(tmp_path)).paths) as connection:
        assert [fetch(connection, query)["dataset"].to_list() for query in queries] == [["flt"]] * len(queries)
