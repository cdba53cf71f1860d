"""Any history of runs, crashes, edits, reverts and failures ends with the rows that a dict would give."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from toy_words import CATEGORY, WORDS, Splitter, Texts, Words, recipe, texts, words_of

from internvid_assets import tables
from internvid_assets.cells import remembered
from internvid_assets.cells.fill import FillOptions, fill
from internvid_assets.cells.inputs import input_hashes
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.store import Store

IDS = st.sampled_from("abcdef")
TEXTS = st.sampled_from(["", "one", "two words", "three words here", "naïve 词", "one "])
MAX_ATTEMPTS = 3


class Killed(BaseException):
    """A process that is gone: nothing catches it."""


class MortalStore(Store):
    """Dies at its n-th change, just before or just after it; keeps count of the cells that reached the disk."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.lives: int | None = None
        self.dies_after = False
        self.succeeded: set[tuple[str, str]] = set()
        self.failed: Counter[tuple[str, str]] = Counter()

    def publish(self, file: Path, name: str) -> None:
        calls = self._calls_in(file, name)
        self._change(lambda: super(MortalStore, self).publish(file, name), lambda: self._count(calls))

    def remove(self, name: str) -> None:
        self._change(lambda: super(MortalStore, self).remove(name), lambda: None)

    def _change(self, change, done) -> None:
        dies = self.lives == 0
        self.lives = None if self.lives is None or dies else self.lives - 1
        if dies and not self.dies_after:
            raise Killed
        change()
        done()
        if dies:
            raise Killed

    def _calls_in(self, file: Path, name: str) -> list[tuple[tuple[str, str], bool]]:
        if "/part-" not in name:
            return []
        recipe_hash = name.split("recipe=")[1].split("/")[0]
        heads = pl.read_parquet(file).unique("input_hash")
        return [((recipe_hash, row["input_hash"]), row["error"] is None) for row in heads.iter_rows(named=True)]

    def _count(self, calls: list[tuple[tuple[str, str], bool]]) -> None:
        for key, succeeded in calls:
            if succeeded:
                self.succeeded.add(key)
            else:
                self.failed[key] += 1


def key_of(text: str, suffix: str) -> tuple[str, str]:
    return recipe(suffix).hash, input_hashes(pl.DataFrame({"text": [text]}), ["text"])[0]


class Histories(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = MortalStore(self.folder)
        self.rows: dict[str, str] = {}
        self.broken: set[str] = set()
        self.suffix = ""

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(text_id=IDS, text=TEXTS)
    def add_or_change(self, text_id: str, text: str) -> None:
        self.rows[text_id] = text

    @rule(text_id=IDS)
    def remove(self, text_id: str) -> None:
        self.rows.pop(text_id, None)

    @rule(suffix=st.sampled_from(["", "!"]))
    def change_parameters(self, suffix: str) -> None:
        self.suffix = suffix

    @rule(text=TEXTS)
    def break_or_heal(self, text: str) -> None:
        self.broken ^= {text}

    @rule(lives=st.integers(0, 6), dies_after=st.booleans(), limit=st.none() | st.integers(1, 3))
    def run_and_die(self, lives: int, dies_after: bool, limit: int | None) -> None:
        self.store.lives, self.store.dies_after = lives, dies_after
        try:
            self._run(limit)
        except Killed:
            pass
        finally:
            self.store.lives = None

    @rule()
    def run(self) -> None:
        report = self._run(None)
        assert report.calls_left == 0
        columns = ["text_id", "position", "word", "error"]
        table = Lake(self.store).scan("words", CATEGORY).select(columns).collect()
        assert sorted(table.rows()) == sorted(self._expected(), key=lambda row: row[:2])

    @invariant()
    def nothing_is_left_in_scratch(self) -> None:
        if hasattr(self, "folder"):
            assert list((self.folder / "scratch").glob("*")) == []

    def _run(self, limit: int | None):
        known, tried = set(self.store.succeeded), Counter(self.store.failed)
        work = Splitter(self.suffix, broken=self.broken)
        try:
            return fill(
                WORDS,
                texts(self.rows),
                recipe=recipe(self.suffix),
                category=CATEGORY,
                lake=Lake(self.store),
                open_work=work,
                options=FillOptions(limit=limit, max_attempts=MAX_ATTEMPTS, commit_seconds=1e-9),
            )
        finally:
            asked = [key_of(text, self.suffix) for text in work.asked]
            assert len(asked) == len(set(asked)), "a call was made twice in one run"
            assert not known & set(asked), "a remembered call was made again"
            assert all(tried[key] < MAX_ATTEMPTS for key in asked), "a quarantined call was made again"

    def _expected(self) -> list[tuple[str, int, str | None, str | None]]:
        expected: list[tuple[str, int, str | None, str | None]] = []
        for text_id, text in self.rows.items():
            if key_of(text, self.suffix) in self.store.succeeded:
                expected += [(text_id, row["position"], row["word"], None) for row in words_of(text, self.suffix)]
            else:
                expected.append((text_id, 0, None, "broken"))
        return expected


@pytest.fixture(autouse=True)
def compact_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered.Remembered.compact, "__kwdefaults__", {"above_parts": 2})


def test_histories_end_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.PER_CATEGORY, "texts", Texts)
    monkeypatch.setitem(tables.PER_CATEGORY, "words", Words)
    run_state_machine = Histories.TestCase("runTest")
    run_state_machine.settings = settings(
        max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine.runTest()
