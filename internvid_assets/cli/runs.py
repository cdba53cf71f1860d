"""Runs started by the command line: real Dagster runs, recorded in the instance that the UI shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.event_log import reuse_engines
from internvid_assets.cli.results import Results
from internvid_assets.cli.selection import Selected, select
from internvid_assets.definitions import build_defs, features
from internvid_assets.home import Home
from internvid_assets.partitions import by_subset
from internvid_assets.tables import CATEGORIES, INTERLEAVED_FORMATS
from internvid_assets.viclip.launching import shared_parameters

PID_TAG, BOOT_TAG = "internvid/pid", "internvid/boot_id"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
SHOWN_NAMES = 4
LIMITED = ("before", "by_category")
"""The turns of `Selected` that a limit on calls lets run: the others read whole tables, which it may leave old."""
WITHOUT_PARTITION = {
    "before": ("without categories", "no category"),
    "after": ("over all categories", "all categories"),
    "last": ("over all partitions", "all partitions"),
}
"""(the heading of a run, what it runs over) of each turn that is one run."""
UNFINISHED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]


class Run(NamedTuple):
    """One of the Dagster runs of a `materialize`."""

    heading: str
    """The line that says that it begins."""
    where: str
    """What it runs over, as messages say it."""
    assets: list[dg.AssetKey]
    partition: str | None = None


def materialize(
    home: Home,
    *,
    selection: str,
    categories: Sequence[str],
    tags: dict[str, str] | None = None,
    limit: int | None = None,
    retry_quarantined: bool = False,
    say: Callable[[str], None] = lambda line: None,
) -> Results:
    """Materialise the selection: each category in a run of its own, what has none before or after them, then formats
    and subsets.

    `say` is given a line when a run begins.

    A run that fails does not keep the others from running; one that is interrupted does, by KeyboardInterrupt.
    """
    defs = build_defs(home)
    chosen = select(defs, selection)
    job = defs.resolve_implicit_global_asset_job_def()
    results = Results()
    reuse_engines()
    with dg.DagsterInstance.get() as instance:
        free_dead_runs(instance)
        for run in runs_of(home, chosen, categories, is_limited=limit is not None):
            say(run.heading)
            config = _fill_config(run.assets, limit, retry_quarantined)
            results.add(_execute(job, instance, run.assets, tags, run.partition, config), run.where)
    return results


def runs_of(home: Home, chosen: Selected, categories: Sequence[str], *, is_limited: bool) -> Iterator[Run]:
    """The runs that make what is chosen, in their order; with a limit on calls, only those that make calls."""
    for turn in fields(Selected):
        assets = getattr(chosen, turn.name)
        if not assets or (is_limited and turn.name not in LIMITED):
            continue
        if turn.name in WITHOUT_PARTITION:
            heading, where = WITHOUT_PARTITION[turn.name]
            yield Run(f"{heading}: {listed(assets)}", where, assets)
        elif turn.name == "by_category":
            for number, name in enumerate(categories, start=1):
                yield Run(f"category {number} of {len(categories)}: {name}", name, assets, name)
        elif turn.name == "by_format":
            yield from (Run(f"format {name}: {listed(assets)}", name, assets, name) for name in INTERLEAVED_FORMATS)
        else:
            yield from (Run(f"subset {name}: {listed(assets)}", name, assets, name) for name in trained_subsets(home))


def trained_subsets(home: Home) -> list[str]:
    """Those that `training.subsets` names; raises UserError for one that there is not."""
    known = by_subset.get_partition_keys()
    chosen: list[str] = shared_parameters(home)["subsets"]
    for name in chosen:
        if name not in known:
            raise UserError(f"setting training.subsets names {name!r}: expected some of {', '.join(known)}")
    return chosen


def listed(keys: Sequence[dg.AssetKey]) -> str:
    """Their names, or how many they are where that would be a long line."""
    names = [key.to_user_string() for key in keys]
    return ", ".join(names) if len(names) <= SHOWN_NAMES else f"{len(names)} assets"


def _execute(
    job: dg.JobDefinition,
    instance: dg.DagsterInstance,
    keys: Iterable[dg.AssetKey],
    tags: dict[str, str] | None,
    partition: str | None = None,
    config: dict[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    return job.execute_in_process(
        instance=instance,
        asset_selection=list(keys),
        partition_key=partition,
        run_config={**QUIET, **(config or {})},
        tags={PID_TAG: str(os.getpid()), BOOT_TAG: boot_id(), **(tags or {})},
        raise_on_error=False,
    )


def _fill_config(keys: Iterable[dg.AssetKey], limit: int | None, retry_quarantined: bool) -> dict[str, Any]:
    if limit is None and not retry_quarantined:
        return {}
    fills = {feature.name for _, feature in features()}
    options = {"config": {"limit": limit, "retry_quarantined": retry_quarantined}}
    return {"ops": {key.to_python_identifier(): options for key in keys if key.to_user_string() in fills}}


def free_dead_runs(instance: dg.DagsterInstance, *, of_ui: bool = False) -> int:
    """Mark runs whose process is gone as failed, so that they neither show nor block as running.

    `of_ui` counts the UI's runs too: right only while no webserver or daemon of this home runs.
    """
    freed = 0
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=UNFINISHED)):
        ours = PID_TAG in run.tags
        is_dead = not _is_alive(run.tags[PID_TAG], run.tags.get(BOOT_TAG, "")) if ours else of_ui
        if is_dead:
            instance.report_run_failed(run, "its process has died; run the same command again to resume")
            freed += 1
    return freed


def _is_alive(pid: str, boot: str) -> bool:
    if boot != boot_id():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def boot_id() -> str:
    """Changes when the machine restarts, after which an equal pid is another process."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else "unknown"


def checked_categories(asked: Sequence[str]) -> list[str]:
    """The categories asked for; raises UserError for one that does not exist."""
    for category in asked:
        if category not in CATEGORIES:
            raise UserError(f"--category {category}: expected one of {', '.join(CATEGORIES)}")
    return list(asked)
