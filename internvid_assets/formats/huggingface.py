"""The layout that Hugging Face `datasets` loads: Parquet files in data/, and a README.md that describes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from internvid_assets import tables
from internvid_assets.formats.rows import CONTENT

WANTED = pl.Schema(CONTENT)
SHARD_ROWS = 1_000_000
_FEATURES = {pl.String: "string", pl.Float64: "float64"}


def rows(records: pl.DataFrame) -> pl.DataFrame:
    """Rows as they are: the columns are ours."""
    return records


def write(batches: Iterator[pl.DataFrame], folder: Path) -> None:
    """A million rows per file; each file name includes the number of files."""
    data = folder / "data"
    data.mkdir(parents=True)
    counts = list(_shards(batches, data))
    for number in range(len(counts)):
        _shard(data, number).rename(data / f"train-{number:05}-of-{len(counts):05}.parquet")
    size_bytes = sum(path.stat().st_size for path in data.iterdir())
    (folder / "README.md").write_text(readme(sum(counts), size_bytes), encoding="utf-8")


def _shard(data: Path, number: int) -> Path:
    return data / f"{number:05}.parquet"


def _shards(batches: Iterator[pl.DataFrame], data: Path) -> Iterator[int]:
    """Write the files; yields the number of rows of each. Without rows, one empty file is written."""
    import pyarrow.parquet as pq

    schema, number, ahead = pl.DataFrame(schema=CONTENT).to_arrow().schema, 0, next(batches, None)
    while ahead is not None or number == 0:
        count = 0
        with pq.ParquetWriter(_shard(data, number), schema, compression="zstd") as writer:
            while ahead is not None and count < SHARD_ROWS:
                writer.write_table(ahead.to_arrow().cast(schema))
                count, ahead = count + ahead.height, next(batches, None)
        yield count
        number += 1


def readme(rows: int, size_bytes: int) -> str:
    """The card: front matter for `datasets`, followed by text for people."""
    split = {"name": "train", "num_bytes": size_bytes, "num_examples": rows}
    about = {
        "configs": [{"config_name": "default", "data_files": [{"split": "train", "path": "data/train-*"}]}],
        "dataset_info": {
            "config_name": "default",
            "features": [{"name": name, **_feature(dtype)} for name, dtype in CONTENT.items()],
            "splits": [split],
            "download_size": size_bytes,
            "dataset_size": size_bytes,
        },
    }
    described = tables.ImportedClips.columns()
    lines = [f"| `{name}` | {described[name].description} |" for name in CONTENT]
    columns = "\n".join(["| column | description |", "|---|---|", *lines])
    return f"---\n{yaml.safe_dump(about, sort_keys=False)}---\n\n{rows:,} clips with captions.\n\n{columns}\n"


def _feature(dtype: Any) -> dict[str, str]:
    return (
        {"list": _FEATURES[dtype.inner.base_type()]}
        if isinstance(dtype, pl.List)
        else {"dtype": _FEATURES[dtype.base_type()]}
    )
