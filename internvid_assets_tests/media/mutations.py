"""Valid little videos, and what bad disks, bad radio and bad people make of them: one mutation for each seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from damage import Maker, video
from tiny_videos import noise

PICTURES = [noise(scene, width=48, height=32) for scene in range(2) for _ in range(16)]
REORDERED = {"preset": "medium", "bf": "2", "g": "8"}
TIMES = [0, 33, 41, *range(80, 29 * 40 + 80, 40)]

SAMPLES: dict[str, Maker] = {
    "plain.mp4": video(*PICTURES),
    "reordered.mp4": video(*PICTURES, codec_options=REORDERED, container_options={"movflags": "faststart"}),
    "fragments.mp4": video(*PICTURES, codec_options=REORDERED, container_options={"movflags": "frag_keyframe"}),
    "sound.mov": video(*PICTURES, with_audio=True),
    "variable.mkv": video(*PICTURES, pts=TIMES, time_base=Fraction(1, 1000), codec_options=REORDERED),
    "vp9.webm": video(*PICTURES, codec="libvpx-vp9", codec_options={"deadline": "realtime"}),
    "reordered.ts": video(*PICTURES, codec_options=REORDERED),
    "mpeg4.avi": video(*PICTURES, codec="mpeg4", codec_options={"g": "8"}),
    "mpeg2.mpg": video(*PICTURES, codec="mpeg2video", codec_options={}),
    "animation.gif": video(*PICTURES, codec="gif", pix_fmt="rgb8", codec_options={}),
}

Mutation = Callable[[bytearray, random.Random], None]


@cache
def sample(name: str) -> bytes:
    with TemporaryDirectory() as folder:
        SAMPLES[name](Path(folder) / name)
        return (Path(folder) / name).read_bytes()


def mutated(seed: int) -> tuple[str, bytes]:
    """(name, bytes) of the video that `seed` damages, in one to three ways."""
    chance = random.Random(seed)
    name = chance.choice([*SAMPLES])
    data = bytearray(sample(name))
    for _ in range(chance.choice([1, 1, 2, 3])):
        chance.choice(MUTATIONS)(data, chance)
    return name, bytes(data)


def bits_flipped(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 2, 8, 64])):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def run_overwritten(data: bytearray, chance: random.Random) -> None:
    at, length = _place(data, chance), chance.choice([1, 4, 16, 256])
    length = min(length, len(data) - at)
    data[at : at + length] = chance.choice([bytes(length), b"\xff" * length, chance.randbytes(length)])


def truncated(data: bytearray, chance: random.Random) -> None:
    del data[max(1, _place(data, chance)) :]


def beheaded(data: bytearray, chance: random.Random) -> None:
    del data[: min(chance.choice([1, 64, 188, 1000]), len(data) - 1)]


def inserted(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = chance.randbytes(chance.choice([1, 3, 100]))


def chunk_removed(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    del data[max(1, at) : at + chance.choice([1, 4, 188, 500])]


def chunk_doubled(data: bytearray, chance: random.Random) -> None:
    at = _place(data, chance)
    data[at:at] = data[at : at + chance.choice([8, 188, 1000])]


def number_replaced(data: bytearray, chance: random.Random) -> None:
    """A 32-bit number of a header or table becomes one at which arithmetic breaks."""
    at = chance.choice([_place(data, chance), *_names(data)])
    extreme = chance.choice([0, 1, 2, 0x7F, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1, chance.randrange(2**32)])
    data[at : at + 4] = extreme.to_bytes(4, chance.choice(["big", "little"]))


def size_edited(data: bytearray, chance: random.Random) -> None:
    """The size before a box's name, behind a chunk's name or behind an EBML identifier."""
    names = _names(data)
    if names:
        at = max(0, chance.choice(names) + chance.choice([-4, 4, 1, 2]))
        data[at : at + 1] = bytes([chance.randrange(256)])


def _place(data: bytearray, chance: random.Random) -> int:
    """Anywhere, and at the ends, where headers and indexes are, more often than elsewhere."""
    near = min(len(data), 1200)
    return chance.choice([chance.randrange(len(data)), chance.randrange(near), len(data) - 1 - chance.randrange(near)])


def _names(data: bytearray) -> list[int]:
    """Where four-letter names and the long EBML identifiers stand."""
    return [match.start() for match in re.finditer(rb"[a-z0-9]{4}|[\x10-\x1f][\x40-\xff]{3}", data)]


MUTATIONS: list[Mutation] = [
    bits_flipped,
    run_overwritten,
    truncated,
    beheaded,
    inserted,
    chunk_removed,
    chunk_doubled,
    number_replaced,
    number_replaced,
    size_edited,
]
