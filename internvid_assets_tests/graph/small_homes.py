"""Four rendered videos, the homes made of them, and runs in those homes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from internvid_assets.cli.runs import QUIET
from internvid_assets.definitions import build_defs
from internvid_assets.home import Home
from internvid_assets.settings import load_settings

ROOT = Path(__file__).parents[2]
SEED = 184
"""Chosen for its first four videos, which are short and differ: 240p, so rejected; MP4 480p; WebM; MP4 360p."""
REJECTED, WEBM = "film_and_animation", "music"
CATEGORIES = (REJECTED, "autos_and_vehicles", WEBM, "pets_and_animals")


def open_home(path: Path) -> Home:
    """The home at `path`: the shipped weights, a file of the default settings, whatever the developer's own say."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTERNVID_SETTINGS", str(ROOT / "internvid.toml"))
        return Home(load_settings([f"home={path}", "profile=sample"]))


@contextmanager
def recorded(home: Home) -> Iterator[dg.DagsterInstance]:
    """The real instance of a home, in SQLite below it, as dagster.yaml says."""
    state = home.path / "dagster"
    state.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTERNVID_DAGSTER_STATE", str(state))
        with dg.DagsterInstance.from_config(str(ROOT)) as instance:
            yield instance


def run(
    home: Home,
    instance: dg.DagsterInstance,
    selection: str,
    category: str | None = None,
    config: dict[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    """One run of the selected assets in this process, recorded in the instance, whatever comes of it."""
    defs = build_defs(home)
    keys = dg.AssetSelection.from_string(selection).resolve(defs.resolve_asset_graph())
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        asset_selection=sorted(keys),
        partition_key=category,
        run_config={**QUIET, **(config or {})},
        raise_on_error=False,
    )


PARTITIONED_SQL = "key:captioned_clips or key:verb_uses or key:internvid_icl or group:viclip or group:evaluation"
OVER_ALL = (
    "(key:clip_index+ or key:semantic_pool or key:related_videos or kind:sql or key:recipe_costs "
    f"or key:dataset_card or key:warehouse or key:release) and not ({PARTITIONED_SQL})"
)
PER_CATEGORY = (
    f"key:captioned_clips or key:verb_uses or (key:candidate_videos+ and not ({OVER_ALL} or {PARTITIONED_SQL}))"
)
PER_FORMAT = "key:internvid_icl"


@dataclass(frozen=True)
class Materialised:
    """A home in which every asset was made for every category of the small world, and the runs that made it."""

    home: Home
    instance: dg.DagsterInstance
    runs: dict[str | None, dg.ExecuteInProcessResult]
    """By category, then by format of sequences; None is the run of the assets over all categories."""

    def copy(self, to: Path) -> Home:
        """The same tables and remembered calls in a home of their own, without Dagster's records."""
        shutil.copytree(self.home.path, to, ignore=shutil.ignore_patterns("dagster"))
        return open_home(to)
