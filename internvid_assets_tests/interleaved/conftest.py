"""Clips of hand-made videos, with captions, speech and the hashes of four pictures each."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from internvid_assets.cells.lake import file_name
from internvid_assets.interleaved.sequences import SCHEMA, Budget, sequences
from internvid_assets.interleaved_parameters import InterleavedParameters
from internvid_assets.media.frames import FrameStore
from internvid_assets.selects.files import column_types, sql_file
from internvid_assets.selects.running import select_batches

AMPLE = Budget(max_tokens=10_000, max_images=10_000)
Row = dict[str, Any]


class Clips:
    """The tables that sql/interleaved reads, as far as the tests need them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rows: dict[str, list[Row]] = {
            name: []
            for name in (
                "captioned_clips",
                "clip_frames",
                "transcripts",
                "withheld_videos",
                "videos",
                "related_videos",
                "internvid_10m",
            )
        }

    def add(
        self,
        video_id: str,
        captions: Iterable[str],
        *,
        speech: Iterable[str | None] = (),
        category: str = "sports",
        query: str | None = None,
    ) -> Clips:
        """A video whose clips take two seconds each."""
        said = list(speech)
        self.rows["videos"].append({"video_id": video_id, "category": category, "query": query})
        for i, caption in enumerate(captions):
            clip = {"clip_id": f"{video_id}_{i}", "video_id": video_id, "category": category}
            times = {"start_seconds": 2.0 * i, "end_seconds": 2.0 * i + 2}
            self.rows["captioned_clips"].append({**clip, **times, "caption": caption})
            text = said[i] if i < len(said) else None
            self.rows["transcripts"].append({**clip, "text": text, "text_english": text and f"{text} in English"})
            for n in range(4):
                self.rows["clip_frames"].append({**clip, "pts": n, "frame_hash": f"{video_id}_{i}/{n}", "uniform_4": n})
        return self

    def withhold(self, video_id: str, reason: str, category: str = "sports") -> None:
        self.rows["withheld_videos"].append({"video_id": video_id, "category": category, "reason": reason})

    def selected(self, name: str, **parameters: Any) -> list[pl.DataFrame]:
        """What the file of the format selects, nothing dropped unless asked for."""
        paths = {}
        for table, rows in self.rows.items():
            types = column_types(table)
            paths[table] = [self.folder / f"{table}.parquet"]
            named = [{column: row.get(column) for column in types} for row in rows]
            pl.DataFrame(named, schema=types).sample(fraction=1, shuffle=True, seed=7).write_parquet(paths[table][0])
        file = sql_file("interleaved", name)
        section = InterleavedParameters().of_format(name)
        values = {key: getattr(section, key) for key in file.parameters}
        return list(select_batches(file, paths, {**values, "drop_probability": 0.0, **parameters}))

    def sequences(self, name: str, budget: Budget = AMPLE, **parameters: Any) -> list[Row]:
        rows = sequences(self.selected(name, **parameters), name, budget)
        return [row for batch in rows for row in batch.iter_rows(named=True)]


@pytest.fixture
def clips(tmp_path: Path) -> Clips:
    return Clips(tmp_path)


@pytest.fixture
def short() -> Callable[[Row], list[str]]:
    """The items of a sequence in short: `clip_id` of a clip, the text of what is no clip."""
    return lambda row: [item["text"] or item["clip_id"] for item in row["items"]]


def jpeg_of(frame_hash: str) -> bytes:
    """A small picture in a colour of its own."""
    colour = tuple(sum(map(ord, frame_hash)) * step % 256 for step in (3, 5, 7))
    data = io.BytesIO()
    Image.new("RGB", (16, 8), colour).save(data, "JPEG")
    return data.getvalue()


@pytest.fixture
def sequences_home(clips: Clips, tmp_path: Path) -> Path:
    """A home of 11 sequences of videos in two categories, in row groups of two, with their pictures."""
    for i in range(11):
        category = ("sports", "music")[i % 2]
        clips.add(f"v{i:02}", ["a ball falls", "a <b>cross</b> spins"], speech=["look & see"], category=category)
    home = tmp_path / "home"
    for category in ("sports", "music"):
        own = [row["frame_hash"] for row in clips.rows["clip_frames"] if row["category"] == category]
        FrameStore(home / "frames" / category).put({frame_hash: jpeg_of(frame_hash) for frame_hash in own})
    for name in ("captioned_with_speech", "paired"):
        path = home / file_name("internvid_icl", name)
        path.parent.mkdir(parents=True)
        pl.DataFrame(clips.sequences(name), schema=SCHEMA).write_parquet(path, row_group_size=2)
    return home
