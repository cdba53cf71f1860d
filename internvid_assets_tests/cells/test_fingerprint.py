"""The fingerprint of a table tells any other content apart, and only that."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations

import polars as pl
import pytest

from internvid_assets.cells.fingerprint import ContentFingerprint

NESTED = pl.List(pl.Struct({"text": pl.String, "hashes": pl.List(pl.String)}))
DIFFERENT = [
    ({"x": ["a", "b"]}, None),
    ({"x": ["b", "a"]}, None),
    ({"x": ["ab", ""]}, None),
    ({"x": ["a", None]}, None),
    ({"x": ["a", ""]}, None),
    ({"x": ["a"]}, None),
    ({"y": ["a", "b"]}, None),
    ({"x": [1, 2]}, None),
    ({"x": [1, None]}, None),
    ({"x": [1, 0]}, None),
    ({"x": [1.0, 2.5]}, None),
    ({"x": [True, False]}, None),
    ({"x": [True, None]}, None),
    ({"x": [None, None]}, {"x": pl.Null}),
    ({"x": [[1, 2], [3]]}, None),
    ({"x": [[1], [2, 3]]}, None),
    ({"x": [[1, 2, 3], []]}, None),
    ({"x": [[1, 2, 3], None]}, None),
    ({"x": [[1, 2, None], []]}, None),
    ({"x": [{"a": 1, "b": "c"}, None]}, None),
    ({"x": [{"a": 1, "b": "c"}, {"a": None, "b": None}]}, None),
    ({"x": [[{"text": "a", "hashes": ["b", ""]}], None]}, {"x": NESTED}),
    ({"x": [[{"text": "a", "hashes": ["b"]}], None]}, {"x": NESTED}),
    ({"x": [[{"text": "a", "hashes": None}], None]}, {"x": NESTED}),
    ({"x": [date(2024, 1, 1), None]}, None),
    ({"x": [Decimal("1.5"), None]}, None),
    ({"x": [[0.5, 1.0], [2.0, 4.0]]}, {"x": pl.Array(pl.Float32, 2)}),
]
ROWS = [pl.DataFrame(values, schema_overrides=types) for values, types in DIFFERENT]


def fingerprint(*batches: pl.DataFrame) -> str:
    running = ContentFingerprint(batches[0].columns)
    for batch in batches:
        running.update(batch)
    return running.hexdigest()


def test_no_two_contents_share_a_fingerprint():
    alike = [(a, b) for a, b in combinations(ROWS, 2) if fingerprint(a) == fingerprint(b)]
    assert not alike


@pytest.mark.parametrize("rows", ROWS, ids=lambda rows: str(rows.schema))
def test_how_rows_are_cut_into_batches_is_no_content(rows: pl.DataFrame):
    assert fingerprint(rows) == fingerprint(*rows.iter_slices(1)) == fingerprint(pl.concat([rows[:1], rows[1:]]))


def test_no_rows_are_the_same_in_any_number_of_batches():
    none = ContentFingerprint(["x"])
    assert none.hexdigest() == fingerprint(pl.DataFrame({"x": []}, schema={"x": pl.String}))


def test_how_wide_a_number_is_is_no_content():
    narrow = pl.DataFrame({"x": pl.Series([1, None, 3], dtype=pl.Int8), "y": pl.Series([0.5, 2, -1], dtype=pl.Float32)})
    assert fingerprint(narrow) == fingerprint(narrow.cast({"x": pl.UInt64, "y": pl.Float64}))


def test_what_a_null_hides_is_no_content():
    hidden = pl.DataFrame({"x": ["a", "b", "c"], "n": [1, 2, 3]}).with_columns(
        pl.when(pl.col("n") != 2).then(pl.all()).name.keep()
    )
    assert fingerprint(hidden) == fingerprint(pl.DataFrame({"x": ["a", None, "c"], "n": [1, None, 3]}))


def test_the_digest_is_the_same_for_ever():
    """It is a table's data version, kept in Dagster's history: another library's release must not change it."""
    rows = pl.DataFrame({"clip": ["a", None], "score": [0.25, None], "words": [["x", "yz"], []]})
    assert fingerprint(rows) == "ab329cb340d6496a0b50728ff453279d"
