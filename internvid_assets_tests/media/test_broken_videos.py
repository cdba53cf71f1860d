"""Every broken file ends as a row with the right reason, or as what is really in it, in bounded time and memory."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest
from broken_videos import BROKEN, WHOLE
from examining import contradictions, size_of, told
from tiny_videos import noise, write_video

from internvid_assets import tables
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.clips.assets import clip_frames, clips
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.home import WORKERS_NEED, Home
from internvid_assets.media.decode import Decoder, decoded
from internvid_assets.media.opening import opened_video
from internvid_assets.media.probe import probe
from internvid_assets.settings import Settings
from internvid_assets.videos.assets import acquired_videos, videos
from internvid_assets.videos.candidates import list_candidates
from internvid_assets.videos.listings import open_listings
from internvid_assets.videos.sources import add_source, read_sources

TIMEOUT_SECONDS = 60
MEMORY_BYTES = 500_000_000


@pytest.fixture(scope="module")
def engine() -> Iterator[LocalEngine]:
    with closing(LocalEngine(workers=1, memory_bytes=MEMORY_BYTES, preload=WORKERS_NEED)) as engine:
        yield engine


def answer(engine: LocalEngine, reader, path: Path, **parameters):
    (found,) = engine.each(reader, [{"source_uri": str(path), **parameters}], timeout_seconds=TIMEOUT_SECONDS)
    return found


SLOW = {"a_hundred_thousand_frames.avi"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in BROKEN])
def test_each_has_its_reason_or_its_clips(tmp_path: Path, engine: LocalEngine, name: str) -> None:
    make, expected = BROKEN[name]
    make(tmp_path / name)
    measured, found = (answer(engine, reader, tmp_path / name) for reader in (probe, split))
    spans = [(clip["start_pts"], clip["end_pts"]) for clip in found] if isinstance(found, list) else []
    frames = answer(engine, sample_frames, tmp_path / name, spans=spans)
    assert told(measured, found) == expected
    assert list(contradictions(measured, found, frames)) == []
    if spans:
        assert size_of(frames[0][0]["jpeg"]) == (measured["width_pixels"], measured["height_pixels"])


def test_an_external_reference_is_there_to_be_followed(tmp_path: Path) -> None:
    """The samples that `samples_in_another_file.mov` refers to are a good video: not reading it is a choice."""
    BROKEN["samples_in_another_file.mov"][0](tmp_path / "v.mov")
    assert told(probe(str(tmp_path / "secret.mov")), split(str(tmp_path / "secret.mov"))) == WHOLE


def test_what_is_no_file_is_not_opened(tmp_path: Path, engine: LocalEngine) -> None:
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "loop.mp4").symlink_to("pool.mp4")
    (tmp_path / "pool.mp4").symlink_to("loop.mp4")
    (tmp_path / "nowhere.mp4").symlink_to("gone.mp4")
    (tmp_path / "endless.mp4").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.mp4"))
        expected = {"folder": "not_a_file", "pipe": "not_a_file", "endless": "not_a_file", "socket": "not_a_file"}
        expected |= {"loop": "file_missing", "nowhere": "file_missing", "x" * 300: "file_missing"}
        for name, code in expected.items():
            found = answer(engine, probe, tmp_path / f"{name}.mp4")
            assert (found.code, found.retryable) == (code, False), name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_may_be_read_later(tmp_path: Path, engine: LocalEngine) -> None:
    path = write_video(tmp_path / "v.mp4", [noise(1)] * 3)
    path.chmod(0)
    found = answer(engine, probe, path)
    assert (found.code, found.retryable) == ("read_failed", True)


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "v.ts"])
def test_a_file_that_shrinks_while_it_is_read_ends_early(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / name, [noise(i, width=640, height=480) for i in range(100)])
    with opened_video(str(path)) as (container, stream):
        frames = decoded(container, stream, decoder=Decoder(stream))
        next(frames)
        os.truncate(path, path.stat().st_size // 2)
        assert 1 < len(list(frames)) < 99


@pytest.mark.parametrize("reader", [probe, split])
def test_a_bomb_that_is_let_in_is_stopped_by_its_memory(shared_videos: Path, engine: LocalEngine, reader) -> None:
    bomb = shared_videos / "broken" / "bomb_16000x16000.mp4"
    assert answer(engine, reader, bomb).code == "too_many_pixels"
    found = answer(engine, reader, bomb, max_pixels=16_000**2)
    assert (found.code, found.retryable) == ("memory_exceeded", True)


def test_a_folder_of_them_loses_no_row(tmp_path: Path) -> None:
    """The whole way: every file a row, its reason where the reader gave one, and clips of the others."""
    folder, home = tmp_path / "videos", Home(Settings(home=tmp_path / "home"))
    folder.mkdir()
    names = [name for name in BROKEN if name not in SLOW]
    for name in names:
        BROKEN[name][0](folder / name)
    add_source(home.path, folder, "other")
    candidates = list_candidates(read_sources(home.path), "other", open_listings(home))
    home.lake.write(candidates.lazy(), "candidate_videos", "other", schema=tables.CandidateVideos)
    lenient = Home(Settings(home=home.path, videos={"min_duration_seconds": 0, "min_short_side_pixels": 0}))  # type: ignore[arg-type]
    for feature in (acquired_videos, videos, clips, clip_frames):
        lenient.fill(feature, "other")
    judged = lenient.lake.scan("videos", "other").with_columns(name=pl.col("source_uri").str.split("/").list.last())
    reasons = dict(judged.select("name", "rejection_reason").collect().iter_rows())
    assert reasons.keys() == {*names, "secret.mov"}
    codes = {name: expected for name, (_, expected) in BROKEN.items() if " " not in expected}
    assert {name: reasons[name] for name in codes} == codes
    assert {reasons[name] for name in names if name not in codes} <= {None, "duplicate", "too_long"}
    cut = lenient.lake.scan("clips", "other").collect()
    assert cut["error"].null_count() == cut.height >= 40
    assert set(cut["video_id"]) == set(judged.filter(pl.col("rejection_reason").is_null()).collect()["video_id"])
