"""Sound as models of speech want it: on the pictures' clock, whatever its own; and where somebody speaks in it."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "transcripts"))

from tiny_videos import grey, write_audio, write_video
from voices import tone, voice

from internvid_assets.cells.errors import CallError
from internvid_assets.media.audio import SAMPLE_RATE, record
from internvid_assets.media.voice import CHUNK_SECONDS, MAX_WINDOW_SECONDS, voice_probabilities, voiced_windows


def write_clip(
    path: Path,
    *,
    sound_starts: float = 0.0,
    picture_starts: float = 0.0,
    gap_seconds: float = 0.0,
    layout: str = "mono",
) -> Path:
    """One second of pictures and a beep of 0.2 s that begins at `sound_starts`, and once more after a gap."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=48_000, layout=layout)
        for number in range(25):
            frame = av.VideoFrame.from_ndarray(grey(100), format="rgb24")
            frame.pts, frame.time_base = number + round(picture_starts * 25), Fraction(1, 25)
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        for start in (sound_starts, *([sound_starts + 0.2 + gap_seconds] if gap_seconds else [])):
            beep = (8000 * np.sin(np.arange(9600) / 8)).astype(np.int16)[None, :].repeat(sound.channels, 0)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(beep.T).reshape(1, -1), format="s16", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = 48_000, round(start * 48_000), Fraction(1, 48_000)
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def heard_at(path: Path, tmp_path: Path, *, max_seconds: float = 10.0) -> list[tuple[float, float]]:
    """(start, end) of everything louder than silence, in seconds, to a hundredth."""
    count = record(str(path), tmp_path / "sound.s16", max_seconds=max_seconds)
    samples = np.fromfile(tmp_path / "sound.s16", np.int16)
    assert len(samples) == count
    loud = np.abs(
        samples.reshape(-1, 160) if len(samples) % 160 == 0 else samples[: len(samples) // 160 * 160].reshape(-1, 160)
    )
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.max(1) > 500, [0]]))) / 100
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


TIMES = [
    ("together", {}, [(0.0, 0.2)]),
    ("a late sound", {"sound_starts": 0.5}, [(0.5, 0.7)]),
    ("a late picture", {"picture_starts": 0.52, "sound_starts": 0.6}, [(0.08, 0.28)]),
    ("a sound cut by the first picture", {"picture_starts": 0.12}, [(0.0, 0.08)]),
    ("a gap", {"gap_seconds": 0.3}, [(0.0, 0.2), (0.5, 0.7)]),
    ("two channels", {"layout": "stereo"}, [(0.0, 0.2)]),
]


@pytest.mark.parametrize(("options", "expected"), [t[1:] for t in TIMES], ids=[t[0] for t in TIMES])
def test_sound_is_heard_when_its_picture_is_seen(options: dict, expected: list, tmp_path: Path):
    found = heard_at(write_clip(tmp_path / "clip.mkv", **options), tmp_path)
    assert np.array(found) == pytest.approx(np.array(expected), abs=0.011)


def test_sound_of_a_file_of_its_own_is_heard_with_the_same_pictures(tmp_path: Path):
    silent, to = write_video(tmp_path / "silent.mp4", [grey(100)] * 25), tmp_path / "sound.s16"
    quiet = write_audio(tmp_path / "quiet.m4a")
    assert record(str(silent), to, audio_uri=str(quiet), max_seconds=0.5) == 0.5 * SAMPLE_RATE
    late = write_clip(tmp_path / "late.mkv", sound_starts=0.3)
    record(str(silent), to, audio_uri=str(late), max_seconds=1.0)
    assert np.flatnonzero(np.abs(np.fromfile(to, np.int16)) > 500)[0] / SAMPLE_RATE == pytest.approx(0.3, abs=0.01)


