"""Subsets: each file of sql/subsets selects clips from `captioned_clips`; a new file becomes a new asset."""

from __future__ import annotations

from internvid_assets import tables
from internvid_assets.selects.assets import table_asset
from internvid_assets.selects.files import sql_file, sql_files

drawn_from = [
    table_asset(sql_file("intermediate", name), group="subsets", schema=tables.schema_class(name))
    for name in ("captioned_clips", "withheld_videos")
]
subsets = [table_asset(file, group="subsets", schema=tables.ChosenClips) for file in sql_files("subsets")]
