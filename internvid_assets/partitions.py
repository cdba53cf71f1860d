"""Partitions: sixteen categories, whatever the number of videos, and the formats of interleaved sequences.

No partition definition belongs elsewhere.
"""

from __future__ import annotations

import dagster as dg

from internvid_assets.tables import CATEGORIES, INTERLEAVED_FORMATS, partition_column

by_category = dg.StaticPartitionsDefinition(list(CATEGORIES))
by_format = dg.StaticPartitionsDefinition(list(INTERLEAVED_FORMATS))


def partitions_of(table: str) -> dg.StaticPartitionsDefinition | None:
    """One partition per file of the table; None where there is a single file."""
    return {"category": by_category, "format": by_format, None: None}[partition_column(table)]
