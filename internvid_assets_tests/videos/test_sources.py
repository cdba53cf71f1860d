"""Sources: registered once, listed anew, and no file name or sidecar loses a video."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from internvid_assets import tables
from internvid_assets.cells.errors import UserError
from internvid_assets.videos.candidates import list_candidates
from internvid_assets.videos.folders import source_uri
from internvid_assets.videos.sources import Source, add_source, read_sources


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())


def listed(folder: Path, category: str = "music", **source: str) -> pl.DataFrame:
    return list_candidates([Source(str(folder), category, **source)], category)


def names(frame: pl.DataFrame) -> list[str]:
    return [Path(uri).name for uri in frame["source_uri"]]


def test_registering_twice_is_registering_once(home: Path, folder: Path) -> None:
    add_source(home, folder, "music")
    add_source(home, f"{folder}/", "music")
    add_source(home, folder, "sports")
    assert read_sources(home) == [Source(str(folder), "music"), Source(str(folder), "sports")]


def test_what_a_user_wrote_into_the_registry_stays(home: Path, folder: Path) -> None:
    home.mkdir()
    written = '# mine\n[[sources]]\npath = "relative/clips"\nquery = "a dog runs"\n'
    (home / "sources.toml").write_text(written)
    add_source(home, folder, "music")
    assert (home / "sources.toml").read_text().startswith(written)
    assert read_sources(home)[0] == Source(str(home / "relative/clips"), "other", "a dog runs")


def test_two_processes_register_at_once(home: Path, tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from internvid_assets.videos.sources import add_source\n"
        "for i in range(20):\n"
        "    folder = Path(sys.argv[2]) / f'{sys.argv[3]}-{i}'; folder.mkdir(); add_source(Path(sys.argv[1]), folder)"
    )
    command = [sys.executable, "-c", script, str(home), str(tmp_path)]
    processes = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(read_sources(home)) == 40


def test_bad_sources_are_told_in_one_line(home: Path, folder: Path) -> None:
    with pytest.raises(UserError, match=r"absent does not exist: give a video file or a folder of videos"):
        add_source(home, folder / "absent", "music")
    with pytest.raises(UserError, match=r"'dancing' is not a category; choose one of film_and_animation"):
        add_source(home, folder, "dancing")
    home.mkdir()
    for text, message in {
        "sources = [": "cannot be read",
        "[[sources]]\ncategory = 'music'": "source 1 has no path",
        "[[sources]]\npath = '/x'\ncategory = 'dancing'": "source 1: 'dancing' is not a category",
    }.items():
        (home / "sources.toml").write_text(text)
        with pytest.raises(UserError, match=message):
            read_sources(home)


def test_every_file_that_is_no_sidecar_is_a_candidate(folder: Path) -> None:
    touch(folder, "b.mp4", "a.webm", "notes.doc", "sub/c.mkv", "sub/deep/d", "photo.jpg")
    touch(folder, "b.info.json", "b.en.vtt", "b.srt", "b.jpg", "README.md", "x.mp4.part", ".hidden.mp4", ".git/e.mp4")
    frame = listed(folder)
    assert names(frame) == ["a.webm", "b.mp4", "notes.doc", "photo.jpg", "c.mkv", "d"]
    tables.CandidateVideos.validate(frame)
    row = frame.row(1, named=True)
    assert (row["category"], row["file_size_bytes"]) == ("music", len("b.mp4"))
    assert row["modified_nanoseconds"] == (folder / "b.mp4").stat().st_mtime_ns
    assert row["source_uri"] == f"file://{folder}/b.mp4"


def test_links_are_followed_and_loops_end(folder: Path, tmp_path: Path) -> None:
    touch(folder, "sub/a.mp4")
    (folder / "sub" / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    touch(tmp_path / "elsewhere", "b.mp4")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    assert sorted(names(listed(folder))) == ["a.mp4", "b.mp4", "self"]


def test_what_is_no_regular_file_is_a_row_too(folder: Path) -> None:
    """It will be rejected with its reason: nothing of a folder vanishes without a word."""
    os.mkfifo(folder / "pipe.mp4")
    (folder / "dangling.mp4").symlink_to(folder / "gone.mp4")
    assert listed(folder)["file_size_bytes"].to_list() == [0, 0]
    assert names(listed(folder / "pipe.mp4")) == ["pipe.mp4"]


def test_hostile_names_survive(folder: Path) -> None:
    hostile = ["-dash 1.mp4", "naïve 视频 \"d\" 's' #1 & 50% $HOME;.mp4", "new\nline.mp4", "%41.mp4"]
    touch(folder, *hostile)
    (folder / os.fsdecode(b"caf\xe9.mp4")).write_bytes(b"x")
    frame = listed(folder)
    assert len(frame) == 5
    assert frame["video_id"].n_unique() == 5
    assert f"file://{folder}/caf%E9.mp4" in frame["source_uri"].to_list()
    assert all(uri.isascii() for uri in frame["source_uri"])


def test_a_folder_whose_name_is_no_utf8_can_be_registered(home: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    touch(folder, "a.mp4")
    add_source(home, folder, "music")
    assert read_sources(home) == [Source(str(folder), "music")]
    assert len(list_candidates(read_sources(home), "music")) == 1


def test_sidecars_fill_the_metadata(folder: Path) -> None:
    touch(folder, "dog.v1.mp4", "cat.mp4")
    info = {"id": "dQw4w9WgXcQ", "title": "Dog", "description": "A dog.", "tags": ["dog", 3], "language": "en-US"}
    (folder / "dog.v1.info.json").write_text(json.dumps(info))
    cat, dog = listed(folder, query="pets").rows(named=True)
    assert [dog[name] for name in ("video_id", "title", "description", "tags", "language", "query")] == [
        "dQw4w9WgXcQ",
        "Dog",
        "A dog.",
        ["dog"],
        "en",
        "pets",
    ]
    assert [cat[name] for name in ("title", "tags", "language", "query")] == [None, None, None, "pets"]
    assert len(cat["video_id"]) == 16


@pytest.mark.parametrize("sidecar", ["", "{", "[1, 2]", '{"title": {"a": 1}, "tags": "x", "id": 7}', "[" * 100_000])
def test_a_broken_sidecar_loses_no_video(folder: Path, sidecar: str) -> None:
    touch(folder, "a.mp4")
    (folder / "a.info.json").write_text(sidecar)
    (row,) = listed(folder).rows(named=True)
    assert (row["title"], row["tags"], len(row["video_id"])) == (None, None, 16)


def test_text_of_a_sidecar_is_made_valid(folder: Path) -> None:
    touch(folder, "a.mp4")
    (folder / "a.info.json").write_text('{"title": "bad \\ud800 half", "id": "../../etc"}')
    (row,) = listed(folder).rows(named=True)
    assert row["title"] == "bad ? half"
    assert len(row["video_id"]) == 16


def test_two_files_that_claim_one_id_have_two(folder: Path) -> None:
    touch(folder, "a.mp4", "b.mp4")
    for name in "ab":
        (folder / f"{name}.info.json").write_text('{"id": "same"}')
    first, second = listed(folder)["video_id"]
    assert first == "same"
    assert len(second) == 16


def test_a_file_reached_twice_is_listed_once(folder: Path) -> None:
    touch(folder, "a.mp4")
    sources = [Source(str(folder), "music"), Source(str(folder / "a.mp4"), "music"), Source(str(folder), "sports")]
    assert len(list_candidates(sources, "music")) == 1
    assert len(list_candidates(sources, "sports")) == 1
    assert list_candidates(sources, "comedy").is_empty()


def test_a_vanished_source_removes_its_rows_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        frame = listed(folder / "gone")
    assert frame.is_empty()
    tables.CandidateVideos.validate(frame)
    assert "does not exist: its videos are removed from the tables until it is back" in caplog.text


def test_ids_do_not_change(folder: Path) -> None:
    assert source_uri("/videos/a b.mp4") == "file:///videos/a%20b.mp4"
    touch(folder, "a.mp4")
    assert listed(folder)["video_id"].to_list() == listed(folder)["video_id"].to_list()
