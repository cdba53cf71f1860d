"""All partition definitions: sixteen categories, whatever the number of videos, the formats of interleaved
sequences, and the subsets that models are trained on.
"""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from internvid_assets.selects.files import sql_files
from internvid_assets.tables import CATEGORIES, INTERLEAVED_FORMATS, PER_CATEGORY, partition_column

by_category = dg.StaticPartitionsDefinition(list(CATEGORIES))
by_format = dg.StaticPartitionsDefinition(list(INTERLEAVED_FORMATS))
by_subset = dg.StaticPartitionsDefinition([file.name for file in sql_files("subsets")])


def of_all_partitions(upstream: Iterable[str]) -> list[dg.AssetDep]:
    """The dependencies of what reads all categories of a table, whatever its own partitions are."""
    every = dg.AllPartitionMapping()
    return [dg.AssetDep(name, partition_mapping=every if name in PER_CATEGORY else None) for name in upstream]


def partitions_of(table: str) -> dg.StaticPartitionsDefinition | None:
    """One partition per file of the table; None if there is a single file."""
    return {"category": by_category, "format": by_format, "subset": by_subset, None: None}[partition_column(table)]
