"""An imported dataset is a file of the lake that SQL sees at once; a new import replaces it whole, a killed one not."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import duckdb
import pytest

from internvid_assets import tables
from internvid_assets.analytics.warehouse import open_lake, rebuild
from internvid_assets.cells.errors import RunStopped, UserError
from internvid_assets.cells.feature import schema_of
from internvid_assets.cells.lake import Lake, file_name
from internvid_assets.cells.store import Store
from internvid_assets.formats.catalogue import FORMATS
from internvid_assets.formats.importing import dataset_name, import_dataset

LINE = (
    '{{"YoutubeID": "{}", "Start_timestamp": "00:00:01.000", "End_timestamp": "00:00:02.000", "Caption": "a ball"}}\n'
)


def annotations(path: Path, *ids: str) -> Path:
    path.write_text("".join(map(LINE.format, ids)))
    return path


def imported(home: Path, path: Path, dataset: str) -> None:
    import_dataset(path, FORMATS["internvid"], dataset, Store(home))


def ids(home: Path, dataset: str) -> list[str]:
    with open_lake(home) as connection:
        query = "select video_id from imported_clips where dataset = ? order by line"
        return [row[0] for row in connection.execute(query, [dataset]).fetchall()]


def test_datasets_stand_side_by_side_and_are_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    imported(tmp_path, annotations(file, "a", "b", "c"), "one")
    imported(tmp_path, annotations(file, "d"), "two")
    assert (ids(tmp_path, "one"), ids(tmp_path, "two")) == (["a", "b", "c"], ["d"])
    imported(tmp_path, annotations(file, "e"), "one")
    assert (ids(tmp_path, "one"), ids(tmp_path, "two")) == (["e"], ["d"])
    assert Lake(Store(tmp_path)).datasets() == ["one", "two"]


def test_the_rows_have_the_tables_schema_and_keys(tmp_path: Path) -> None:
    file = annotations(tmp_path / "x.jsonl", "a", "b")
    file.write_text(file.read_text() + "broken\n")
    imported(tmp_path, file, "one")
    rows = Lake(Store(tmp_path)).scan("imported_clips", "one").collect()
    assert dict(rows.schema) == schema_of(tables.ImportedClips)
    assert tables.ImportedClips.is_valid(rows)
    assert rows.select("line", "rejection_reason", "line_text").row(2) == (3, "not_json", "broken")


def test_counts_are_of_each_reason(tmp_path: Path) -> None:
    file = annotations(tmp_path / "x.jsonl", "a", "", "b")
    counts = import_dataset(file, FORMATS["internvid"], "one", Store(tmp_path))
    assert counts == {None: 2, "names_no_video": 1}


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    from internvid_assets.cells.store import Store
    from internvid_assets.formats.catalogue import FORMATS
    from internvid_assets.formats.importing import import_dataset

    home, file = map(Path, sys.argv[1:])
    import_dataset(file, FORMATS["internvid"], "one", Store(home), lambda rows: os.kill(os.getpid(), signal.SIGKILL))
    """
)


def test_a_killed_import_leaves_the_old_rows_and_is_swept(tmp_path: Path) -> None:
    home = tmp_path / "home"
    imported(home, annotations(tmp_path / "x.jsonl", "old"), "one")
    new = annotations(tmp_path / "y.jsonl", "new")
    done = subprocess.run([sys.executable, "-c", KILLED, str(home), str(new)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert list((home / "scratch").glob("*/table.parquet"))
    assert ids(home, "one") == ["old"]
    Store(home).sweep()
    assert not list((home / "scratch").iterdir())
    imported(home, new, "one")
    assert ids(home, "one") == ["new"]


def test_a_file_without_a_record_replaces_nothing(tmp_path: Path) -> None:
    file = annotations(tmp_path / "x.jsonl", "a")
    imported(tmp_path, file, "one")
    file.write_text("\n \n")
    with pytest.raises(UserError, match="has no records; the dataset one is unchanged"):
        imported(tmp_path, file, "one")
    assert ids(tmp_path, "one") == ["a"]


def test_the_warehouse_shows_a_dataset_that_came_after_the_first(tmp_path: Path) -> None:
    imported(tmp_path, annotations(tmp_path / "x.jsonl", "a"), "one")
    rebuild(tmp_path / "warehouse.duckdb", home=tmp_path)
    imported(tmp_path, annotations(tmp_path / "x.jsonl", "b", "c"), "two")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        counts = connection.execute("select dataset, count(*) from imported_clips group by all order by all").fetchall()
    assert counts == [("one", 1), ("two", 2)]


def test_a_damaged_file_is_named_with_the_way_out(tmp_path: Path) -> None:
    imported(tmp_path, annotations(tmp_path / "x.jsonl", "a"), "one")
    path = tmp_path / file_name("imported_clips", "one")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(
        RunStopped, match=r"dataset=one/table.parquet is damaged; remove it and import the dataset again"
    ):
        Lake(Store(tmp_path)).paths("imported_clips")


def test_a_lake_elsewhere_holds_datasets_too(tmp_path: Path) -> None:
    store = Store(tmp_path / "home", f"memory://{uuid.uuid4().hex}")
    import_dataset(annotations(tmp_path / "x.jsonl", "a"), FORMATS["internvid"], "one", store)
    lake = Lake(store)
    assert lake.datasets() == ["one"]
    with open_lake(tmp_path / "home", paths=lake.paths) as connection:
        assert connection.execute("select video_id from imported_clips").fetchall() == [("a",)]


@pytest.mark.parametrize(
    ("path", "given", "name"),
    [
        ("InternVid-10M-flt.jsonl", None, "InternVid-10M-flt"),
        ("x/panda70m_training_2m.csv.gz", None, "panda70m_training_2m"),
        ("clips.v2.lance", None, "clips.v2"),
        ("shards", None, "shards"),
        ("a b.csv", "ours", "ours"),
    ],
)
def test_a_dataset_is_named_after_its_file(path: str, given: str | None, name: str) -> None:
    assert dataset_name(Path(path), given) == name


@pytest.mark.parametrize("given", ["a b", "../x", ".x", "x/y", "x=y", "é", "x" * 101])
def test_a_name_that_is_no_folder_is_refused(given: str) -> None:
    with pytest.raises(UserError, match="--dataset"):
        dataset_name(Path("x.csv"), given)
