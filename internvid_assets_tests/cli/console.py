"""Runs `internvid` in this process or as one of its own, and looks at what it left in a home."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import polars as pl


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    exit_code: int
    out: bytes
    stderr: str

    @property
    def stdout(self) -> str:
        return self.out.decode()


Run = Callable[..., Done]


def run_here(*arguments: str | Path, home: Path, **variables: str) -> Done:
    """What the console script runs, in this process: starting Python and Dagster costs seconds each time."""
    from internvid_assets.cli import run

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    command = ["internvid", *map(str, arguments)]
    with (
        patch.dict(os.environ, environment(home, variables)),
        patch.object(sys, "argv", command),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        exit_code = run()
    out.flush()
    err.flush()
    return Done(exit_code, out.buffer.getvalue(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]


def environment(home: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Settings of the checkout's user do not matter here: the home's own file counts, or none."""
    own = home / "internvid.toml"
    return {"INTERNVID_HOME": str(home), "INTERNVID_SETTINGS": str(own) if own.exists() else os.devnull, **variables}


@dataclass(frozen=True)
class Process:
    """The installed `internvid`, started as users start it."""

    program: str = str(Path(sys.executable).with_name("internvid"))

    def start(self, *arguments: str | Path, home: Path, **variables: str) -> subprocess.Popen[bytes]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTERNVID_", "DAGSTER_"))}
        return subprocess.Popen(
            [self.program, *map(str, arguments)],
            env={**kept, **environment(home, variables)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str | Path, home: Path, timeout_seconds: float = 300, **variables: str) -> Done:
        """To its end; one that takes too long is killed, which its exit code tells."""
        process = self.start(*arguments, home=home, **variables)
        try:
            out, err = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        return Done(process.returncode, out, err.decode())


def cells(home: Path, table: str) -> pl.DataFrame:
    """One row per remembered call of a table: which, under which recipe, and when it was made."""
    parts = sorted((home / "cells" / table).rglob("*.parquet"))
    frames = (pl.read_parquet(part, columns=["input_hash", "row_index", "called_at"]) for part in parts)
    rows = [frame.with_columns(part=pl.lit(str(part))) for part, frame in zip(parts, frames, strict=True)]
    if not rows:
        return pl.DataFrame(schema={"recipe": pl.String, "input_hash": pl.String, "called_at": pl.Datetime})
    heads = pl.concat(rows).filter(pl.col("row_index").fill_null(0) == 0)
    recipe = pl.col("part").str.extract(r"recipe=(\w+)").alias("recipe")
    return heads.select(recipe, "input_hash", "called_at").sort("recipe", "input_hash")


def calls(home: Path, *tables: str) -> dict[str, int]:
    """How many calls each table remembers."""
    return {table: cells(home, table).height for table in tables}


def files(home: Path) -> Iterator[tuple[str, int, int]]:
    """(path, size, modification time) of every file under a home."""
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path), path.stat().st_size, path.stat().st_mtime_ns
