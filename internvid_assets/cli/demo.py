"""internvid demo: the whole way on the sample world, from rendered videos to an answer in SQL."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from internvid_assets.cli.environment import open_home
from internvid_assets.cli.output import Format, show
from internvid_assets.cli.progress import FillProgress
from internvid_assets.home import Home
from internvid_assets.tables import CATEGORIES

DATASET = "* or key:release"
WITH_MODEL = f"({DATASET} or group:viclip or group:evaluation) and not key:linear_probe"
"""The linear probe takes as long as the training."""
VIDEOS_TO_TRAIN_ON = 24
"""Fewer have too few clips for a batch."""


def demo(
    videos: Annotated[int, typer.Option(min=1, help="How many videos to render.")] = 48,
    seed: Annotated[int, typer.Option(help="Seed of the videos; another seed gives other videos.")] = 0,
) -> None:
    """Render sample videos, turn them into a dataset, and train a model on it.

    With fewer than 24 videos no model is trained. A second run finds nothing to compute.

    Example: internvid demo
    """
    from internvid_assets.cli import runs
    from internvid_assets.sample_world.world import generate
    from internvid_assets.videos.sources import add_source

    started = time.monotonic()
    with FillProgress() as progress:
        home = open_home(report_progress=progress.of)
        world = home.path / "sample_world" / f"seed-{seed}"
        say(started, f"rendering {videos} videos into {world}")
        generate(videos=videos, seed=seed, to=world, progress=progress.on("rendering", "videos"))
        for category in CATEGORIES:
            if (world / category).is_dir():
                add_source(home.path, world / category, category)
        say(started, "materialising the graph, category by category")
        results = runs.materialize(
            home,
            selection=WITH_MODEL if videos >= VIDEOS_TO_TRAIN_ON else DATASET,
            categories=list(CATEGORIES),
            tags={"internvid/demo": "true"},
            say=progress.say,
        )
    report(home, is_trained=videos >= VIDEOS_TO_TRAIN_ON)
    say(started, "done")
    results.report()


def say(started: float, what: str) -> None:
    print(f"[{time.monotonic() - started:4.0f} s] {what}", flush=True)


def report(home: Home, *, is_trained: bool) -> None:
    """What the dataset holds, and where to go from here."""
    show(counts(home), Format.table)
    warehouse = relative(home.path / "warehouse.duckdb")
    program, ui = called(), "make dev" if Path("Makefile").exists() else f"{called()} dev"
    print(f"\nWarehouse: {warehouse}  (any DuckDB client; docs/sql-cookbook.md has questions to ask)")
    print(f'Ask:       {program} sql "select clip_id, caption from internvid_10m_flt limit 5"')
    print(f'Search:    {program} search "a red ball moves left"')
    print(f"Report:    {program} report --open  (and the dataset's card: {relative(home.path / 'card' / 'card.html')})")
    if is_trained:
        print(f'Model:     {program} sql "from training_recipes where ours is not null"  (docs/training.md)')
    print(f"Dagster UI: {ui}\n")


def called() -> str:
    """How this program is called from here."""
    program = Path(sys.argv[0])
    return program.name if shutil.which(program.name) == str(program) else str(relative(program))


def counts(home: Home) -> pl.DataFrame:
    """The dataset in numbers: one row per thing counted."""
    from internvid_assets.analytics.warehouse import open_lake
    from internvid_assets.selects.files import sql_files
    from internvid_assets.selects.running import fetch

    chosen = [f"union all select '{file.name}', count(*) from {file.name}" for file in sql_files("subsets")]
    query = """
        select 'videos' as what, count(*) as n from videos
        union all select '  rejected: ' || rejection_reason, count(*) from videos
            where rejection_reason is not null group by rejection_reason
        union all select 'clips', count(*) from clips
        union all select '  rejected: ' || rejection_reason, count(*) from clips
            where rejection_reason is not null group by rejection_reason
        union all select 'captions of centre frames', count(caption) from center_captions
        union all select 'captions of frames, 1 fps', count(caption) from frame_captions
        union all select 'fused captions', count(caption) from fused_captions"""
    with open_lake(home.path, paths=home.lake.paths, memory_limit=home.settings.memory_limit) as connection:
        return fetch(connection, " ".join([query, *chosen]))


def relative(path: Path) -> str:
    """`path` from here when it lies below, else as it is."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
