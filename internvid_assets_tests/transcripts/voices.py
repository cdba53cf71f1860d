"""Sounds to listen to: a voice of vowels, and tones that are none."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

RATE = 16_000
FORMANTS_HERTZ = [(730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240), (530, 1840, 2480)]
SYLLABLE_SECONDS = 0.2


def voice(seconds: float, *, seed: int = 0) -> np.ndarray:
    """int16 samples of somebody who says vowels: a buzz of 120 Hz through three resonances, five syllables a second."""
    rng, count = np.random.default_rng(seed), round(seconds * RATE)
    t = np.arange(count) / RATE
    turns = np.cumsum(120 + 15 * np.sin(2 * np.pi * 0.7 * t)) / RATE
    buzz = np.diff(np.floor(turns), prepend=0) + 0.01 * rng.standard_normal(count)
    syllables = np.array_split(buzz, max(1, round(seconds / SYLLABLE_SECONDS)))
    return np.concatenate([_vowel(part, FORMANTS_HERTZ[rng.integers(5)]) for part in syllables]).astype(np.int16)


def _vowel(buzz: np.ndarray, formants_hertz: tuple[int, int, int]) -> np.ndarray:
    t = np.arange(800) / RATE
    for hertz in formants_hertz:
        resonance = np.exp(-np.pi * 90 * t) * np.sin(2 * np.pi * hertz * t)
        buzz = np.convolve(buzz, resonance)[: len(buzz)]
    swell = np.sqrt(np.sin(np.pi * np.arange(len(buzz)) / len(buzz)))
    return 9000 * swell * buzz / np.abs(buzz).max()


def tone(seconds: float, *, hertz: float = 440.0) -> np.ndarray:
    """int16 samples of a sample-world video's sound."""
    return (8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)).astype(np.int16)


def with_sound(video: Path, samples: np.ndarray, to: Path) -> Path:
    """The video's pictures, packet by packet, with another sound."""
    with av.open(str(video)) as source, av.open(str(to), "w") as target:
        pictures = source.streams.video[0]
        copied = target.add_stream_from_template(pictures)
        sound = target.add_stream("aac", rate=RATE, layout="mono")
        for packet in source.demux(pictures):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE, 0
        target.mux(sound.encode(frame))
        target.mux(sound.encode(None))
    return to
