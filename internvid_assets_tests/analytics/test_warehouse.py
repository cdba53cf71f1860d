"""The warehouse is replaced under its readers, moves with its home, and says what its columns are."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from internvid_assets import tables
from internvid_assets.analytics import warehouse as warehouse_module
from internvid_assets.analytics.warehouse import ABANDONED_AFTER_SECONDS, open_lake, rebuild
from internvid_assets.cells.errors import UserError
from internvid_assets.selects.files import parse, sql_files, subset_names
from internvid_assets.selects.unions import ABOUT as UNIONS

GRAPH = tables.GRAPH | tables.IMPORTED
EVERY_TABLE = {*GRAPH, *(file.name for kind in ("subsets", "marts") for file in sql_files(kind))}


def ask(path: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def home(rows, write_lake) -> Path:
    return write_lake(rows)


@pytest.fixture
def warehouse(home: Path) -> Path:
    rebuild(home / "warehouse.duckdb", home=home)
    return home / "warehouse.duckdb"


def test_it_shows_every_table_with_its_rows(home: Path):
    rows = rebuild(home / "warehouse.duckdb", home=home)
    assert set(rows) == EVERY_TABLE
    assert rows["clips"] == 4
    assert rows["internvid_10m_div"] == 3
    assert rows["videos_by_category"] == 2


def test_marts_are_copied_and_the_rest_are_views(warehouse: Path):
    views = {name for (name,) in ask(warehouse, "select view_name from duckdb_views() where not internal")}
    assert views == {*GRAPH, *subset_names(), *UNIONS} - set(tables.IMPORTED)  # nothing was imported: a table


def test_an_empty_home_gives_every_table_without_rows(tmp_path: Path):
    rows = rebuild(tmp_path / "new" / "warehouse.duckdb", home=tmp_path / "new")
    assert rows == dict.fromkeys(EVERY_TABLE, 0)
    with open_lake(tmp_path / "nothing") as connection:
        assert connection.execute("select clip_id, sampling_key from internvid_10m_div").fetchall() == []
        assert connection.execute("select kept_hours from clips_by_category").fetchall() == []


def test_columns_and_tables_say_what_they_are(warehouse: Path):
    comments = dict(ask(warehouse, "select table_name || '.' || column_name, comment from duckdb_columns()"))
    for name, schema in GRAPH.items():
        for column, about in schema.columns().items():
            assert comments[f"{name}.{column}"] == about.description
    assert comments["internvid_10m_div.rank"] == tables.ChosenClips.columns()["rank"].description
    (about_clips,) = ask(warehouse, "select comment from duckdb_views() where view_name = 'clips'")
    assert about_clips[0].startswith("One row per clip, a half-open span")
    (about_mart,) = ask(warehouse, "select comment from duckdb_tables() where table_name = 'subset_sizes'")
    assert about_mart[0].startswith("One row per subset")


def test_views_follow_the_lake_without_a_rebuild(warehouse: Path, home: Path, rows, write_lake):
    rows["clips"].pop()
    write_lake(rows, home=home)
    assert ask(warehouse, "select count(*) from clips") == [(3,)]


def test_it_answers_from_any_directory(warehouse: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path / "..")
    assert ask(warehouse, "select count(*) from clips") == [(4,)]


def test_a_moved_home_is_found_by_a_variable(warehouse: Path, home: Path):
    moved = home.rename(home.with_name("it's moved"))
    with duckdb.connect(str(moved / "warehouse.duckdb"), read_only=True) as connection:
        with pytest.raises(duckdb.IOException, match="No files found"):
            connection.execute("select count(*) from clips")
        connection.execute("set variable internvid_home = ?", [str(moved)])
        assert connection.execute("select count(*) from clips").fetchall() == [(4,)]
        assert connection.execute("select count(*) from subset_sizes").fetchall() == [(len(sql_files("subsets")),)]


def test_the_file_is_read_only_and_nothing_else_is_left(warehouse: Path):
    assert warehouse.stat().st_mode & 0o777 == 0o444
    assert sorted(path.name for path in warehouse.parent.iterdir()) == ["lake", "warehouse.duckdb"]


def test_a_rebuild_that_fails_keeps_the_old_file(warehouse: Path, home: Path):
    before = warehouse.stat().st_ino
    (home / "lake/subset_sizes/table.parquet").write_bytes(b"not parquet")
    with pytest.raises(duckdb.Error):
        rebuild(warehouse, home=home)
    assert warehouse.stat().st_ino == before
    assert sorted(path.name for path in home.iterdir()) == ["lake", "warehouse.duckdb"]


def test_what_killed_rebuilds_left_is_removed_after_a_day(warehouse: Path, home: Path):
    old, young = (home / f".warehouse.duckdb.building-{name}" for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    yesterday = time.time() - ABANDONED_AFTER_SECONDS - 1
    os.utime(old, (yesterday, yesterday))
    rebuild(warehouse, home=home)
    assert (old.exists(), young.exists()) == (False, True)


READER = """
    import sys, duckdb
    connection = duckdb.connect(sys.argv[1], read_only=True)
    cursor = connection.cursor()
    cursor.execute("select a.clip_id from internvid_10m_div a, range(100000)")
    read = len(cursor.fetchmany(10))
    print("open", flush=True)
    sys.stdin.readline()
    while rows := cursor.fetchmany(50000):
        read += len(rows)
    clips = "select clips from subset_sizes where subset = 'internvid_10m_div'"
    print(read, connection.execute(clips).fetchone()[0], flush=True)
    connection.close()
