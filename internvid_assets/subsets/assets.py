"""Subsets: each file of sql/subsets chooses clips; a new file is a new asset."""

from __future__ import annotations

from internvid_assets import tables
from internvid_assets.selects.assets import table_asset
from internvid_assets.selects.files import sql_files

subsets = [table_asset(file, group="subsets", schema=tables.ChosenClips) for file in sql_files("subsets")]
