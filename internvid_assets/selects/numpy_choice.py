"""numpy's weighted draw as a function of SQL, for subsets that must equal what a script in Python drew."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

NAME = "numpy_choice"


def choice(weights: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Positions drawn without replacement, in the order of the draw; all of them where `size` is at least as many.

    The legacy generator that `numpy.random.seed` and `numpy.random.choice` use: its stream is frozen (NEP 19).
    Takes about 40 bytes of memory per weight.
    """
    if not weights.size:
        return np.empty(0, np.int64)
    drawn = np.random.RandomState(seed)
    return drawn.choice(weights.size, min(size, weights.size), replace=False, p=weights / weights.sum())


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make `numpy_choice(weights, size, seed)` known: from a list of doubles to a list of positions from 0."""
    types: Any = (["DOUBLE[]", "BIGINT", "BIGINT"], "BIGINT[]")
    kinds: Any = {"type": "arrow", "null_handling": "special"}
    connection.create_function(NAME, _of_arrow, *types, **kinds)


def _of_arrow(weights: Any, sizes: Any, seeds: Any) -> Any:  # DuckDB evaluates annotations: types it must not meet
    import pyarrow as pa

    rows = zip(_lists(weights), sizes.to_pylist(), seeds.to_pylist(), strict=True)
    drawn = [choice(each, size, seed) for each, size, seed in rows]
    ends = np.cumsum([0, *map(len, drawn)])
    return pa.ListArray.from_arrays(pa.array(ends, pa.int32()), pa.array(np.concatenate(drawn)))


def _lists(weights: Any) -> list[np.ndarray]:
    """Without turning a number into an object of Python: a pool has millions of them. No list reads as an empty one."""
    scalars = [scalar for chunk in weights.chunks for scalar in chunk]
    return [np.empty(0) if scalar.values is None else scalar.values.to_numpy() for scalar in scalars]