def test_sound_that_outlasts_the_limit_is_left_out(tmp_path: Path):
    path = write_clip(tmp_path / "clip.mkv", gap_seconds=3600.0)
    assert record(str(path), tmp_path / "sound.s16", max_seconds=0.1) == 0.1 * SAMPLE_RATE
    assert heard_at(path, tmp_path, max_seconds=1.0) == [(0.0, pytest.approx(0.2, abs=0.011))]


def test_what_has_no_sound_or_no_picture_says_so(tmp_path: Path):
    with pytest.raises(CallError, match="unsupported_codec"):
        record(str(write_video(tmp_path / "silent.mp4", [grey(100)] * 5)), tmp_path / "sound.s16", max_seconds=1)
    with pytest.raises(CallError, match="no_video_stream"):
        record(str(write_audio(tmp_path / "sound.m4a")), tmp_path / "sound.s16", max_seconds=1)
    with pytest.raises(CallError, match="undecodable_audio"):
        record(str(write_clip(tmp_path / "early.mkv", picture_starts=2.0)), tmp_path / "sound.s16", max_seconds=1)


def test_a_recording_of_every_readable_public_file_is_as_long_as_its_sound(shared_videos: Path, tmp_path: Path):
    for name in ("mmaction2__demo.mp4", "media__sample_h265.ts", "rails__video.webm"):
        path = shared_videos / "public" / name
        with av.open(str(path)) as container:
            if not container.streams.audio:
                continue
            seconds = container.duration / av.time_base
        count = record(str(path), tmp_path / "sound.s16", max_seconds=5.0)
        assert count / SAMPLE_RATE == pytest.approx(min(5.0, seconds), abs=0.5), name


def test_a_voice_is_told_from_tones_and_silence():
    silence = np.zeros(SAMPLE_RATE, np.int16)
    sound = np.concatenate([silence, voice(3), tone(3), silence, silence, voice(2, seed=1)])
    windows = voiced_windows(voice_probabilities(sound), min_probability=0.5)
    assert [(round(start), round(end)) for start, end in windows] == [(1, 4), (9, 11)]
    assert voice_probabilities(sound[:0]).size == 0


def chunks(*spans: tuple[float, float]) -> np.ndarray:
    """Probabilities of 1 for (seconds, probability) one after the other."""
    return np.concatenate([np.full(round(seconds / CHUNK_SECONDS), p, np.float32) for seconds, p in spans])


WINDOWS = [
    ("silence", [(5, 0)], []),
    ("speech with margins", [(2, 0), (3, 1), (2, 0)], [(1.8, 5.2)]),
    ("speech at both ends", [(3, 1)], [(0, 3)]),
    ("a click", [(2, 0), (0.1, 1), (2, 0)], []),
    ("a breath", [(1, 1), (0.2, 0), (1, 1)], [(0, 2.2)]),
    ("a short pause", [(1, 1), (0.8, 0), (1, 1)], [(0, 2.8)]),
    ("a long pause", [(1, 1), (3, 0), (1, 1)], [(0, 1.2), (3.8, 5)]),
    ("no more than 30 s together", [(20, 1), (0.8, 0), (20, 1)], [(0, 20.2), (20.6, 40.8)]),
]


@pytest.mark.parametrize(("spans", "expected"), [w[1:] for w in WINDOWS], ids=[w[0] for w in WINDOWS])
def test_windows(spans: list, expected: list):
    found = voiced_windows(chunks(*spans), min_probability=0.5)
    assert len(found) == len(expected)
    assert np.array(found).ravel() == pytest.approx(np.array(expected, float).ravel(), abs=0.08)


def test_endless_speech_is_cut_where_a_voice_is_least_likely():
    probabilities = chunks((25, 1), (0.1, 0.6), (70, 1))
    windows = voiced_windows(probabilities, min_probability=0.5)
    assert windows[0][1] == pytest.approx(25, abs=0.1)
    assert [end for _, end in windows[:-1]] == [start for start, _ in windows[1:]]
    assert max(end - start for start, end in windows) <= MAX_WINDOW_SECONDS
