"""Surgery on MP4 files: boxes replaced where they are, the sizes of those around them kept right or made wrong."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

SAMPLE_TABLE = ("moov", "trak", "mdia", "minf", "stbl")

Edit = Callable[[bytes], bytes]
"""From a box's payload to another one."""


def boxes(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, payload) of each box in `data`."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        yield name.decode("latin-1"), data[at + 8 : at + size]
        at += size


def box(name: str, payload: bytes, *, claims: int | None = None) -> bytes:
    """A box, its size field right unless it `claims` another number of bytes."""
    return struct.pack(">I4s", 8 + len(payload) if claims is None else claims, name.encode("latin-1")) + payload


def replaced(data: bytes, path: Sequence[str], edit: Edit) -> bytes:
    """`data` with the payload of the box at `path` edited; the index must lie behind the samples, as it does here."""
    first, *rest = path
    assert first in dict(boxes(data)), f"no {first} among {[name for name, _ in boxes(data)]}"
    change: Edit = (lambda payload: replaced(payload, rest, edit)) if rest else edit
    return b"".join(box(name, change(payload) if name == first else payload) for name, payload in boxes(data))


def edit_file(path: Path, box_path: Sequence[str], edit: Edit) -> Path:
    path.write_bytes(replaced(path.read_bytes(), box_path, edit))
    return path


def numbers(*values: int) -> bytes:
    """Big-endian 32-bit numbers, negative ones too."""
    return b"".join((value % 2**32).to_bytes(4, "big") for value in values)


def full_box(*values: int) -> Edit:
    """A payload of version and flags 0, then the numbers: most tables are that."""
    return lambda payload: numbers(0, *values)


def patched(at: int, new: bytes) -> Edit:
    """The payload with some bytes overwritten; a negative `at` counts from its end."""
    return lambda payload: payload[: at % len(payload)] + new + payload[at % len(payload) + len(new) :]


def turned_by_a_quarter(track_header: bytes) -> bytes:
    """Its display matrix replaced."""
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    return track_header[:40] + matrix + track_header[76:]
