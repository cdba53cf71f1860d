"""WebDataset shards: tar files in which files with the same name up to the first dot form a sample.

Written with Python's tarfile: the format is only a naming convention, so the `webdataset` library is used in the tests
alone, to read the shards back.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.formats.containers import Records, as_text
from internvid_assets.formats.json_records import arrow_schema, one_by_one, record_of

MAX_SHARD_BYTES, MAX_SHARD_SAMPLES = 10**9, 10_000
BATCH_SAMPLES = 5_000

Files = Mapping[str, bytes]
"""A sample's frames or clip, by ending: `mp4`, `00.jpg`."""


def write(batches: Iterator[pl.DataFrame], folder: Path) -> None:
    """Samples without media: `json` with the row, `txt` with its caption."""
    write_samples(((row, {}) for batch in batches for row in batch.iter_rows(named=True)), folder)


def write_samples(samples: Iterable[tuple[dict[str, Any], Files]], folder: Path) -> None:
    """Shards 000000.tar, 000001.tar … of at most a gigabyte or 10,000 samples."""
    folder.mkdir(parents=True)
    numbered, number = enumerate(samples), 0
    ahead = next(numbered, None)
    while ahead is not None or number == 0:
        with tarfile.open(folder / f"{number:06}.tar", "w", format=tarfile.USTAR_FORMAT) as shard:
            count = 0
            while ahead is not None and count < MAX_SHARD_SAMPLES and shard.offset < MAX_SHARD_BYTES:
                _add(shard, _key(*ahead), *ahead[1])
                count, ahead = count + 1, next(numbered, None)
        number += 1


def _key(number: int, sample: tuple[dict[str, Any], Files]) -> str:
    """The clip_id if any: dots would end the key, slashes would create folders, and USTAR allows 100 bytes."""
    name = str(sample[0].get("clip_id") or f"{number:010}")
    return name.replace(".", "_").replace("/", "_") if len(name.encode()) <= 80 else f"{number:010}"


def _add(shard: tarfile.TarFile, key: str, row: Mapping[str, Any], files: Files) -> None:
    fields = json.dumps(dict(row), ensure_ascii=False).encode()
    for ending, content in {**files, "json": fields, "txt": (row.get("caption") or "").encode()}.items():
        entry = tarfile.TarInfo(f"{key}.{ending}")
        entry.size = len(content)
        shard.addfile(entry, BytesIO(content))


def webdataset_records(paths: list[Path], wanted: pl.Schema) -> Iterator[Records]:
    """The `json` of each sample; other files are ignored."""
    samples = enumerate(chain.from_iterable(map(_records, paths)), start=1)
    while some := [(number, *record) for number, record in islice(samples, BATCH_SAMPLES)]:
        texts = {number: as_text(record) for number, record, _ in some}
        yield Records(one_by_one(some, arrow_schema(wanted)), texts.__getitem__)


def webdataset_keys(path: Path) -> Collection[str]:
    return next((record for record, _ in _records(path) if isinstance(record, dict)), {})


def _records(path: Path) -> Iterator[tuple[Any, str | None]]:
    try:
        with tarfile.open(path, "r|*") as shard:
            for entry in shard:
                if entry.name.endswith(".json") and (file := shard.extractfile(entry)):
                    yield record_of(file.read())
    except (tarfile.TarError, EOFError):
        yield path.name, "truncated"
