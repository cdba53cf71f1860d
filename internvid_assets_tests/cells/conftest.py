"""The toy tables are known while a test runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_words import Texts, Words

from internvid_assets import tables
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.store import Store


@pytest.fixture(autouse=True)
def toy_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.PER_CATEGORY, "texts", Texts)
    monkeypatch.setitem(tables.PER_CATEGORY, "words", Words)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(Store(tmp_path / "home"))
