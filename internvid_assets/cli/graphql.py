"""What the Dagster UI can do, over the same GraphQL: used to launch a backfill in a running `internvid dev`."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internvid_assets.cells.errors import UserError

LAUNCH = """
mutation LaunchPartitionBackfill($backfillParams: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfillParams) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
    ... on PartitionSetNotFoundError { message }
  }
}"""

STATUS = """
query Backfill($backfillId: String!) {
  partitionBackfillOrError(backfillId: $backfillId) { ... on PartitionBackfill { status } }
}"""

UNFINISHED = frozenset({"REQUESTED", "CANCELING", "FAILING"})


@dataclass(frozen=True)
class Ui:
    """A running Dagster webserver."""

    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of a GraphQL answer; raises UserError when nobody answers or the question is wrong."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = json.load(response)
        except (OSError, urllib.error.URLError) as error:
            raise UserError(f"{self.url} does not answer ({error}); start `internvid dev`") from None
        if answer.get("data") is None:
            raise UserError(f"{self.url} refused: {answer.get('errors', answer)}")
        return answer["data"]

    def launch_backfill(self, assets: Sequence[str], categories: Sequence[str]) -> str:
        """Ask for one backfill of the assets over the categories; returns its id."""
        parameters = {
            "tags": [{"key": "dagster/from_ui", "value": "false"}],
            "assetSelection": [{"path": [asset]} for asset in assets],
            "partitionNames": list(categories),
            "fromFailure": False,
        }
        launched = self.ask(LAUNCH, backfillParams=parameters)["launchPartitionBackfill"]
        if "backfillId" not in launched:
            message = f"{launched['__typename']} {launched.get('message', '')}".strip()
            raise UserError(f"the backfill was refused: {message}")
        return launched["backfillId"]

    def backfill_status(self, backfill_id: str) -> str:
        return self.ask(STATUS, backfillId=backfill_id)["partitionBackfillOrError"]["status"]


def running_ui(home: Path) -> Ui:
    """The UI that `internvid dev` serves for this home; raises UserError when there is none."""
    note = address_file(home)
    if not note.exists():
        raise UserError(f"no UI is running for {home}; start `internvid dev`, or run `internvid materialize` instead")
    return Ui(note.read_text().strip())


def address_file(home: Path) -> Path:
    """Where `internvid dev` notes its address while it runs."""
    return home / "locks" / "dev.url"
