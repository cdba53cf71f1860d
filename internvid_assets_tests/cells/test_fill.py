"""Fill, one promise at a time."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from toy_words import CATEGORY, WORDS, Splitter, recipe, texts

from internvid_assets.cells.errors import RunStopped
from internvid_assets.cells.fill import FillOptions, FillReport, fill
from internvid_assets.cells.lake import Lake


def run(lake: Lake, rows: dict[str, str], work: Splitter, **options: Any) -> FillReport:
    judgement = options.pop("judgement", None)
    return fill(
        WORDS,
        texts(rows),
        recipe=recipe(work.suffix),
        category=CATEGORY,
        lake=lake,
        open_work=work,
        judgement=judgement,
        options=FillOptions(**options),
    )


def words(lake: Lake) -> list[tuple[str, int, str | None]]:
    return lake.scan("words", CATEGORY).select("text_id", "position", "word").collect().rows()


def test_a_call_may_return_many_rows_one_or_none(lake):
    run(lake, {"a": "two words", "b": "", "c": "one"}, Splitter())
    assert words(lake) == [("a", 0, "two"), ("a", 1, "words"), ("c", 0, "one")]


def test_a_second_run_makes_no_call_not_even_the_empty_one(lake):
    rows = {"a": "two words", "b": "", "c": "one"}
    first = run(lake, rows, Splitter())
    again = Splitter()
    second = run(lake, rows, again)
    assert again.asked == []
    assert (second.calls_made, second.rows_remembered, second.rows) == (0, 3, 3)
    assert second.data_version == first.data_version


def test_the_work_is_opened_only_when_a_call_is_pending(lake):
    rows = {"a": "one"}
    run(lake, rows, Splitter())

    def never() -> Any:
        raise AssertionError("nothing is pending")

    fill(WORDS, texts(rows), recipe=recipe(), category=CATEGORY, lake=lake, open_work=never)


def test_equal_inputs_are_computed_once(lake):
    work = Splitter()
    run(lake, {"a": "same text", "b": "same text"}, work)
    assert work.asked == ["same text"]
    assert [row[0] for row in words(lake)] == ["a", "a", "b", "b"]


def test_rows_that_vanish_upstream_leave_the_table_and_are_remembered_if_they_return(lake):
    run(lake, {"a": "one", "b": "two"}, Splitter())
    run(lake, {"a": "one"}, Splitter())
    assert words(lake) == [("a", 0, "one")]
    work = Splitter()
    run(lake, {"a": "one", "b": "two"}, work)
    assert work.asked == []
    assert words(lake) == [("a", 0, "one"), ("b", 0, "two")]


def test_going_back_to_an_old_recipe_costs_no_call(lake):
    rows = {"a": "one"}
    run(lake, rows, Splitter())
    run(lake, rows, Splitter("!"))
    assert words(lake) == [("a", 0, "one!")]
    work = Splitter()
    run(lake, rows, work)
    assert work.asked == []
    assert words(lake) == [("a", 0, "one")]


def test_a_judgement_moves_without_a_call(lake):
    rows = {"a": "one"}
    run(lake, rows, Splitter())
    work = Splitter()
    run(lake, rows, work, judgement="loud")
    assert work.asked == []
    assert lake.scan("words", CATEGORY).collect()["shout"].to_list() == ["ONE"]


def test_a_failure_is_a_row_and_heals(lake):
    run(lake, {"a": "one", "b": "bad"}, Splitter(broken=["bad"]))
    failed = lake.scan("words", CATEGORY).filter(pl.col("error").is_not_null()).collect()
    assert failed.select("text_id", "word", "error", "error_message", "attempts").rows() == [
        ("b", None, "broken", "bad is broken", 1)
    ]
    work = Splitter()
    run(lake, {"a": "one", "b": "bad"}, work)
    assert work.asked == ["bad"]
    assert words(lake) == [("a", 0, "one"), ("b", 0, "bad")]
    assert lake.scan("words", CATEGORY).collect()["attempts"].to_list() == [1, 2]


@pytest.mark.parametrize(("retryable", "attempts"), [(True, 3), (False, 1)])
def test_failures_are_quarantined_after_their_attempts_until_asked_for(lake, retryable, attempts):
    rows = {"a": "bad"}
    asked = []
    for _ in range(5):
        work = Splitter(broken=["bad"], retryable=retryable)
        report = run(lake, rows, work)
        asked.extend(work.asked)
        assert report.failures == {"broken": 1}
    assert len(asked) == attempts
    work = Splitter()
    run(lake, rows, work, retry_quarantined=True)
    assert words(lake) == [("a", 0, "bad")]


def test_a_permanent_failure_that_may_pass_when_asked_for_again_is_tried_again(lake):
    rows = {"a": "bad"}
    run(lake, rows, Splitter(hopeless=["bad"]))
    run(lake, rows, Splitter(broken=["bad"]), retry_quarantined=True)
    work = Splitter()
    run(lake, rows, work)
    assert work.asked == ["bad"]
    assert words(lake) == [("a", 0, "bad")]


def test_a_limit_commits_cells_and_writes_no_table(lake):
    rows = {"a": "one", "b": "two", "c": "three"}
    report = run(lake, rows, Splitter(), limit=2)
    assert (report.calls_made, report.calls_left, report.data_version) == (2, 1, None)
    assert (report.outcomes, report.failures) == ({"answered": 2}, {})  # no table, so no row of it has failed
    assert words(lake) == []
    work = Splitter()
    run(lake, rows, work)
    assert work.asked == ["three"]
    assert len(words(lake)) == 3


def test_a_poisonous_row_costs_itself_not_its_batch(lake):
    class Poisoned(Splitter):
        def answer(self, batch: pl.DataFrame) -> list[Any]:
            if "poison" in batch["text"].to_list():
                raise ValueError("cannot digest\nsecond line")
            return super().answer(batch)

    run(lake, {"a": "one", "b": "poison", "c": "two"}, Poisoned())
    rows = lake.scan("words", CATEGORY).select("text_id", "word", "error", "error_message").collect().rows()
    assert rows == [
        ("a", "one", None, None),
        ("b", None, "unexpected_error", "ValueError: cannot digest"),
        ("c", "two", None, None),
    ]


class Broken(Splitter):
    def answer(self, batch: pl.DataFrame) -> list[Any]:
        raise OSError("the model is gone")


def test_a_run_in_which_nothing_works_ends_instead_of_marking_every_row(lake):
    with pytest.raises(RunStopped, match=r"the first \d+ calls all failed.*the model is gone"):
        run(lake, {f"{i:04}": f"text {i}" for i in range(200)}, Broken())
    assert words(lake) == []


def test_a_short_run_in_which_nothing_works_ends_too_until_its_rows_are_quarantined(lake):
    rows = {"a": "one", "b": "two"}
    for _ in range(3):
        with pytest.raises(RunStopped, match=r"the first 2 calls all failed; .*the model is gone"):
            run(lake, rows, Broken())
    assert lake.version("words", CATEGORY) is None
    assert run(lake, rows, Broken()).failures == {"unexpected_error": 2}


def test_new_rows_that_all_fail_stop_nothing_where_others_have_worked(lake):
    run(lake, {"a": "one"}, Splitter())
    assert run(lake, {"a": "one", "b": "two", "c": "three"}, Broken()).failures == {"unexpected_error": 2}
    assert run(lake, {"b": "two"}, Broken()).rows == 1


@pytest.mark.parametrize("ending", [RunStopped("the disk is full"), KeyboardInterrupt()], ids=repr)
def test_a_run_that_is_ended_keeps_the_answers_it_has(lake, ending):
    class Ended(Splitter):
        def answer(self, batch: pl.DataFrame) -> list[Any]:
            if "three" in batch["text"].to_list():
                raise ending
            return super().answer(batch)

    rows = {"a": "one", "b": "two", "c": "three"}
    with pytest.raises(type(ending)):
        run(lake, rows, Ended(), batch_rows=1)
    work = Splitter()
    run(lake, rows, work)
    assert work.asked == ["three"]


def test_a_run_that_is_ended_before_anything_worked_blames_no_row(lake):
    class Ended(Broken):
        def answer(self, batch: pl.DataFrame) -> list[Any]:
            if "two" in batch["text"].to_list():
                raise KeyboardInterrupt
            return super().answer(batch)

    with pytest.raises(KeyboardInterrupt):
        run(lake, {"a": "one", "b": "two"}, Ended(), batch_rows=1)
    run(lake, {"a": "one"}, Splitter())
    assert lake.scan("words", CATEGORY).collect()["attempts"].to_list() == [1]


def test_work_that_answers_for_too_few_rows_stops_the_run(lake):
    class Short(Splitter):
        def answer(self, batch: pl.DataFrame) -> list[Any]:
            return super().answer(batch)[:-1]

    with pytest.raises(RunStopped, match="2 outcomes for 3 calls"):
        run(lake, {"a": "one", "b": "two", "c": "three"}, Short())


def test_an_empty_upstream_writes_an_empty_table(lake):
    report = run(lake, {}, Splitter())
    assert report.rows == 0
    assert lake.version("words", CATEGORY) is not None


def test_a_table_that_breaks_its_schema_is_never_shown(lake):
    run(lake, {"a": "one"}, Splitter())
    twice = pl.concat([texts({"b": "two"}), texts({"b": "two"})])
    with pytest.raises(RunStopped, match=r"words: rows violate the schema: primary_key \(2 rows\), such as"):
        fill(WORDS, twice, recipe=recipe(), category=CATEGORY, lake=lake, open_work=Splitter())
    assert words(lake) == [("a", 0, "one")]


def test_a_repeated_key_is_found_across_batches(lake, monkeypatch):
    monkeypatch.setattr("internvid_assets.cells.lake.VALIDATED_ROWS", 2)
    rows = [texts({"b": "two"}), texts({"c": "three", "d": "four"}), texts({"b": "two"})]
    with pytest.raises(RunStopped, match=r"the key \(text_id, position\) = \('b', 0\) occurs twice"):
        fill(WORDS, pl.concat(rows), recipe=recipe(), category=CATEGORY, lake=lake, open_work=Splitter())
