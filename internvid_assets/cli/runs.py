"""Runs started by the command line: real Dagster runs, recorded in the instance that the UI shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import dagster as dg

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.results import Results
from internvid_assets.definitions import build_defs, features
from internvid_assets.home import Home
from internvid_assets.partitions import by_category, by_format, by_subset
from internvid_assets.tables import CATEGORIES, INTERLEAVED_FORMATS
from internvid_assets.viclip.launching import shared_parameters

ASKED_FOR = {
    "releases": ("release",),
    "viclip": ("viclip",),
    "evaluation": ("evaluation", "zero_shot_actions", "linear_probe", "video_text_retrieval"),
}
"""Groups whose assets are kept for good, or take days of a GPU: a selection has to say one of these words.

`*` and `key:clips+` leave them out; `key:viclip_checkpoint`, `+key:viclip_checkpoint` and `group:viclip` do not.
"""
PID_TAG, BOOT_TAG = "internvid/pid", "internvid/boot_id"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
SHOWN_NAMES = 4
UNFINISHED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.NOT_STARTED]


@dataclass(frozen=True)
class Selected:
    """The assets of a selection in the order of their runs: those with partitions stand between the others."""

    before: list[dg.AssetKey]
    """Without partitions, and nothing above them has any."""
    partitioned: list[dg.AssetKey]
    """By category."""
    after: list[dg.AssetKey]
    """Without partitions, over all categories."""
    by_format: list[dg.AssetKey]
    """Partitioned by the format of interleaved sequences, over all categories."""
    by_subset: list[dg.AssetKey]
    """Partitioned by the subset that is trained on."""
    last: list[dg.AssetKey]
    """Without partitions, over all formats and subsets too."""

    def all(self) -> list[dg.AssetKey]:
        return [*self.before, *self.partitioned, *self.after, *self.by_format, *self.by_subset, *self.last]


def select(defs: dg.Definitions, selection: str) -> Selected:
    """Resolve Dagster's asset selection syntax; raises UserError when it says nothing or is not understood."""
    graph = defs.resolve_asset_graph()
    try:
        keys = dg.AssetSelection.from_string(selection).resolve(graph)
    except Exception as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"selection {selection!r} is not understood ({message}); try 'key:clips' or '+key:clips'"
        ) from None
    if not keys:
        known = ", ".join(sorted(key.to_user_string() for key in graph.get_all_asset_keys()))
        raise UserError(f"selection {selection!r} selects nothing; assets: {known}")
    unsaid = {group for group, words in ASKED_FOR.items() if not any(word in selection for word in words)}
    keys = {key for key in keys if graph.get(key).group_name not in unsaid}
    ordered = [key for key in graph.toposorted_asset_keys if key in keys]
    runs: dict[str, list[dg.AssetKey]] = {field.name: [] for field in fields(Selected)}
    for key in ordered:
        runs[_turn(graph, key)].append(key)
    return Selected(**runs)


def _turn(graph: Any, key: dg.AssetKey) -> str:
    """Which of the runs an asset belongs to: the name of a field of `Selected`."""
    own = graph.get(key).partitions_def
    if own:
        return "by_format" if own == by_format else "by_subset" if own == by_subset else "partitioned"
    above = [graph.get(ancestor).partitions_def for ancestor in graph.get_ancestor_asset_keys(key)]
    return "last" if by_format in above or by_subset in above else "after" if by_category in above else "before"


def materialize(
    home: Home,
    *,
    selection: str,
    categories: Sequence[str],
    tags: dict[str, str] | None = None,
    limit: int | None = None,
    retry_quarantined: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> Results:
    """Materialise the selection: each category in a run of its own, what has none before or after them, then formats
    and subsets.

    `tell` is given a line when a run begins.

    A run that fails does not keep the others from running; one that is interrupted does, by KeyboardInterrupt.
    """
    defs = build_defs(home)
    chosen = select(defs, selection)
    job = defs.resolve_implicit_global_asset_job_def()
    options = {"limit": limit, "retry_quarantined": retry_quarantined}
    results = Results()
    with dg.DagsterInstance.get() as instance:
        free_dead_runs(instance)
        if chosen.before:
            tell(f"without categories: {_listed(chosen.before)}")
            config = _fill_config(chosen.before, **options)
            results.add(_execute(job, instance, chosen.before, tags, config=config), "no category")
        for number, category in enumerate(categories if chosen.partitioned else (), start=1):
            tell(f"category {number} of {len(categories)}: {category}")
            config = _fill_config(chosen.partitioned, **options)
            results.add(_execute(job, instance, chosen.partitioned, tags, category, config), category)
        if chosen.after and limit is None:
            tell(f"over all categories: {_listed(chosen.after)}")
            results.add(_execute(job, instance, chosen.after, tags), "all categories")
        for name in INTERLEAVED_FORMATS if chosen.by_format and limit is None else ():
            tell(f"format {name}: {_listed(chosen.by_format)}")
            results.add(_execute(job, instance, chosen.by_format, tags, name), name)
        for name in trained_subsets(home) if chosen.by_subset and limit is None else ():
            tell(f"subset {name}: {_listed(chosen.by_subset)}")
            results.add(_execute(job, instance, chosen.by_subset, tags, name), name)
        if chosen.last and limit is None:
            tell(f"over all formats: {_listed(chosen.last)}")
            results.add(_execute(job, instance, chosen.last, tags), "all formats")
    return results


def trained_subsets(home: Home) -> list[str]:
    """Those that `training.subsets` names; raises UserError for one that there is not."""
    known = by_subset.get_partition_keys()
    chosen: list[str] = shared_parameters(home)["subsets"]
    for name in chosen:
        if name not in known:
            raise UserError(f"setting training.subsets names {name!r}: expected some of {', '.join(known)}")
    return chosen


def _listed(keys: Sequence[dg.AssetKey]) -> str:
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
            instance.report_run_failed(run, "its process is gone; run the same again to go on")
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
