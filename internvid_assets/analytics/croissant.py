"""Croissant 1.0 metadata (MLCommons' JSON-LD): files, records, and a description of every column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dataframely as dy
import polars as pl

from internvid_assets import tables
from internvid_assets.cells.lake import file_name
from internvid_assets.selects.files import schema_class

CROISSANT = "http://mlcommons.org/croissant/1.0"
TERMS = (
    "citeAs column conformsTo data dataType examples extract field fileProperty fileObject fileSet format includes "
    "isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace separator source "
    "subField transform"
).split()
IN_ITS_OWN_WAY: dict[str, Any] = {
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    **{term: IN_ITS_OWN_WAY.get(term, f"cr:{term}") for term in TERMS},
}
PAPER = "https://arxiv.org/abs/2307.06942"


@dataclass(frozen=True)
class Published:
    """Metadata of the dataset as a whole."""

    version: str
    published_on: date
    description: str
    licences: Sequence[str]


def croissant(written: Iterable[str], published: Published) -> dict[str, Any]:
    """JSON-LD of the tables in `written`; file paths are relative to the home."""
    names = [name for name in written if schema_class(name)]
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "name": "internvid-assets",
        "description": published.description,
        "conformsTo": CROISSANT,
        "citeAs": PAPER,
        "url": f"urn:internvid-assets:{published.version}",
        "creator": {"@type": "sc:Organization", "name": "internvid-assets"},
        "license": [*published.licences],
        "datePublished": published.published_on.isoformat(),
        "version": published.version,
        "distribution": [_file_set(name) for name in names],
        "recordSet": [_record_set(name, schema_class(name)) for name in names],
    }


def _file_set(table: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "description": f"The rows of {table}.",
        "encodingFormat": "application/x-parquet",
        "includes": file_name(table, "*" if table in tables.PER_CATEGORY else None),
    }


def _record_set(table: str, schema: type[dy.Schema]) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": (schema.__doc__ or "").strip(),
        "key": [{"@id": f"{table}/{name}"} for name in schema.primary_key()],
        "field": [*_fields(table, schema)],
    }


def _fields(table: str, schema: type[dy.Schema]) -> Iterator[dict[str, Any]]:
    for name, column in schema.columns().items():
        field = {
            "@type": "cr:Field",
            "@id": f"{table}/{name}",
            "name": name,
            "description": column.description or "",
            "dataType": _type(column.dtype),
            "source": {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": name}},
        }
        yield {**field, "repeated": True} if isinstance(column.dtype, pl.List) else field


def _type(dtype: Any) -> str:
    """The schema.org type of a Polars type; for a list, that of its items."""
    if isinstance(dtype, pl.List):
        return _type(dtype.inner)
    if dtype.is_integer():
        return "sc:Integer"
    names = {pl.Boolean: "sc:Boolean", pl.Date: "sc:Date", pl.Float32: "sc:Float", pl.Float64: "sc:Float"}
    return names.get(dtype.base_type(), "sc:Text")
