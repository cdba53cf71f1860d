"""Probing measures what is there and says clearly what is not."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import pytest
from tiny_videos import grey, noise, write_audio, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.media.opening import io_error, local_path
from internvid_assets.media.probe import probe
from internvid_assets.videos.folders import source_uri

BROKEN = {
    "-leading-dash video.mp4": 180,
    "all_black_10s.mp4": 250,
    "audio_only.mp4": "no_video_stream",
    "audio_with_cover_art.mp4": "no_video_stream",
    "bomb_16000x16000.mp4": "too_many_pixels",
    "huge_dimension_header.mp4": 899,
    "long_31min_1fps.mp4": 1860,
    "midstream_corrupt_bytes.mp4": 899,
    "mkv_named_mp4.mp4": 240,
    "odd_333x187_yuv444.mp4": 150,
    "rotation_90_metadata.mp4": 144,
    "single_frame.mp4": 1,
    "starts_at_1h.ts": 180,
    "text_renamed.mp4": "not_a_video",
    "truncated_data_missing_faststart.mp4": 486,
    "truncated_moov_missing.mp4": "truncated",
    "two_mp4_concatenated.mp4": 72,
    "vfr_irregular.mp4": 372,
    "zero_byte.mp4": "file_empty",
}
"""Frames, or the code of the failure."""


def code_of(source_uri: str, **limits: int) -> str:
    with pytest.raises(CallError) as error:
        probe(source_uri, **limits)
    return error.value.code


def test_measures(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(40 + i) for i in range(50)], with_audio=True)
    assert probe(str(path)) == {
        "content_hash": hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest(),
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "video_codec": "h264",
        "duration_seconds": 2.0,
        "width_pixels": 64,
        "height_pixels": 48,
        "frame_rate_fps": 25.0,
        "frame_count": 50,
        "has_variable_frame_rate": False,
        "has_audio": True,
    }


def test_variable_frame_rate_in_matroska(tmp_path: Path) -> None:
    times = [0, 40, 80, 500, 540, 1200]
    path = write_video(tmp_path / "v.mkv", [grey(40)] * 6, pts=times, time_base=Fraction(1, 1000))
    measured = probe(str(path))
    assert measured["has_variable_frame_rate"]
    assert measured["frame_count"] == 6
    assert 1.2 < measured["duration_seconds"] < 1.3


def test_display_size_makes_pixels_square(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(40)] * 3, sample_aspect=Fraction(4, 3))
    assert (probe(str(path))["width_pixels"], probe(str(path))["height_pixels"]) == (85, 48)


def test_a_header_does_not_lengthen_a_truncated_file(tmp_path: Path) -> None:
    whole = write_video(
        tmp_path / "whole.mp4", [noise(i) for i in range(50)], container_options={"movflags": "faststart"}
    )
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    measured = probe(str(cut))
    assert measured["frame_count"] < 40
    assert measured["duration_seconds"] == pytest.approx(measured["frame_count"] / 25)


def test_codes_of_what_is_no_video(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", [noise(i) for i in range(20)])
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("Dear diary, this is not a video.")
    cv2.imwrite(str(tmp_path / "photo.jpg"), noise(1))
    (tmp_path / "no-moov.mp4").write_bytes(whole.read_bytes()[:-1500])
    write_audio(tmp_path / "audio.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, code in {
        "absent.mp4": "file_missing",
        "whole.mp4/inside": "file_missing",
        "nul\0.mp4": "file_missing",
        "empty.mp4": "file_empty",
        "text.mp4": "not_a_video",
        "photo.jpg": "not_a_video",
        "no-moov.mp4": "truncated",
        "audio.mp4": "no_video_stream",
        "pipe.mp4": "not_a_file",
        ".": "not_a_file",
    }.items():
        assert code_of(str(tmp_path / name)) == code, name
    assert code_of("https://example.org/v.mp4") == "unsupported_source"


def test_no_picture_that_decodes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", [noise(i) for i in range(5)])
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    assert code_of(str(path)) == "undecodable"


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/v.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{secret}'\n",
        '<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>{secret}</BaseURL></AdaptationSet></Period></MPD>',
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
    ],
)
def test_a_playlist_named_mp4_opens_nothing_else(tmp_path: Path, playlist: str) -> None:
    secret = write_video(tmp_path / "secret.ts", [grey(40)] * 50)
    crafted = tmp_path / "crafted.mp4"
    crafted.write_text(playlist.format(secret=secret))
    assert code_of(str(crafted)) == "not_a_video"


@pytest.mark.parametrize(("name", "codec"), [("v.mp4", "libx264"), ("v.webm", "libvpx-vp9")])
def test_large_pictures_are_refused_before_they_are_decoded(tmp_path: Path, name: str, codec: str) -> None:
    """By name, also where a decoder that refused them forgot their size, as VP9's does."""
    path = str(write_video(tmp_path / name, [grey(40)] * 3, codec=codec))
    assert code_of(path, max_pixels=64 * 48 - 1) == "too_many_pixels"
    assert probe(path, max_pixels=64 * 48)["frame_count"] == 3


