"""Sequences in files: what is in them, that they fit the schema, and that none is there in part."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import polars as pl
import pytest

from internvid_assets.cells.lake import file_name
from internvid_assets.interleaved.records import SCHEMA_FILE, batches
from internvid_assets.interleaved.sequences import SCHEMA
from internvid_assets.interleaved.writing import write_html, write_jsonl, write_parquet, write_webdataset
from internvid_assets.media.frames import FrameStore

VALIDATOR = jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


@pytest.fixture
def stores(sequences_home: Path):
    return lambda category: FrameStore(sequences_home / "frames" / category)


def rows(home: Path, name: str = "captioned_with_speech") -> pl.LazyFrame:
    return pl.scan_parquet(home / file_name("internvid_icl", name))


@pytest.mark.parametrize("name", ["captioned_with_speech", "paired"])
def test_lines_are_objects_of_the_schema(sequences_home: Path, tmp_path: Path, name: str):
    to = tmp_path / "out.jsonl"
    assert write_jsonl(batches(rows(sequences_home, name)), to) == 11
    told = [json.loads(line) for line in to.read_text(encoding="utf-8").splitlines()]
    for each in told:
        VALIDATOR.validate(each)
    assert [each["sequence_id"] for each in told] == rows(sequences_home, name).collect()["sequence_id"].to_list()
    kinds = {
        "captioned_with_speech": ["clip", "caption", "speech", "clip", "caption"],
        "paired": ["clip", "caption"] * 4,
    }
    assert [item["kind"] for item in told[0]["items"]] == kinds[name]


def broken() -> Iterator[tuple[str, dict]]:
    clip = {"clip_id": "c", "video_id": "v", "category": "music", "start_seconds": 0.0, "end_seconds": 1.0}
    yield "a text with pictures", {"kind": "caption", **clip, "text": "a", "frame_hashes": ["h"]}
    yield "an empty text", {"kind": "speech", **clip, "text": ""}
    yield "a clip with a text", {"kind": "clip", **clip, "text": "a", "frame_hashes": ["h"]}
    yield "a clip without pictures", {"kind": "clip", **clip}
    yield "another kind", {"kind": "sound", **clip, "text": "a"}
    yield "no times", {"kind": "caption", "clip_id": "c", "video_id": "v", "category": "music", "text": "a"}


@pytest.mark.parametrize(("why", "item"), broken(), ids=lambda case: case if isinstance(case, str) else "")
def test_the_schema_refuses(sequences_home: Path, why: str, item: dict):
    good = next(iter(batches(rows(sequences_home))))[0]
    VALIDATOR.validate(good)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({**good, "items": [item]})


def test_parquet_has_the_tables_rows(sequences_home: Path, tmp_path: Path):
    table = rows(sequences_home)
    assert (
        write_parquet(table.collect_batches(chunk_size=4, maintain_order=True), SCHEMA, tmp_path / "out.parquet") == 11
    )
    assert pl.read_parquet(tmp_path / "out.parquet").equals(table.collect())


def test_shards_hold_each_sample_whole(sequences_home: Path, stores, tmp_path: Path):
    """Members of a sample stand together, the JSON first, as readers of WebDataset expect."""
    to = tmp_path / "shards"
    assert write_webdataset(batches(rows(sequences_home)), stores, to, shard_bytes=20_000) == 11
    shards, seen = sorted(to.iterdir()), []
    assert [shard.name for shard in shards[:2]] == ["000000.tar", "000001.tar"]
    for shard in shards:
        with tarfile.open(shard) as tar:
            names = tar.getnames()
            samples = {name: json.load(tar.extractfile(name)) for name in names if name.endswith(".json")}
        for name, each in samples.items():
            VALIDATOR.validate(each)
            key = name.removesuffix(".json")
            images = [image for item in each["items"] for image in item.get("images", ())]
            start = names.index(name)
            assert names[start : start + 9] == [name, *(f"{key}.{image}" for image in images)]
            seen.append(each["sequence_id"])
    assert seen == rows(sequences_home).collect()["sequence_id"].to_list()
    with tarfile.open(shards[0]) as tar:
        first = stores("sports").read(["v00_0/0"])[0]
        assert tar.extractfile("000000000.000_0.jpg").read() == first


def test_equal_sequences_make_equal_shards(sequences_home: Path, stores, tmp_path: Path):
    for name in ("one", "other"):
        write_webdataset(batches(rows(sequences_home)), stores, tmp_path / name)
    assert (tmp_path / "one/000000.tar").read_bytes() == (tmp_path / "other/000000.tar").read_bytes()


def test_a_page_shows_pictures_and_escapes_every_text(sequences_home: Path, stores, tmp_path: Path):
    to = tmp_path / "out.html"
    assert write_html(batches(rows(sequences_home).head(2)), stores, to) == 2
    page = to.read_text(encoding="utf-8")
    assert page.count("<article>") == 2 and page.count('src="data:image/jpeg;base64,') == 16
    assert "a &lt;b&gt;cross&lt;/b&gt; spins" in page and "<b>" not in page and "look &amp; see" in page
    assert not re.search(r"""(src|href)=["'](?!data:)|https?://""", page)
    assert page.startswith("<!doctype html>") and page.endswith("</html>\n")


def test_what_fails_leaves_what_was_there(sequences_home: Path, stores, tmp_path: Path):
    def ending() -> Iterator[list[dict]]:
        yield from batches(rows(sequences_home).head(2))
        raise OSError("no space left on device")

    to = tmp_path / "shards"
    write_webdataset(batches(rows(sequences_home).head(1)), stores, to)
    write_jsonl(batches(rows(sequences_home).head(1)), tmp_path / "out.jsonl")
    before = (tmp_path / "out.jsonl").read_text()
    with pytest.raises(OSError, match="no space left"):
        write_webdataset(ending(), stores, to)
    with pytest.raises(OSError, match="no space left"):
        write_jsonl(ending(), tmp_path / "out.jsonl")
    assert [path.name for path in to.iterdir()] == ["000000.tar"]
    assert (tmp_path / "out.jsonl").read_text() == before
    assert not list(tmp_path.glob(".*unfinished"))
