"""The same store on a disk, in memory and on an S3 that runs here."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from toy_words import CATEGORY, WORDS, Splitter, recipe, texts

from internvid_assets.cells import remembered
from internvid_assets.cells.fill import FillOptions, fill
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.store import Store


@pytest.fixture(params=["disk", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "disk":
        return Store(tmp_path)
    if request.param == "memory":
        return Store(tmp_path, f"memory://{uuid.uuid4().hex}")
    return Store(tmp_path, f"{request.getfixturevalue('s3_bucket')}/datasets")


def put(store: Store, name: str, content: str) -> None:
    with store.scratch() as scratch:
        (scratch / "file").write_text(content)
        store.publish(scratch / "file", name)


def test_what_is_published_is_listed_found_replaced_and_removed(store):
    assert store.list("cells") == []
    assert store.find("cells/a/part-1") is None
    put(store, "cells/a/part-1", "one")
    put(store, "cells/b/part-2", "two")
    assert [file.name for file in store.list("cells")] == ["cells/a/part-1", "cells/b/part-2"]
    assert [file.name for file in store.list("cells/a")] == ["cells/a/part-1"]
    put(store, "cells/a/part-1", "another")
    found = store.find("cells/a/part-1")
    assert found is not None
    assert found.read_text() == "another"
    store.remove("cells/a/part-1")
    store.remove("cells/a/part-1")
    assert store.find("cells/a/part-1") is None


def test_another_process_sees_a_change_at_once(store, tmp_path):
    put(store, "lake/table", "old")
    reader = Store(tmp_path / "reader", None if store.is_local else _url(store))
    if store.is_local:
        reader = Store(store.home)
    assert reader.find("lake/table").read_text() == "old"
    put(store, "lake/table", "newer")
    assert reader.find("lake/table").read_text() == "newer"


def test_of_a_remote_file_one_copy_is_kept_and_it_goes_with_the_file(store):
    names = ["cells/a/part-1", "lake/table"]
    for name in names:
        put(store, name, "old")
    before = [store.find(name) for name in names]
    put(store, "lake/table", "newer")
    assert [store.find(name) for name in names] == before
    assert [path.read_text() for path in before] == ["old", "newer"]
    copies = {path for name in ("part-1", "table") for path in (store.home / "cache").rglob(name)}
    assert copies == (set() if store.is_local else {*before})
    store.remove("lake/table")
    assert [path.exists() for path in before] == [True, False]


def _url(store: Store) -> str:
    protocol = store.file_system.protocol
    return f"{protocol if isinstance(protocol, str) else protocol[0]}://{store.root.lstrip('/')}"


def test_a_fill_works_wherever_the_lake_lies(store, monkeypatch):
    monkeypatch.setattr(remembered.Remembered.compact, "__kwdefaults__", {"above_parts": 2})
    lake, rows = Lake(store), {f"{i:02}": f"text {i}" for i in range(10)}
    options = FillOptions(commit_seconds=1e-9)
    first, again = Splitter(), Splitter()
    for work in (first, again):
        fill(WORDS, texts(rows), recipe=recipe(), category=CATEGORY, lake=lake, open_work=work, options=options)
    assert (len(first.asked), again.asked) == (10, [])
    assert lake.scan("words", CATEGORY).collect().height == 20
    names = [file.name.rpartition("/")[2] for file in store.list("cells")]
    assert [name.partition("-")[0] for name in names] == ["merged", "merged"], "four parts became one and its manifest"
