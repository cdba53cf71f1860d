"""Partitions: sixteen categories, whatever the number of videos. No other partition definition belongs elsewhere."""

from __future__ import annotations

import dagster as dg

from internvid_assets.tables import CATEGORIES

by_category = dg.StaticPartitionsDefinition(list(CATEGORIES))
