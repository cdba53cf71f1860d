"""Pools that subsets draw from, small enough to check by eye."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from internvid_assets.selects.files import column_types, sql_file, sql_files
from internvid_assets.selects.running import run_select

CALL = {"error": None, "error_message": None, "attempts": 1, "recipe": "r", "input_hash": "i"}


class Pool:
    """Kept, captioned, scored clips of the videos it is told of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[dict]] = {
            name: []
            for name in (
                "clips",
                "fused_captions",
                "umt_scores",
                "clip_scores",
                "aesthetic_scores",
                "known_videos",
                "duplicate_groups",
                "semantic_pool",
            )
        }

    def add(self, video_id: str, clips: int = 1, *, category: str = "sports", umt: float | None = 0.3,
            aesthetic: float | None = 5.0, content: str | None = None, caption: str | None = "a ball falls",
            clip_score: float | None = 0.2, seconds: float = 4.0, new: bool = True,
            rejection: str | None = None, error: str | None = None) -> Pool:  # fmt: skip
        for i in range(clips):
            key = {"clip_id": f"{video_id}_{i}_{i + 1}", "category": category, **CALL}
            clip = {"video_id": video_id, "content_hash": content, "rejection_reason": rejection, "error": error}
            clip |= {"start_seconds": i * seconds, "end_seconds": (i + 1) * seconds}
            self.rows["clips"].append(key | clip)
            self.rows["fused_captions"].append(key | {"caption": caption})
            self.rows["umt_scores"].append(key | {"umt_score": umt})
            self.rows["clip_scores"].append(key | {"clip_score": clip_score})
            self.rows["aesthetic_scores"].append(key | {"aesthetic_score": aesthetic})
            self.rows["semantic_pool"].append(key | {"is_kept": new})
        return self

    def choose(self, subset: str, **parameters: object) -> pl.DataFrame:
        files_of = {}
        for name, rows in self.rows.items():
            path = self.folder / f"{name}.parquet"
            pl.DataFrame(rows, schema=column_types(name)).write_parquet(path)
            files_of[name] = [path]
        for pool in sql_files("intermediate"):
            files_of[pool.name] = [self.folder / f"{pool.name}.parquet"]
            run_select(pool, files_of).write_parquet(files_of[pool.name][0])
        return run_select(sql_file("subsets", subset), files_of, parameters)
