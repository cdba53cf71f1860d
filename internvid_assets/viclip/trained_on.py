"""Which videos a checkpoint was trained on: each keeps its rows beside its weights, so what is taken down is found."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from internvid_assets.viclip.rows import mapped_rows


def checkpoints_with(checkpoints: Path, video_ids: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """(checkpoint, video_id, clips of it) for each checkpoint below the folder that was trained on one of the videos.

    Raises UserError naming rows that cannot be read: what they hold is not known then.
    """
    for path in sorted(checkpoints.rglob("rows.arrow")):
        if not (path.parent / "model.safetensors").is_file():
            continue  # rows that a run is still to be trained on
        videos = pl.Series("video_id", mapped_rows(path)["video_id"])
        counted = videos.filter(videos.is_in(list(video_ids))).value_counts(name="clips").sort("video_id")
        for video_id, clips in counted.iter_rows():
            yield str(path.parent.relative_to(checkpoints)), video_id, clips