"""


def test_a_reader_in_another_process_is_undisturbed_by_rebuilds(warehouse: Path, home: Path, rows, write_lake):
    """It has a query half fetched while the file is replaced twice; it ends it, and asks again, on what it opened."""
    command = [sys.executable, "-c", textwrap.dedent(READER), str(warehouse)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin and reader.stdout
        assert reader.stdout.readline() == "open\n"
        rows["clips"][0]["rejection_reason"] = "still"
        write_lake(rows, home=home)
        for _ in range(2):
            rebuild(warehouse, home=home)
            assert ask(warehouse, "select count(*) from internvid_10m_div") == [(2,)]
        reader.stdin.write("go on\n")
        reader.stdin.flush()
        assert reader.stdout.readline().split() == ["300000", "3"]
    assert reader.returncode == 0


REBUILDER = """
    import sys
    from pathlib import Path
    from internvid_assets.analytics.warehouse import rebuild
    home = Path(sys.argv[1])
    for _ in range(3):
        rebuild(home / "warehouse.duckdb", home=home)
"""


def test_rebuilds_at_the_same_time_never_show_half_a_file(warehouse: Path, home: Path):
    command = [sys.executable, "-c", textwrap.dedent(REBUILDER), str(home)]
    rebuilders = [subprocess.Popen(command) for _ in range(2)]
    seen = 0
    while any(rebuilder.poll() is None for rebuilder in rebuilders):
        assert ask(warehouse, "select count(*) from internvid_10m_div") == [(3,)]
        seen += 1
        time.sleep(0.05)
    assert seen > 3
    assert [rebuilder.returncode for rebuilder in rebuilders] == [0, 0]
    assert sorted(path.name for path in home.iterdir()) == ["lake", "warehouse.duckdb"]


def test_files_outside_the_home_are_listed_by_path(home: Path, tmp_path: Path):
    """As for a lake in an object store, whose files are read through cached copies."""

    def paths(table: str) -> list[Path]:
        return sorted((home / "lake" / table).glob("**/table.parquet"))

    rows = rebuild(tmp_path / "other" / "warehouse.duckdb", home=tmp_path / "other", paths=paths)
    assert rows["clips"] == 4
    with open_lake(tmp_path / "other", paths=paths) as connection:
        assert connection.execute("select count(*) from clips").fetchall() == [(4,)]


def test_open_lake_sees_a_table_the_moment_it_is_written(home: Path, rows, write_lake: Callable[..., Path]):
    with open_lake(home) as connection:
        assert connection.execute("select count(*) from clips").fetchall() == [(4,)]
        rows["clips"].pop()
        write_lake(rows, home=home)
        assert connection.execute("select count(*) from clips").fetchall() == [(3,)]


def test_a_file_from_before_a_column_was_added_is_read_with_nulls(home: Path, rows, write_table):
    """Two categories written by two versions: their columns are matched by name."""
    path = home / "lake/clips/category=sports/table.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select * exclude motion_max from '{path}') to '{home}/old.parquet'; ")
    (home / "old.parquet").replace(path)
    with open_lake(home) as connection:
        assert connection.execute("select count(*), count(motion_max) from clips").fetchall() == [(4, 0)]


def test_a_mart_that_does_not_run_is_named(home: Path, monkeypatch):
    """It was never made, so its columns are asked for: that kept every other table from being asked, without a name."""
    broken = parse("mine", "marts", "-- One row per clip.\nselect no_such_column from clips")
    marts = (*sql_files("marts"), broken)
    monkeypatch.setattr(warehouse_module, "sql_files", lambda kind: marts)
    with pytest.raises(UserError, match=r'^sql/marts/mine\.sql: Binder Error: .*"no_such_column" not found'):
        open_lake(home)
