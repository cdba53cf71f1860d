"""Write the sequences of one format from the lake to a file."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from internvid_assets.home import Home
from internvid_assets.interleaved.sequences import SCHEMA, Budget, sequences
from internvid_assets.interleaved.writing import write_parquet
from internvid_assets.selects.files import sql_file
from internvid_assets.selects.running import count_steps, select_batches


def make_sequences(home: Home, name: str, to: Path) -> dict[str, int]:
    """Write the sequences of format `name`. Returns how many clips each step leaves, `in_sequences` last."""
    file, parameters = sql_file("interleaved", name), home.settings.interleaved.of_format(name)
    values = {key: getattr(parameters, key) for key in file.parameters}
    paths = {table: home.lake.paths(table) for table in file.tables()}
    limit = home.settings.memory_limit
    budget = Budget(parameters.max_tokens, parameters.max_images, parameters.overflow == "truncate")
    clips = select_batches(file, paths, values, memory_limit=limit)
    write_parquet(sequences(clips, name, budget), SCHEMA, to)
    return {**count_steps(file, paths, values, memory_limit=limit), "in_sequences": _captions(to)}


def _captions(path: Path) -> int:
    """Number of caption items: each clip of a sequence has one."""
    is_caption = pl.col("items").list.eval(pl.element().struct.field("kind") == "caption")
    return pl.scan_parquet(path).select(is_caption.list.sum().sum()).collect(engine="streaming").item()
