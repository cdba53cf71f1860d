"""Sampled frames: the picture on display at each planned moment, from as little decoding as possible."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from mp4_boxes import SAMPLE_TABLE, box, edit_file, full_box
from tiny_videos import grey, noise, presentation_times, write_video

import internvid_assets.clips.frames as frames_module
from internvid_assets.cells.errors import CallError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.media.decode import Decoder, packets

MILLISECONDS = Fraction(1, 1000)


def ramp(path: Path, n: int, *, step: int = 4, **options) -> Path:
    """A video whose frame i is the grey 20 + step * i, so that a picture tells which frame it is."""
    return write_video(path, [grey(20 + step * i) for i in range(n)], **options)


def frame_number(row: dict, *, step: int = 4) -> int:
    picture = cv2.imdecode(np.frombuffer(row["jpeg"], np.uint8), cv2.IMREAD_COLOR)
    return round((float(picture.mean()) - 20) / step)


def test_rows_of_a_two_second_clip(tmp_path: Path) -> None:
    path = ramp(tmp_path / "v.mp4", 50)
    times = presentation_times(path)
    ((*rows,),) = sample_frames(str(path), [(times[0], times[-1] + times[1])])
    assert [
        (frame_number(row), row["is_center"], row["second"], row["uniform_4"], row["uniform_8"]) for row in rows
    ] == [
        (3, False, None, None, 0),
        (6, False, None, 0, None),
        (9, False, None, None, 1),
        (12, False, 0, None, None),
        (15, False, None, None, 2),
        (18, False, None, 1, None),
        (21, False, None, None, 3),
        (25, True, None, None, None),
        (28, False, None, None, 4),
        (31, False, None, 2, None),
        (34, False, None, None, 5),
        (37, False, 1, None, None),
        (40, False, None, None, 6),
        (43, False, None, 3, None),
        (46, False, None, None, 7),
    ]
    assert [row["pts"] for row in rows] == [times[frame_number(row)] for row in rows]
    assert rows[0]["timestamp_seconds"] == pytest.approx(3 / 25)
    assert rows[0]["frame_hash"] == hashlib.blake2b(rows[0]["jpeg"], digest_size=16).hexdigest()
    assert set(rows[0]) == {
        "pts", "timestamp_seconds", "frame_hash", "is_center", "second", "uniform_4", "uniform_8", "jpeg",
    }  # fmt: skip


def test_a_frame_stays_on_display_until_the_next(tmp_path: Path) -> None:
    path = ramp(tmp_path / "v.mkv", 3, step=40, pts=[0, 100, 2000], time_base=MILLISECONDS)
    ((*rows,),) = sample_frames(str(path), [(0, 3000)])
    assert [(frame_number(row, step=40), row["pts"]) for row in rows] == [(1, 100), (2, 2000)]
    assert [(row["is_center"], row["second"], row["uniform_4"], row["uniform_8"]) for row in rows] == [
        (True, 0, 0, 0),
        (False, 2, 3, 5),
    ]


def test_a_span_takes_no_picture_of_its_neighbour(tmp_path: Path) -> None:
    path = ramp(tmp_path / "v.mkv", 3, step=40, pts=[0, 1000, 2000], time_base=MILLISECONDS)
    early, late = sample_frames(str(path), [(0, 1000), (1900, 2100)])
    assert [row["pts"] for row in early] == [0]
    assert [row["pts"] for row in late] == [2000]


def test_spans_without_a_frame_fail_alone(tmp_path: Path) -> None:
    path = ramp(tmp_path / "v.mkv", 3, pts=[0, 40, 80], time_base=MILLISECONDS)
    answers = sample_frames(str(path), [(0, 120), (50, 60), (900, 950), (7, 7)])
    assert [row["pts"] for row in answers[0]] == [0, 40, 80]
    assert [answer.code for answer in answers[1:]] == ["no_frame_in_span"] * 3
    assert sample_frames(str(path), []) == []


def test_spans_may_come_in_any_order_and_overlap(tmp_path: Path) -> None:
    path = str(ramp(tmp_path / "v.mkv", 50, pts=[i * 40 for i in range(50)], time_base=MILLISECONDS))
    spans = [(1000, 2000), (0, 1000), (500, 1500)]
    assert sample_frames(path, spans) == [sample_frames(path, [span])[0] for span in spans]


@pytest.mark.parametrize(("short_side", "shape"), [(24, (24, 32)), (256, (48, 64))])
def test_short_side_and_quality(tmp_path: Path, short_side: int, shape: tuple[int, int]) -> None:
    path = str(write_video(tmp_path / "v.mp4", [noise(1)] * 5))
    sizes = []
    for quality in (30, 95):
        ((row, *_),) = sample_frames(path, [(0, 2560)], short_side_pixels=short_side, jpeg_quality=quality)
        assert cv2.imdecode(np.frombuffer(row["jpeg"], np.uint8), cv2.IMREAD_COLOR).shape[:2] == shape
        sizes.append(len(row["jpeg"]))
    assert sizes[0] < sizes[1]


class Counting(Decoder):
    """Counts the packets it is given."""

    decoded = 0

    def _decode(self, packet):
        Counting.decoded += 1
        return super()._decode(packet)


def all_frames(decoder, container, marks, moments):
    return decoder.frames(packets(container, decoder.stream))


CODECS = {
    "closed groups": {"preset": "medium", "g": "12", "bf": "3"},
    "open groups": {"preset": "medium", "g": "12", "bf": "3", "x264-params": "open-gop=1:b-pyramid=normal"},
    "one group": {"preset": "medium", "g": "1000"},
    "key frames": {"preset": "ultrafast", "g": "1"},
}


@pytest.mark.parametrize("options", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize("threads", [1, 3])
def test_skipping_gives_what_decoding_everything_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, str], threads: int
) -> None:
    pictures = [np.roll(noise(i // 40), i, axis=1) for i in range(200)]
    path = str(write_video(tmp_path / "v.mp4", pictures, codec_options=options))
    times = presentation_times(Path(path))
    spans = [(times[3], times[9]), (times[80], times[110]), (times[170], times[171])]
    skipping = sample_frames(path, spans, threads=threads)
    monkeypatch.setattr(frames_module, "needed_frames", all_frames)
    assert skipping == sample_frames(path, spans)


def test_groups_between_the_spans_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"preset": "ultrafast", "g": "10"}
    path = str(write_video(tmp_path / "v.mp4", [noise(i // 40) for i in range(200)], codec_options=options))
    times = presentation_times(Path(path))
    monkeypatch.setattr(frames_module, "Decoder", Counting)
    monkeypatch.setattr(Counting, "decoded", 0)
    sample_frames(path, [(times[100], times[110]), (times[150], times[160])])
    assert Counting.decoded <= 25


def test_groups_are_decoded_up_to_their_last_wanted_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"preset": "ultrafast", "g": "100"}
    path = str(write_video(tmp_path / "v.mp4", [noise(i // 40) for i in range(200)], codec_options=options))
    times = presentation_times(Path(path))
    monkeypatch.setattr(frames_module, "Decoder", Counting)
    monkeypatch.setattr(Counting, "decoded", 0)
    sample_frames(path, [(times[0], times[10]), (times[100], times[110])])
    assert Counting.decoded <= 2 * 10 + 1


def test_a_span_after_a_damaged_time_has_its_frames(tmp_path: Path) -> None:
    """One time is a minute ahead: the frames behind it follow it closely, at other times than their packets say."""
    options = {"preset": "ultrafast", "g": "10"}
    path = write_video(
        tmp_path / "v.mp4",
        [noise(i // 30) for i in range(120)],
        codec_options=options,
        container_options={"use_editlist": "0"},
    )
    edit_file(path, SAMPLE_TABLE, lambda tables: tables + box("ctts", b""))
    edit_file(path, (*SAMPLE_TABLE, "ctts"), full_box(3, 35, 0, 1, 60 * 12_800, 84, 0))
    spans = [(clip["start_pts"], clip["end_pts"]) for clip in split(str(path))]
    assert len(spans) == 3
    for (start, end), rows in zip(spans, sample_frames(str(path), spans), strict=True):
        assert not isinstance(rows, CallError)
        assert all(start <= row["pts"] < end for row in rows)


def test_real_videos_give_what_decoding_everything_gives(shared_videos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [
        "public/awesome movie.mov", "public/PHP-FFMpeg__Test.ogv", "public/media__dolbyVision-hdr.MOV",
        "public/torchcodec__nasa_13013.mp4", "public/media__sample.avi", "public/torchcodec__av1_video.mkv",
        "public/Video2Description__12727.mp4", "broken/starts_at_1h.ts", "broken/odd_333x187_yuv444.mp4",
    ]  # fmt: skip
    for name in names:
        path = str(shared_videos / name)
        spans = [(clip["start_pts"], clip["end_pts"]) for clip in split(path)][-2:]
        skipping = sample_frames(path, spans)
        with monkeypatch.context() as patch:
            patch.setattr(frames_module, "needed_frames", all_frames)
            assert skipping == sample_frames(path, spans), name


def test_every_clip_of_the_broken_videos_has_frames(shared_videos: Path) -> None:
    manifest = json.loads((shared_videos / "broken" / "manifest.json").read_text())["videos"]
    for video in manifest:
        path = str(shared_videos / "broken" / video["file"])
        if not video["decodable"] or video["n_frames"] > 1000:
            continue
        if video["width"] > 8192:
            with pytest.raises(CallError, match="too_many_pixels"):
                sample_frames(path, [(0, 1)])
            continue
        clips = split(path)
        answers = sample_frames(path, [(clip["start_pts"], clip["end_pts"]) for clip in clips])
        for clip, rows in zip(clips, answers, strict=True):
            assert not isinstance(rows, CallError), video["file"]
            assert sum(row["is_center"] for row in rows) == 1
            assert all(clip["start_pts"] <= row["pts"] < clip["end_pts"] for row in rows)
            assert all(row["timestamp_seconds"] >= clip["start_seconds"] - 1e-9 for row in rows)
