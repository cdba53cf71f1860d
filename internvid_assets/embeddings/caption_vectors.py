"""The text encoder's embeddings of captions, cached next to the index: each caption is encoded once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from internvid_assets.embeddings.keyed import KeyedTable, key_field
from internvid_assets.models.protocols import TextEncoder

if TYPE_CHECKING:
    import pyarrow as pa

ENCODED_AT_ONCE = 4096


@dataclass(frozen=True)
class CaptionVectors:
    """The embeddings of one encoder below `directory`; `label` is the encoder's name and revision."""

    directory: Path
    encoder: TextEncoder
    label: str

    @cached_property
    def table(self) -> KeyedTable:
        return KeyedTable(self.directory, "caption_vectors")

    def of(self, clips: pl.DataFrame) -> pl.DataFrame:
        """`clips` with the `vector` of each `caption`; cached embeddings of other captions are removed."""
        keys = clips["caption"].map_elements(self._key, return_dtype=pl.String)
        clips = clips.with_columns(caption_key=keys)
        wanted = clips.select("caption_key", "caption").unique("caption_key", maintain_order=True)
        for batch in self._unknown(wanted).iter_slices(ENCODED_AT_ONCE):
            vectors = pl.Series("vector", self.encoder.embed_texts(batch["caption"].to_list()).tolist())
            self.table.ensure(_schema(len(vectors[0])))
            self.table.upsert(batch.select("caption_key").with_columns(vectors))
        if not wanted.height:
            return clips.with_columns(vector=pl.lit([], pl.List(pl.Float32))).drop("caption_key")
        self._forget_others(wanted)
        known = self.table.read(["caption_key", "vector"]).with_columns(pl.col("vector").cast(pl.List(pl.Float32)))
        return clips.join(known, on="caption_key", maintain_order="left").drop("caption_key")

    def _key(self, caption: str) -> str:
        return hashlib.blake2b(f"{self.label}\0{caption}".encode(), digest_size=16).hexdigest()

    def _unknown(self, wanted: pl.DataFrame) -> pl.DataFrame:
        known = self.table.read(["caption_key"]) if self.table.exists() else wanted.clear().select("caption_key")
        return wanted.join(known, on="caption_key", how="anti", maintain_order="left")

    def _forget_others(self, wanted: pl.DataFrame) -> None:
        gone = self.table.read(["caption_key"]).join(wanted, on="caption_key", how="anti")["caption_key"]
        self.table.remove(gone.to_list())
        self.table.optimise()


def _schema(size: int) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([key_field("caption_key"), pa.field("vector", pa.list_(pa.float32(), size))])
