"""Any history of runs, crashes, edits, reverts and failures ends with the rows that a dict would give."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from toy_words import CATEGORY, WORDS, Splitter, Texts, Words, recipe, texts, words_of

from internvid_assets import tables
from internvid_assets.cells import remembered
from internvid_assets.cells.fill import FillOptions, FillReport, fill
from internvid_assets.cells.inputs import input_hashes
from internvid_assets.cells.lake import Lake
from internvid_assets.cells.store import Store

IDS = st.sampled_from("abcdef")
TEXTS = st.sampled_from(["", "one", "two words", "three words here", "naïve 词", "one "])
MAX_ATTEMPTS = 3

Call = tuple[str, str]
"""A recipe and an input, both hashed."""


class Killed(BaseException):
    """A process that is gone: nothing catches it."""


@dataclass(frozen=True)
class Failure:
    """The last one of a call."""

    error: str
    attempts: int

    @property
    def is_quarantined(self) -> bool:
        return self.error == "hopeless" or self.attempts >= MAX_ATTEMPTS


class MortalStore(Store):
    """Dies at its n-th change, just before or just after it; knows which calls reached the disk.

    Changes count from the first on whose file name holds `counting_from`.
    """

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.lives: int | None = None
        self.dies_after = False
        self.counting_from = ""
        self.succeeded: set[Call] = set()
        self.failed: dict[Call, Failure] = {}

    def publish(self, file: Path, name: str) -> None:
        calls = pl.read_parquet(file).unique("input_hash") if "/part-" in name else None
        with self._change(name):
            super().publish(file, name)
            if calls is not None:
                self._note(name.split("recipe=")[1].split("/")[0], calls)

    def remove(self, name: str) -> None:
        with self._change(name):
            super().remove(name)

    @contextmanager
    def _change(self, name: str) -> Iterator[None]:
        counts = self.lives is not None and self.counting_from in name
        dies = counts and self.lives == 0
        if counts:
            self.lives, self.counting_from = None if dies else self.lives - 1, ""
        if dies and not self.dies_after:
            raise Killed
        yield
        if dies:
            raise Killed

    def _note(self, recipe_hash: str, calls: pl.DataFrame) -> None:
        for cell in calls.iter_rows(named=True):
            call = (recipe_hash, cell["input_hash"])
            if cell["error"] is None:
                self.succeeded.add(call)
            else:
                self.failed[call] = Failure(cell["error"], cell["attempts"])


def call_of(text: str, suffix: str) -> Call:
    return recipe(suffix).hash, input_hashes(pl.DataFrame({"text": [text]}), ["text"])[0]


class Histories(RuleBasedStateMachine):
    """Starts with rows enough for several commits; a run makes one call per commit, so that it can die in between."""

    @initialize(rows=st.dictionaries(IDS, TEXTS, min_size=4), broken=st.sets(TEXTS, max_size=2))
    def begin(self, rows: dict[str, str], broken: set[str]) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.store = MortalStore(self.folder)
        self.rows, self.broken, self.hopeless = rows, broken, set[str]()
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

    @rule(text=TEXTS)
    def break_for_good_or_heal(self, text: str) -> None:
        self.hopeless ^= {text}

    @rule(lives=st.integers(0, 6), dies_after=st.booleans(), limit=st.none() | st.integers(1, 3))
    def run_and_die(self, lives: int, dies_after: bool, limit: int | None) -> None:
        self.store.lives, self.store.dies_after, self.store.counting_from = lives, dies_after, ""
        self._run_and_perhaps_die(limit)

    @rule(lives=st.integers(0, 4), dies_after=st.booleans())
    def die_while_compacting_and_run_again(self, lives: int, dies_after: bool) -> None:
        self.store.lives, self.store.dies_after, self.store.counting_from = lives, dies_after, "/merged-"
        self._run_and_perhaps_die(limit=None)
        self.run(retry_quarantined=False)

    @rule(retry_quarantined=st.booleans())
    def run(self, retry_quarantined: bool) -> None:
        pending = self._pending(retry_quarantined)
        report, asked = self._run(retry_quarantined=retry_quarantined)
        assert (asked, report.calls_left) == (pending, 0)
        columns = ["text_id", "position", "word", "error"]
        table = Lake(self.store).scan("words", CATEGORY).select(columns).collect()
        assert sorted(table.rows()) == sorted(self._expected(), key=lambda row: row[:2])

    @rule(text_id=IDS)
    def fail_for_good_then_otherwise(self, text_id: str) -> None:
        """Asked for again, a call that had failed for good fails in a way that may pass: it is not quarantined."""
        text = self.rows[text_id] = f"new {text_id}"
        self.broken, self.hopeless = self.broken - {text}, self.hopeless | {text}
        self.run(retry_quarantined=False)
        self.broken = self.broken | {text}
        self.run(retry_quarantined=True)
        self.run(retry_quarantined=False)

    @invariant()
    def nothing_is_left_in_scratch(self) -> None:
        if hasattr(self, "folder"):
            assert list((self.folder / "scratch").glob("*")) == []

    def _run_and_perhaps_die(self, limit: int | None) -> None:
        with suppress(Killed):
            self._run(limit=limit)
        self.store.lives = None

    def _run(self, *, limit: int | None = None, retry_quarantined: bool = False) -> tuple[FillReport, set[Call]]:
        """The report and the calls made, each of which was pending and is made once."""
        pending = self._pending(retry_quarantined)
        work = Splitter(self.suffix, broken=self.broken, hopeless=self.hopeless)
        options = FillOptions(limit, retry_quarantined, MAX_ATTEMPTS, commit_seconds=1e-9, batch_rows=1)
        try:
            report = fill(
                WORDS,
                texts(self.rows),
                recipe=recipe(self.suffix),
                category=CATEGORY,
                lake=Lake(self.store),
                open_work=work,
                options=options,
            )
        finally:
            asked = [call_of(text, self.suffix) for text in work.asked]
            assert len(asked) == len(set(asked)), "a call was made twice in one run"
            assert set(asked) <= pending, "a call that is remembered or in quarantine was made again"
        return report, set(asked)

    def _pending(self, retry_quarantined: bool) -> set[Call]:
        calls = {call_of(text, self.suffix) for text in self.rows.values()} - self.store.succeeded
        quarantined = {call for call, failure in self.store.failed.items() if failure.is_quarantined}
        return calls if retry_quarantined else calls - quarantined

    def _expected(self) -> list[tuple[str, int, str | None, str | None]]:
        expected: list[tuple[str, int, str | None, str | None]] = []
        for text_id, text in self.rows.items():
            call = call_of(text, self.suffix)
            if call in self.store.succeeded:
                expected += [(text_id, row["position"], row["word"], None) for row in words_of(text, self.suffix)]
            else:
                expected.append((text_id, 0, None, self.store.failed[call].error))
        return expected


@pytest.fixture(autouse=True)
def compact_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered.Remembered.compact, "__kwdefaults__", {"above_parts": 2})


def test_histories_end_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(tables.PER_CATEGORY, "texts", Texts)
    monkeypatch.setitem(tables.PER_CATEGORY, "words", Words)
    run_state_machine = Histories.TestCase("runTest")
    run_state_machine.settings = settings(
        max_examples=35, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine.runTest()
