"""Which of several calls readers see, and compaction that dies at every step."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from internvid_assets.cells.remembered import Remembered
from internvid_assets.cells.store import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def remembered(store: Store) -> Remembered:
    return Remembered(store, "words", "abc", "music", {"word": pl.String()})


def call(word: str | None, *, minute: int, error: str | None = None, attempts: int = 1, rows: int = 1) -> pl.DataFrame:
    """The cells of one call of the input `i`."""
    about = {"input_hash": "i", "error": error, "is_retryable": True, "attempts": attempts}
    cells = [
        {**about, "word": word, "row_index": row, "called_at": NOON + timedelta(minutes=minute)} for row in range(rows)
    ]
    schema = {"input_hash": pl.String, "row_index": pl.Int32, "called_at": pl.Datetime("us", "UTC")}
    frame = pl.DataFrame(cells, schema_overrides=schema)
    return frame.with_columns(error_message=None, call_seconds=0.0, made_with=pl.lit("test"))


def kept(calls: Remembered) -> list[tuple[str, int]]:
    with calls.query() as connection:
        return connection.execute("select word, attempts from kept order by row_index").fetchall()


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([call("late", minute=2), call("early", minute=1, attempts=2)], [("early", 2)]),
        ([call(None, minute=0, error="broken"), call("healed", minute=1, attempts=2)], [("healed", 2)]),
        ([call(None, minute=9, error="e"), call(None, minute=1, error="f", attempts=2)], [(None, 2)]),
        ([call("two", minute=1, rows=2), call("one", minute=2, attempts=2)], [("two", 1), ("two", 1)]),
    ],
    ids=["earliest success", "success before failure", "latest failure", "whole calls"],
)
@pytest.mark.parametrize("reverse", [False, True])
def test_readers_see_one_call_per_input(tmp_path: Path, calls, expected, reverse):
    memory = remembered(Store(tmp_path))
    for cells in reversed(calls) if reverse else calls:
        memory.commit(cells)
    assert kept(memory) == expected
    assert memory.compact(above_parts=1)
    assert kept(memory) == expected
    assert len(memory.parts()) == 1


def test_committing_the_same_calls_again_changes_nothing(tmp_path: Path):
    memory = remembered(Store(tmp_path))
    first = memory.commit(call("first", minute=1))
    assert memory.commit(call("second", minute=2)) == first
    assert kept(memory) == [("first", 1)]


class Dies(Store):
    """Dies before its n-th change."""

    lives = 0

    def _spend(self) -> None:
        self.lives -= 1
        if self.lives < 0:
            raise KeyboardInterrupt

    def publish(self, file: Path, name: str) -> None:
        self._spend()
        super().publish(file, name)

    def remove(self, name: str) -> None:
        self._spend()
        super().remove(name)


@pytest.mark.parametrize("first_death", range(10))
@pytest.mark.parametrize("second_death", [1, 3, 99])
def test_compaction_may_die_anywhere_and_be_repeated(tmp_path: Path, first_death: int, second_death: int):
    store = Dies(tmp_path)
    memory = remembered(store)
    expected = []
    for generation, death in enumerate([first_death, second_death, 99]):
        store.lives = 99
        for number in range(3):
            cells = call(f"{generation}{number}", minute=number).with_columns(
                input_hash=pl.lit(f"{generation}{number}")
            )
            memory.commit(cells)
            expected.append(f"{generation}{number}")
        store.lives = death
        with contextlib.suppress(KeyboardInterrupt):
            memory.compact(above_parts=1)
        assert sorted(word for word, _ in kept(memory)) == expected
    assert len(store.list(memory.folder)) == 2, "one merged part and its manifest"
