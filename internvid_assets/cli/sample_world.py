"""internvid sample-world: videos whose true cuts and captions are known."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from internvid_assets.cli.progress import FillProgress


def sample_world(
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    videos: Annotated[int, typer.Option(min=1, help="How many videos.")] = 48,
    seed: Annotated[int, typer.Option(help="Equal seeds give equal files.")] = 0,
) -> None:
    """Render a small synthetic dataset: encoded videos, subtitles, metadata, and the ground truth in truth.jsonl.

    Example: internvid sample-world --videos 48 --to ./world
    """
    from internvid_assets.sample_world.world import generate

    with FillProgress() as progress:
        summary = generate(videos=videos, seed=seed, to=to, progress=progress.on("rendering", "videos"))
    print(f"{to}: {summary.videos} videos, {summary.video_seconds:.0f} s, {summary.size_bytes / 2**20:.1f} MiB", end="")
    print(f"; {summary.rendered_videos} rendered in {summary.wall_seconds:.0f} s")
    print(f"next: internvid ingest {shlex.quote(str(to))} --category other")