@pytest.mark.parametrize("name", ["a b#c%20?d.mp4", "视频 \"x\" 'y'.mp4", "-i dash.mp4", "%d.mp4", "a:b.mp4"])
def test_hostile_names(tmp_path: Path, name: str) -> None:
    path = write_video(tmp_path / "v.mp4", [grey(40)] * 3).rename(tmp_path / name)
    assert local_path(source_uri(str(path))) == str(path)
    assert probe(source_uri(str(path)))["frame_count"] == probe(str(path))["frame_count"] == 3


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp4")
    os.rename(write_video(tmp_path / "v.mp4", [grey(40)] * 3), path)
    assert probe(source_uri(os.fsdecode(path)))["frame_count"] == 3


@pytest.mark.parametrize(
    ("number", "code", "retryable"),
    [
        (errno.ENOENT, "file_missing", False),
        (errno.EIO, "read_failed", True),
        (errno.ESTALE, "read_failed", True),
        (errno.EACCES, "read_failed", True),
    ],
)
def test_failed_reads_are_tried_again(number: int, code: str, retryable: bool) -> None:
    error = io_error(OSError(number, os.strerror(number)), "/v.mp4")
    assert (error.code, error.retryable) == (code, retryable)


def outcome_of(path: Path) -> int | str:
    try:
        return probe(source_uri(str(path)))["frame_count"]
    except CallError as error:
        return "retryable " * error.retryable + error.code


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files(shared_videos: Path, name: str) -> None:
    assert outcome_of(shared_videos / "broken" / name) == BROKEN[name]


def test_every_shared_file_has_an_outcome(shared_videos: Path) -> None:
    paths = [path for path in sorted(shared_videos.glob("*/*")) if path.suffix not in (".json", ".md")]
    outcomes = [outcome_of(path) for path in paths]
    codes = {outcome for outcome in outcomes if isinstance(outcome, str)}
    assert len(paths) > 100
    assert all(outcome > 0 for outcome in outcomes if isinstance(outcome, int))
    assert codes == {"truncated", "no_video_stream", "not_a_video", "file_empty", "too_many_pixels"}


def test_rotation_is_undone(shared_videos: Path) -> None:
    measured = probe(str(shared_videos / "broken" / "rotation_90_metadata.mp4"))
    assert (measured["width_pixels"], measured["height_pixels"]) == (360, 640)


@pytest.mark.parametrize("name", ["bomb_16000x16000.mp4", "huge_dimension_header.mp4"])
def test_pixel_bombs_cost_little_memory(shared_videos: Path, name: str) -> None:
    script = (
        "import re, sys; from internvid_assets.media.probe import probe\n"
        "try: probe(sys.argv[1])\nexcept Exception as error: print(error, file=sys.stderr)\n"
        "print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    command = [sys.executable, "-c", script, str(shared_videos / "broken" / name)]
    peak_kilobytes = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert peak_kilobytes < 300_000
