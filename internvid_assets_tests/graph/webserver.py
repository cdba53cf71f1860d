"""What the Dagster UI sends, as captured from it, and how to read what the UI would show."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from internvid_assets.definitions import features
from internvid_assets.selects.assets import checks_of

LAUNCH_RUN = """
mutation LaunchPipelineExecution($executionParams: ExecutionParams!) {
  launchPipelineExecution(executionParams: $executionParams) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message stack }
    ... on RunConfigValidationInvalid { errors { message } }
    ... on UnauthorizedError { message }
  }
}"""

LAUNCH_BACKFILL = """
mutation LaunchPartitionBackfill($backfillParams: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfillParams) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message stack }
    ... on UnauthorizedError { message }
  }
}"""

RUN = """
query Run($runId: ID!) {
  runOrError(runId: $runId) { ... on Run { status tags { key value } } }
}"""

BACKFILL = """
query Backfill($backfillId: String!) {
  partitionBackfillOrError(backfillId: $backfillId) {
    ... on PartitionBackfill { status runs(limit: 20) { status tags { key value } } }
    ... on PythonError { message }
  }
}"""

ASSET = """
query Asset($asset: AssetKeyInput!) {
  assetNodeOrError(assetKey: $asset) {
    ... on AssetNode {
      partitionStats { numPartitions numMaterialized numFailed }
      assetPartitionStatuses { ... on DefaultPartitionStatuses { materializedPartitions } }
      assetChecksOrError { ... on AssetChecks { checks {
        name
        partitionStatuses { ... on AssetCheckDefaultPartitionStatuses {
          succeededPartitions failedPartitions inProgressPartitions skippedPartitions executionFailedPartitions
        } }
      } } }
    }
  }
}"""

LOCATIONS = """
{ workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { ... on RepositoryLocation { name } ... on PythonError { message } }
} } } }"""

LOCATION, PARTITION = "internvid_assets.definitions", "dagster/partition"


Ask = Callable[[str, dict[str, Any]], dict[str, Any]]
"""From a GraphQL text and its variables to the `data` of the answer."""


@dataclass(frozen=True)
class Ui:
    """The Dagster UI's side of a webserver."""

    ask: Ask

    def launch_run(self, assets: Sequence[str], category: str) -> str:
        """Press "Launch 1 run"; returns the run's id, or fails with what the server says."""
        told = self.ask(LAUNCH_RUN, {"executionParams": run_parameters(assets, category)})["launchPipelineExecution"]
        assert told["__typename"] == "LaunchRunSuccess", told
        return told["run"]["runId"]

    def launch_backfill(self, assets: Sequence[str], categories: Sequence[str]) -> str:
        """Press "Launch backfill"; returns its id, or fails with what the server says."""
        variables = {"backfillParams": backfill_parameters(assets, categories)}
        told = self.ask(LAUNCH_BACKFILL, variables)["launchPartitionBackfill"]
        assert told["__typename"] == "LaunchBackfillSuccess", told
        return told["backfillId"]

    def run_status(self, run_id: str) -> str:
        return self.ask(RUN, {"runId": run_id})["runOrError"]["status"]

    def backfill(self, backfill_id: str) -> dict[str, Any]:
        """`status`, and `runs` with the status of each by category."""
        told = self.ask(BACKFILL, {"backfillId": backfill_id})["partitionBackfillOrError"]
        runs = {tag["value"]: run["status"] for run in told["runs"] for tag in run["tags"] if tag["key"] == PARTITION}
        return {"status": told["status"], "runs": runs}

    def materialised(self, asset: str) -> set[str]:
        """The categories the UI shows as materialised."""
        return set(self._asset(asset)["assetPartitionStatuses"]["materializedPartitions"])

    def counts(self, asset: str) -> dict[str, int]:
        """The numbers under an asset's name in the graph."""
        return self._asset(asset)["partitionStats"]

    def checks(self, asset: str) -> dict[str, dict[str, set[str]]]:
        """Check -> status -> categories, without the statuses that no category has."""
        shown = {one["name"]: one["partitionStatuses"] for one in self._asset(asset)["assetChecksOrError"]["checks"]}
        return {
            name: {status.removesuffix("Partitions"): set(keys) for status, keys in statuses.items() if keys}
            for name, statuses in shown.items()
        }

    def is_ready(self) -> bool:
        """Whether the definitions are loaded; fails with the reason when they cannot be."""
        entries = self.ask(LOCATIONS, {})["workspaceOrError"]["locationEntries"]
        assert not [entry for entry in entries if "message" in (entry["locationOrLoadError"] or {})], entries
        return [(entry["name"], entry["loadStatus"]) for entry in entries] == [(LOCATION, "LOADED")]

    def _asset(self, asset: str) -> dict[str, Any]:
        return self.ask(ASSET, {"asset": {"path": [asset]}})["assetNodeOrError"]


def run_parameters(assets: Sequence[str], category: str) -> dict[str, Any]:
    """The variables behind "Launch 1 run"."""
    return {
        "mode": "default",
        "executionMetadata": {
            "tags": [{"key": PARTITION, "value": category}, {"key": "dagster/from_ui", "value": "true"}]
        },
        "runConfigData": "{}\n",
        "selector": {
            "repositoryLocationName": LOCATION,
            "repositoryName": "__repository__",
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": [asset]} for asset in assets],
            "assetCheckSelection": [
                {"name": name, "assetKey": {"path": [asset]}} for asset in assets for name in promises_of(asset)
            ],
        },
    }


def promises_of(asset: str) -> list[str]:
    """The checks of a table: those of sql/checks, and where it is made by calls, what these promise."""
    names = [file.name.partition("__")[2] for file in checks_of(asset)]
    called = next((feature for _, feature in features() if feature.name == asset), None)
    names += ["nothing_pending", "few_failures"] if called else []
    return [*names, "order_kept"] if called and called.compared else names


def backfill_parameters(assets: Sequence[str], categories: Sequence[str]) -> dict[str, Any]:
    """The variables behind "Launch backfill"."""
    return {
        "tags": [{"key": "dagster/from_ui", "value": "true"}],
        "assetSelection": [{"path": [asset]} for asset in assets],
        "partitionNames": list(categories),
        "fromFailure": False,
    }


def wait_until(is_so: Callable[[], bool], what: str, seconds: float = 120, every_seconds: float = 0.5) -> None:
    """Poll; fails naming what did not come about."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: not so after {seconds} s"
        time.sleep(every_seconds)
