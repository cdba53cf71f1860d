"""Input hashes are written down here: one that changes would forget everything ever computed."""

from __future__ import annotations

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from internvid_assets.cells.inputs import input_hashes

TEXT, TEXTS = pl.String(), pl.List(pl.String())


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ("a ball", TEXT, "60839eada635a0547b54aec8"),
        ("é 词", TEXT, "53d3c341b5beb693967c9d67"),
        (None, TEXT, "5d343d26b70d287d3c39755f"),
        ("", TEXT, "7317eb0e9f914463aaf16507"),
        (1, pl.Int64(), "f280d31364fbd3f31e92beb2"),
        (1, pl.Int8(), "f280d31364fbd3f31e92beb2"),
        (1.5, pl.Float64(), "4c413e0dcd6b07c9ca9ec82b"),
        (1.5, pl.Float32(), "4c413e0dcd6b07c9ca9ec82b"),
        (True, pl.Boolean(), "5f5bbba3e0a5b20e93637720"),
        (["a", "b"], TEXTS, "89263be4a2c767c20049b28c"),
        (["a,b"], TEXTS, "9ea54f2802407348e927a06d"),
        ([], TEXTS, "ff3d78805265ae6156797f82"),
    ],
)
def test_the_hash_of_a_value_never_changes(value, dtype, expected):
    assert input_hashes(pl.Series("x", [value], dtype=dtype).to_frame(), ["x"])[0] == expected


def test_the_names_of_the_columns_count_and_columns_not_read_do_not():
    rows = pl.DataFrame({"a": ["x"], "b": ["y"]})
    assert input_hashes(rows, ["a"])[0] == input_hashes(rows.with_columns(b=pl.lit("z")), ["a"])[0]
    assert input_hashes(rows, ["a"])[0] != input_hashes(rows.rename({"a": "c", "b": "a"}), ["c"])[0]


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.lists(st.none() | st.text())), min_size=2, max_size=6))
def test_rows_have_equal_hashes_exactly_when_they_are_equal(rows):
    frame = pl.DataFrame(rows, schema={"text": TEXT, "texts": TEXTS}, orient="row")
    hashes = input_hashes(frame, ["text", "texts"]).to_list()
    for row, row_hash in zip(rows, hashes, strict=True):
        for other, other_hash in zip(rows, hashes, strict=True):
            assert (row == other) == (row_hash == other_hash)


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=6))
def test_floats_differ_by_their_last_bit(values):
    hashes = input_hashes(pl.DataFrame({"x": values}), ["x"]).to_list()
    nudged = input_hashes(pl.DataFrame({"x": [math.nextafter(value, math.inf) for value in values]}), ["x"]).to_list()
    for value, one, other in zip(values, hashes, nudged, strict=True):
        assert (one == other) == (value == math.inf)


def test_a_column_no_one_can_hash_is_refused_with_its_type():
    with pytest.raises(TypeError, match="cannot hash a column of type Binary"):
        input_hashes(pl.DataFrame({"x": [b"a"]}), ["x"])


def test_structs_in_lists_differ_where_a_field_does():
    types = {"x": pl.List(pl.Struct({"text": pl.String, "hashes": pl.List(pl.String)}))}
    one, other = {"text": "a", "hashes": ["b"]}, {"text": None, "hashes": None}
    values = [
        [one, other],
        [other, one],
        [one],
        [],
        None,
        [None],
        [other],
        [{"text": "a", "hashes": []}],
        [{"text": "a", "hashes": None}],
        [{"text": "a", "hashes": ["b", ""]}],
        [{"text": "a,", "hashes": ["b"]}],
    ]
    hashes = input_hashes(pl.DataFrame({"x": values}, schema=types), ["x"])
    assert hashes.n_unique() == len(values)
    assert input_hashes(pl.DataFrame({"x": [[one]]}, schema=types), ["x"])[0] == hashes[2]
