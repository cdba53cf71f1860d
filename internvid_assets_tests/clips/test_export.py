"""Clips as files: exact when encoded, outwards to key frames when copied, with their sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from tiny_videos import grey, noise, presentation_times, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.export import export_clip

GROUPS = {"preset": "medium", "g": "20", "sc_threshold": "0", "crf": "10"}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Two hundred frames that each have a grey of their own, with sound, key frames every 20."""
    pictures = [grey(30 + i) for i in range(200)]
    return write_video(tmp_path / "film.mp4", pictures, codec_options=GROUPS, with_audio=True)


def greys(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [int(frame.to_ndarray(format="gray")[10:20, 10:20].mean()) for frame in container.decode(video=0)]


def test_an_encoded_clip_holds_exactly_its_frames(film: Path, tmp_path: Path) -> None:
    times, whole = presentation_times(film), greys(film)
    done = export_clip(str(film), tmp_path / "clip", start_pts=times[33], end_pts=times[77], how="encode")
    assert (done.path.name, done.earlier_seconds, done.later_seconds) == ("clip.mp4", 0.0, 0.0)
    assert np.allclose(greys(done.path), whole[33:77], atol=2)
    with av.open(str(done.path)) as container:
        sound = container.streams.audio[0]
        samples = sum(frame.samples for frame in container.decode(sound))
    assert samples / 48_000 == pytest.approx(44 / 25, abs=0.05)
    assert not list(tmp_path.glob("*unfinished*"))


def test_a_copied_clip_says_how_far_its_boundaries_moved(film: Path, tmp_path: Path) -> None:
    times, whole = presentation_times(film), greys(film)
    done = export_clip(str(film), tmp_path / "clip", start_pts=times[33], end_pts=times[77], how="copy")
    assert done.earlier_seconds == pytest.approx(13 / 25)
    copied = greys(done.path)
    assert copied[:57] == whole[20:77]
    assert len(copied) - 57 == pytest.approx(done.later_seconds * 25, abs=1)


def test_what_an_mp4_does_not_take_is_copied_into_matroska(tmp_path: Path) -> None:
    film = write_video(tmp_path / "v.webm", [noise(i // 10) for i in range(30)], codec="libvpx", codec_options={})
    done = export_clip(str(film), tmp_path / "clip", start_pts=0, end_pts=400, how="copy")
    assert done.path.name == "clip.mkv" and len(greys(done.path)) >= 10


def test_odd_sizes_and_variable_times(tmp_path: Path) -> None:
    pictures = [noise(i // 5, width=72, height=56)[:51, :67] for i in range(20)]
    pts = [i * i for i in range(20)]
    film = write_video(
        tmp_path / "v.mkv",
        pictures,
        pts=pts,
        time_base=Fraction(1, 1000),
        pix_fmt="yuv444p",
        codec_options={"crf": "10"},
    )
    times = presentation_times(film)
    done = export_clip(str(film), tmp_path / "clip", start_pts=times[4], end_pts=times[12], how="encode")
    with av.open(str(done.path)) as container:
        frames = [(frame.width, frame.height, float(frame.time)) for frame in container.decode(video=0)]
    assert {frame[:2] for frame in frames} == {(66, 50)}
    expected = [(time - times[4]) / 1000 for time in times[4:12]]
    assert [frame[2] for frame in frames] == pytest.approx(expected, abs=0.001)


def test_a_span_without_frames_leaves_nothing_behind(film: Path, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no_frame_in_span"):
        export_clip(str(film), tmp_path / "clip", start_pts=10**9, end_pts=10**9 + 5, how="encode")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
