"""A table's content as 128 bits: equal rows in equal order have equal digests, in every version of Polars and Arrow.

Each column becomes a few byte streams in Arrow's documented layout (the null mask, the lengths of strings and lists,
the concatenated values), and each stream is hashed with SHA-256, which processors compute at over 1 GB/s. Converting
each row to text and hashing that takes three times as long.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

DIGEST_BYTES = 16
DIGEST_CHARACTERS = 2 * DIGEST_BYTES
Stream = tuple[str, Any]
"""The name of a stream and the bytes to append to it."""


class ContentFingerprint:
    """A running hash over batches of rows, independent of the batch boundaries and of the width of number types."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._streams: dict[str, Any] = {}

    def update(self, rows: pl.DataFrame) -> None:
        """Hash the columns in parallel, one thread per core: hashing releases the GIL."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: self._go_on(name, rows[name].to_arrow()), self.columns))

    def _go_on(self, column: str, values: Any) -> None:
        for stream, data in _streams(column, values):
            if len(data):  # zero batches are the same as one batch without rows
                self._streams.setdefault(stream, hashlib.sha256()).update(data)

    def hexdigest(self) -> str:
        digests = [(stream, running.hexdigest()) for stream, running in sorted(self._streams.items())]
        return hashlib.blake2b(repr((self.columns, digests)).encode(), digest_size=DIGEST_BYTES).hexdigest()


def _streams(name: str, values: Any) -> Iterator[Stream]:
    """Nulls are encoded in a stream of their own; in the others they are zero or empty."""
    yield f"{name}?", np.asarray(values.is_null()).view(np.uint8)
    kind = values.type
    if pa.types.is_struct(kind):
        for field, inner in zip(kind, values.flatten(), strict=True):  # fields of a null row are null
            yield from _streams(f"{name}.{field.name}", inner)
    elif pa.types.is_large_list(kind) or pa.types.is_list(kind):
        yield f"{name}#", _numbers(values.value_lengths())
        yield from _streams(f"{name}[]", values.flatten())
    elif pa.types.is_fixed_size_list(kind):
        yield from _streams(f"{name}[]", values.flatten())
    else:
        yield from _scalars(name, values)


def _scalars(name: str, values: Any) -> Iterator[Stream]:
    kind = values.type
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        filled = values.fill_null("") if values.null_count else values
        ends, data = _text(filled)
        yield f"{name}#", np.diff(ends).view(np.uint8)
        yield name, data
    elif pa.types.is_floating(kind):
        yield name, np.asarray(values.cast(pa.float64()).fill_null(0.0)).view(np.uint8)
    elif pa.types.is_boolean(kind):
        yield name, np.asarray(values.fill_null(False)).view(np.uint8)
    elif pa.types.is_integer(kind) or pa.types.is_temporal(kind):
        yield name, _numbers(values)
    elif not pa.types.is_null(kind):
        yield from _scalars(name, values.cast(pa.large_string()))  # decimals, categories


def _numbers(values: Any) -> np.ndarray:
    if pa.types.is_date32(values.type) or pa.types.is_time32(values.type):
        values = values.cast(pa.int32())
    return np.asarray(values.cast(pa.int64(), safe=False).fill_null(0)).view(np.uint8)


def _text(values: Any) -> tuple[np.ndarray, memoryview]:
    """The offsets of the strings (start of each, end of the last), and their concatenated bytes, without a copy."""
    _, offsets, data = values.buffers()
    ends = np.frombuffer(offsets or bytes(8), dtype=np.int64)[values.offset : values.offset + len(values) + 1]
    return ends, memoryview(data or b"")[ends[0] : ends[-1]]
