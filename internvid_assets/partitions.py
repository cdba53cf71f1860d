"""All partition definitions: sixteen categories, whatever the number of videos, the formats of interleaved
sequences, and the subsets that models are trained on.
"""

from __future__ import annotations

import dagster as dg

from internvid_assets.selects.files import sql_files
from internvid_assets.tables import CATEGORIES, INTERLEAVED_FORMATS, partition_column

by_category = dg.StaticPartitionsDefinition(list(CATEGORIES))
by_format = dg.StaticPartitionsDefinition(list(INTERLEAVED_FORMATS))
by_subset = dg.StaticPartitionsDefinition([file.name for file in sql_files("subsets")])


def partitions_of(table: str) -> dg.StaticPartitionsDefinition | None:
    """One partition per file of the table; None if there is a single file."""
    return {"category": by_category, "format": by_format, "subset": by_subset, None: None}[partition_column(table)]
