"""Sequences as JSON lines, Parquet, WebDataset shards or an HTML page, each written atomically."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from internvid_assets.interleaved.page import page
from internvid_assets.interleaved.pictures import Stores, pictures

SHARD_BYTES = 2**30

Records = Iterable[Sequence[dict[str, Any]]]
"""Batches of records."""


@contextmanager
def aside(to: Path) -> Iterator[Path]:
    """A temporary path next to `to`; at the end it replaces `to`, a file or a folder."""
    unfinished = to.with_name(f".{to.name}.unfinished")
    _remove(unfinished)
    try:
        yield unfinished
        if to.is_dir():
            shutil.rmtree(to)
        unfinished.replace(to)
    finally:
        _remove(unfinished)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def write_parquet(batches: Iterable[pl.DataFrame], schema: Mapping[str, pl.DataType], to: Path) -> int:
    """Write rows of one schema, a row group per batch. Returns the number of rows."""
    import pyarrow.parquet as pq

    types = pl.DataFrame(schema=schema).to_arrow().schema
    rows = 0
    with aside(to) as path, pq.ParquetWriter(path, types, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(batch.cast(pl.Schema(schema)).to_arrow().cast(types))
            rows += batch.height
    return rows


def write_jsonl(records: Records, to: Path) -> int:
    """Write one object of `sequence.schema.json` per line. Returns their number."""
    count = 0
    with aside(to) as path, path.open("w", encoding="utf-8") as file:
        for some in records:
            file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in some)
            count += len(some)
    return count


def write_webdataset(records: Records, stores: Stores, to: Path, *, shard_bytes: int = SHARD_BYTES) -> int:
    """Write a folder of shards: a sample is `<number>.json`, and `<number>.<item>_<frame>.jpg` for each frame.

    After `shard_bytes` a new shard is started. Returns the number of samples.
    """
    count, shard = 0, 0
    with aside(to) as folder:
        folder.mkdir(parents=True)
        tar = _open_shard(folder, shard)
        try:
            for some in records:
                jpegs = pictures(some, stores)
                for each in some:
                    if tar.offset >= shard_bytes:
                        tar.close()
                        shard += 1
                        tar = _open_shard(folder, shard)
                    for name, data in sample(each, jpegs).items():
                        _add(tar, f"{count:09}.{name}", data)
                    count += 1
        finally:
            tar.close()
    return count


def sample(record: Mapping[str, Any], jpegs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of one sample by extension; `images` of a clip lists those of its frames."""
    members, items = {}, []
    for number, item in enumerate(record["items"]):
        hashes = item.get("frame_hashes", ())
        names = {f"{number:03}_{i}.jpg": jpegs[frame_hash] for i, frame_hash in enumerate(hashes)}
        members |= names
        items.append({**item, "images": list(names)} if names else item)
    text = json.dumps({**record, "items": items}, ensure_ascii=False)
    return {"json": text.encode(), **members}


def write_html(records: Records, stores: Stores, to: Path) -> int:
    """Write one HTML page that shows the sequences. Returns their number."""
    count = 0
    with aside(to) as path, path.open("w", encoding="utf-8") as file:
        for part, shown in page(to.stem, ((some, pictures(some, stores)) for some in records)):
            file.write(part)
            count += shown
    return count


def _open_shard(folder: Path, number: int) -> tarfile.TarFile:
    return tarfile.open(folder / f"{number:06}.tar", "w", format=tarfile.USTAR_FORMAT)


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Without times or owners, so that equal sequences give equal shards."""
    about = tarfile.TarInfo(name)
    about.size = len(data)
    tar.addfile(about, io.BytesIO(data))
