"""internvid ingest: what is registered, and that nothing else happens."""

from __future__ import annotations

import json
import os
import re
import tomllib

import pytest
from console import files, run_here


def registered(home):
    with (home / "sources.toml").open("rb") as file:
        return [(source["path"], source["category"]) for source in tomllib.load(file)["sources"]]


def test_files_and_folders_become_sources(tmp_path, empty):
    folder, file = tmp_path / "folder", tmp_path / "one.mp4"
    folder.mkdir()
    file.write_bytes(b"")
    done = run_here("ingest", folder, file, "--category", "sports", home=empty)
    assert (done.exit_code, done.stderr) == (0, "")
    assert registered(empty) == [(str(folder), "sports"), (str(file), "sports")]
    assert done.stdout.splitlines()[-1] == "next: internvid materialize --category sports"


def test_nothing_is_copied_or_changed(world, tmp_path, empty):
    before = list(files(world))
    run_here("ingest", world / "sports", home=empty)
    assert list(files(world)) == before
    assert not [path for path in empty.rglob("*") if path.suffix in (".mp4", ".webm")]


def test_the_category_is_other_if_none_is_given(tmp_path, empty):
    assert run_here("ingest", tmp_path, home=empty).exit_code == 0
    assert registered(empty) == [(str(tmp_path), "other")]


def test_again_registers_nothing_twice(tmp_path, empty):
    for _ in range(2):
        assert run_here("ingest", tmp_path, "-c", "music", home=empty).exit_code == 0
    assert registered(empty) == [(str(tmp_path), "music")]


def test_a_relative_path_means_the_folder_it_was_said_in(tmp_path, empty, monkeypatch):
    (tmp_path / "videos").mkdir()
    monkeypatch.chdir(tmp_path)
    run_here("ingest", "videos", home=empty)
    assert registered(empty) == [(str(tmp_path / "videos"), "other")]


def test_one_missing_path_registers_none(tmp_path, empty):
    done = run_here("ingest", tmp_path, tmp_path / "gone", home=empty)
    assert done.exit_code == 1 and str(tmp_path / "gone") in done.stderr
    assert not (empty / "sources.toml").exists()


def sources(home):
    with (home / "sources.toml").open("rb") as file:
        return tomllib.load(file)["sources"]


ID = "dQw4w9WgXcQ"
PLACES = [
    (["http://127.0.0.1:9/v.mp4"], {"url": "http://127.0.0.1:9/v.mp4"}),
    ([ID], {"url": f"https://www.youtube.com/watch?v={ID}"}),
    ([f"https://youtu.be/{ID}?t=3"], {"url": f"https://www.youtube.com/watch?v={ID}"}),
    (["https://www.youtube.com/@someone/videos"], {"channel": "https://www.youtube.com/@someone/videos"}),
    (["s3://bucket/prefix"], {"url": "s3://bucket/prefix"}),
    (["--channel", "https://example.org/feed"], {"channel": "https://example.org/feed"}),
    (["--search", "a dog runs", "--top", "5"], {"search": "a dog runs", "top": 5}),
    (["--queries"], {"queries": "action_queries", "top": 20}),
]


@pytest.mark.parametrize(("arguments", "expected"), PLACES)
def test_every_kind_of_source(arguments, expected, empty):
    done = run_here("ingest", *arguments, "-c", "music", home=empty)
    assert (done.exit_code, done.stderr) == (0, "")
    assert sources(empty) == [{**expected, "category": "music"}]


def test_a_list_says_what_it_holds_and_which_categories_follow(tmp_path, empty):
    (tmp_path / "l.csv").write_text(f"id,category\n{ID},Sports\n,\nnonsense,\n")
    done = run_here("ingest", "--list", tmp_path / "l.csv", "-c", "music", home=empty)
    assert (done.exit_code, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first == f"registered {tmp_path / 'l.csv'} (1 videos, 2 lines not understood) in category music"
    assert last == "next: internvid materialize --category music --category sports"
    assert sources(empty) == [{"list": str(tmp_path / "l.csv"), "category": "music"}]


REFUSED = [
    ([], "no source given"),
    (["ftp://example.org/v.mp4"], "ftp is none of http, https, s3"),
    (["simplecache::file:///etc/passwd"], "no such file|is none of"),
    (["--list", "absent.csv"], "absent.csv: no such list"),
    (["--list", "l.xls"], "a list must end in one of"),
    (["http://127.0.0.1:9/v.mp4", "absent"], "absent: no such file or folder; nothing was registered"),
]


@pytest.mark.parametrize(("arguments", "told"), REFUSED)
def test_what_is_no_source_registers_nothing(arguments, told, tmp_path, empty, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "l.xls").touch()
    done = run_here("ingest", *arguments, home=empty)
    assert done.exit_code == 1 and re.search(told, done.stderr)
    assert done.stderr.count("\n") == 1
    assert not (empty / "sources.toml").exists()


ODD_NAMES = [
    "-dash first.mp4",
    "naïve 视频 \"double\" 'single' #1 & 50% $HOME;.mp4",
    "new\nline.mp4",
    " .mp4",
    "a\\b.mp4",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names(name, tmp_path, empty, monkeypatch):
    (tmp_path / name).write_bytes(b"no video")
    monkeypatch.chdir(tmp_path)
    done = run_here("ingest", "--category", "music", "--", name, home=empty)
    assert (done.exit_code, done.stderr) == (0, "")
    assert registered(empty) == [(str(tmp_path / name), "music")]


def test_a_name_that_is_no_text(tmp_path, process, empty):
    """Bytes that are no UTF-8, as old archives hold them, through a real command line."""
    name = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    with open(name, "wb") as file:
        file.write(b"no video")
    done = process.run("ingest", os.fsdecode(name), home=empty)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "caf\\xe9.mp4" in done.stdout
    plan = json.loads(run_here("plan", "+key:acquired_videos", "-f", "json", home=empty).stdout)
    assert {row["asset"]: row["rows_to_compute"] for row in plan}["acquired_videos"] == 1
