"""Decoding gives every frame its exact time, upright and small, and steps over damage."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from mp4_boxes import SAMPLE_TABLE, box, edit_file, full_box
from tiny_videos import grey, noise, presentation_times, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.media.decode import Decoder, UprightPictures, decoded, display_size, packets
from internvid_assets.media.opening import opened_video


def times_of(path: Path, *, threads: int = 1) -> list[int]:
    with opened_video(str(path), threads=threads) as (container, stream):
        return [pts for pts, _ in decoded(container, stream)]


def pictures_of(path: Path, *, short_side_pixels: int) -> list[np.ndarray]:
    with opened_video(str(path)) as (container, stream):
        pictures = UprightPictures(stream, short_side_pixels=short_side_pixels)
        return [pictures(frame) for _, frame in decoded(container, stream)]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_exact_times_of_variable_frame_rate_with_reordered_frames(tmp_path: Path, threads: int) -> None:
    times = [0, 33, 41, 500, 501, 950, 2000, 2040]
    options = {"bf": "2", "preset": "medium"}
    path = write_video(
        tmp_path / "v.mkv",
        [noise(i) for i in range(8)],
        pts=times,
        time_base=Fraction(1, 1000),
        codec_options=options,
    )
    assert times_of(path, threads=threads) == times


INTERLACED = {
    "libx264": {"preset": "medium", "x264-params": "interlaced=1:bff=1"},
    "mpeg2video": {"flags": "+ildct+ilme", "bf": "2"},
}


@pytest.mark.parametrize("codec", INTERLACED)
def test_two_fields_are_one_picture(tmp_path: Path, codec: str) -> None:
    pictures = [noise(i // 10) for i in range(30)]
    path = write_video(tmp_path / "v.ts", pictures, codec=codec, codec_options=INTERLACED[codec])
    with opened_video(str(path)) as (container, stream):
        seen = [(pts, frame.interlaced_frame) for pts, frame in decoded(container, stream)]
    assert {later - earlier for (earlier, _), (later, _) in pairwise(seen)} == {3600}  # 90 kHz ticks at 25 fps
    assert len(seen) == 30 and all(is_interlaced for _, is_interlaced in seen)


@pytest.mark.parametrize("first", [-10, 90_000], ids=["before zero", "at an hour"])
def test_times_need_not_begin_at_zero(tmp_path: Path, first: int) -> None:
    options = {"avoid_negative_ts": "disabled"}
    pts = range(first, first + 20)
    path = write_video(tmp_path / "v.ts", [noise(i) for i in range(20)], pts=pts, container_options=options)
    assert times_of(path) == [3600 * time for time in pts]


def test_a_recording_that_restarts_its_clock_goes_on(tmp_path: Path) -> None:
    parts = [write_video(tmp_path / f"{i}.ts", [noise(i * 60 + j) for j in range(60)]) for i in range(2)]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    times = times_of(joined)
    assert len(times) == 120
    assert all(b > a for a, b in pairwise(times))
    assert times[-1] - times[0] == pytest.approx(119 * 3600, abs=3600)  # 90 kHz ticks at 25 fps


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("stts", (3, 10, 512, 1, 2**31 - 1, 29, 512)),  # the eleventh frame is said to last two days
        ("ctts", (3, 10, 0, 1, 2**31 - 1, 29, 0)),  # or to be shown two days late
    ],
)
def test_a_time_that_is_days_off_is_damage(tmp_path: Path, table: str, values: tuple[int, ...]) -> None:
    options = {"use_editlist": "0"}
    path = write_video(tmp_path / "v.mp4", [grey(40 + i) for i in range(40)], container_options=options)
    if table == "ctts":  # there is none where pictures are not reordered
        edit_file(path, SAMPLE_TABLE, lambda tables: tables + box("ctts", b""))
    edit_file(path, (*SAMPLE_TABLE, table), full_box(*values))
    assert times_of(path) == [512 * i for i in range(40)]


def test_a_limit_to_the_packets(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(40)] * 10)
    with opened_video(str(path)) as (container, stream):
        assert len(list(packets(container, stream, at_most=10))) == 11  # the flushing one too
    with opened_video(str(path)) as (container, stream), pytest.raises(CallError, match="over 9 packets") as error:
        list(packets(container, stream, at_most=9))
    assert error.value.code == "too_many_frames"


def test_a_stream_without_times_is_given_the_nominal_rate(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.h264", [grey(40 + i) for i in range(10)])
    times = times_of(path)
    assert len(times) == 10
    assert len(set(np.diff(times))) == 1


def test_damaged_packets_are_skipped_and_counted(tmp_path: Path) -> None:
    options = {"preset": "ultrafast", "g": "1", "crf": "10"}  # key frames only: the damage stays where it is
    path = write_video(tmp_path / "v.mkv", [noise(i) for i in range(30)], codec_options=options)
    with av.open(str(path)) as container:
        broken = [packet for packet in container.demux(video=0) if packet.size][10:13]
        data = bytearray(path.read_bytes())
        for packet in broken:
            start = data.index(bytes(packet))
            data[start : start + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    with opened_video(str(path)) as (container, stream):
        decoder = Decoder(stream)
        times = [pts for pts, _ in decoded(container, stream, decoder=decoder)]
    assert decoder.skipped_packets == 3
    assert len(times) == 27


def test_a_clip_ends_with_its_last_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(40)] * 10)
    with opened_video(str(path)) as (container, stream):
        decoder = Decoder(stream)
        times = [pts for pts, _ in decoded(container, stream, decoder=decoder)]
    assert times == presentation_times(path)
    assert decoder.end_pts == times[-1] + (times[1] - times[0])


@pytest.mark.parametrize(
    ("size", "short_side", "shape"),
    [
        ((64, 48), 24, (24, 32, 3)),
        ((64, 48), 480, (48, 64, 3)),  # never enlarged
        ((48, 64), 24, (32, 24, 3)),
        ((66, 50), 25, (25, 33, 3)),
    ],
)
def test_pictures_have_the_short_side_asked_for(
    tmp_path: Path, size: tuple[int, int], short_side: int, shape: tuple[int, ...]
) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(80, width=size[0], height=size[1])] * 2)
    pictures = pictures_of(path, short_side_pixels=short_side)
    assert [picture.shape for picture in pictures] == [shape] * 2
    assert np.abs(pictures[0].astype(int) - 80).max() <= 2


def test_pictures_are_rgb(tmp_path: Path) -> None:
    blue = grey(20)
    blue[..., 2] = 230
    (picture, *_) = pictures_of(write_video(tmp_path / "v.mp4", [blue] * 2), short_side_pixels=48)
    assert np.allclose(picture.mean(axis=(0, 1)), [20, 20, 230], atol=6)


def test_rotated_video_is_set_upright_as_its_own_pixels_say(shared_videos: Path) -> None:
    path = shared_videos / "broken" / "rotation_90_metadata.mp4"
    upright = pictures_of(path, short_side_pixels=360)[0]
    with av.open(str(path)) as container:
        stored = next(container.decode(video=0))
        assert stored.rotation == 90
    assert upright.shape == (640, 360, 3)
    assert np.abs(np.rot90(stored.to_ndarray(format="rgb24")).astype(int) - upright).mean() < 1


@pytest.mark.parametrize(
    ("size", "rotation", "aspect", "shown"),
    [
        ((640, 360), 0, None, (640, 360)),
        ((640, 360), -90, None, (360, 640)),
        ((640, 360), 180, None, (640, 360)),
        ((720, 576), 0, Fraction(16, 15), (768, 576)),
        ((720, 576), 90, Fraction(16, 15), (576, 768)),
        ((426, 240), 0, Fraction(640, 639), (426, 240)),
        ((640, 360), 0, Fraction(1, 5000), (640, 360)),
    ],
)
def test_display_size(size: tuple[int, int], rotation: int, aspect: Fraction | None, shown: tuple[int, int]) -> None:
    assert display_size(*size, rotation_degrees=rotation, sample_aspect=aspect) == shown
