"""What a worker takes as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from workers import TOGETHER, unit_of

HERE = Path(__file__).parent


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        ("internvid_assets_tests/test_docs.py::test_commands_are_shown", "internvid_assets_tests/test_docs.py"),
        ("internvid_assets_tests/media/test_probe.py::test_a[x::cli/y]", "internvid_assets_tests/media/test_probe.py"),
        ("internvid_assets_tests/cli/test_sql.py::test_a[select '/']", "internvid_assets_tests/cli"),
        ("internvid_assets_tests/graph/test_server.py::test_a", "internvid_assets_tests/graph"),
    ],
)
def test_a_worker_takes_a_file_or_a_folder_with_a_home(nodeid: str, unit: str) -> None:
    assert unit_of(nodeid) == unit


@pytest.mark.parametrize("folder", TOGETHER)
def test_a_folder_is_kept_together_for_what_its_session_shares(folder: str) -> None:
    assert 'scope="session"' in (HERE / folder / "conftest.py").read_text(encoding="utf-8")
