"""Records of JSON files: one object per line, or one array of objects.

Lines are parsed by Arrow in blocks, on all cores. A block that it rejects is halved until few lines are left, which
are parsed one by one: the slow path is authoritative, and the fast path must agree with it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from internvid_assets.formats.containers import NO_PROBLEM, Records, as_text, opened

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 32 * 2**20
ARROW_BLOCK_BYTES = 4 * 2**20
"""Block size per core: a third faster than with 1 or 16 MiB."""
ONE_BY_ONE_LINES = 64
BATCH_RECORDS = 5_000
KEYS_WITHIN_RECORDS = 100


def json_records(paths: list[Path], wanted: pl.Schema) -> Iterator[Records]:
    """The records of each file, by line or from its array."""
    first = 1
    for path in paths:
        reader = _of_array if _is_array(path) else _of_lines
        with opened(path) as file:
            first = yield from reader(file, wanted, first)


def json_keys(path: Path) -> Collection[str]:
    """The keys of the first object among the first records."""
    with opened(path) as file:
        found = _items(file) if _is_array(path) else map(record_of, file)
        return next((record for record, _ in islice(found, KEYS_WITHIN_RECORDS) if isinstance(record, dict)), {})


def _is_array(path: Path) -> bool:
    with opened(path) as file:
        return file.read(2**16).lstrip()[:1] == b"["


def _of_lines(file: IO[bytes], wanted: pl.Schema, first: int) -> Generator[Records, None, int]:
    """Returns the number of the next line."""
    for block in _blocks(file):
        yield from (
            Records(frame, partial(_text, block, first)) for frame in _parsed(block, first, arrow_schema(wanted))
        )
        first += _line_count(block)
    return first


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, about 32 MB at a time, without the final line break."""
    rest = b""
    while block := file.read(BLOCK_BYTES):
        lines, end, rest = (rest + block).rpartition(b"\n")
        if end:
            yield lines.replace(b"\r\n", b"\n")
    if rest:
        yield rest


def _line_count(block: bytes) -> int:
    return block.count(b"\n") + 1


def _text(block: bytes, first: int, line: int) -> str:
    return _lines(block)[line - first].strip().decode("utf-8", "replace")


@lru_cache(maxsize=1)
def _lines(block: bytes) -> list[bytes]:
    """Cached, since the texts of a block's rejected lines are requested one by one."""
    return block.split(b"\n")


def _parsed(block: bytes, first: int, wanted: pa.Schema) -> Iterator[pl.DataFrame]:
    frame = _at_once(block, first, wanted)
    if frame is not None:
        yield frame
    elif _line_count(block) <= ONE_BY_ONE_LINES:
        stripped = ((number, line.strip()) for number, line in enumerate(block.split(b"\n"), start=first))
        if records := [(number, *record_of(line)) for number, line in stripped if line]:
            yield one_by_one(records, wanted)
    else:
        cut = max(block.rfind(b"\n", 0, len(block) // 2), block.find(b"\n", len(block) // 2))
        left, right = block[:cut], block[cut + 1 :]
        yield from chain(_parsed(left, first, wanted), _parsed(right, first + _line_count(left), wanted))


def _at_once(block: bytes, first: int, wanted: pa.Schema) -> pl.DataFrame | None:
    """The lines parsed by Arrow, if each gives one record; each line must consist of exactly one object."""
    import pyarrow as pa
    import pyarrow.json

    count = _line_count(block)
    if block[:1] != b"{" or block[-1:] != b"}" or block.count(b"}\n{") != count - 1:
        return None
    try:
        block.decode("utf-8")  # Arrow does not validate it
        found = pyarrow.json.read_json(
            BytesIO(block),
            read_options=pyarrow.json.ReadOptions(block_size=ARROW_BLOCK_BYTES),
            parse_options=pyarrow.json.ParseOptions(explicit_schema=wanted, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    return _framed(found.select(wanted.names), range(first, first + count)) if found.num_rows == count else None


class _Fields(dict):
    """A JSON object that records whether a key occurs twice."""

    is_repeated = False

    def __setitem__(self, key: str, value: Any) -> None:
        self.is_repeated = self.is_repeated or key in self
        super().__setitem__(key, value)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Any]]) -> _Fields:
        fields = cls()
        for key, value in pairs:
            fields[key] = value
        return fields


def record_of(line: bytes) -> tuple[Any, str | None]:
    """A line's object, or its problem."""
    try:
        return json.loads(line.decode("utf-8"), object_pairs_hook=_Fields.of), None
    except UnicodeDecodeError:
        return None, "not_utf8"
    except (ValueError, RecursionError):
        return None, "not_json"


def one_by_one(records: Sequence[tuple[int, Any, str | None]], wanted: pa.Schema) -> pl.DataFrame:
    """The wanted columns of numbered records, each with the problem found while parsing or validating it."""
    import pyarrow as pa

    kind, rows, problems = pa.struct(list(wanted)), [], []
    for _, record, problem in records:
        problem = problem or _problem_of(record, kind)
        problems.append(problem)
        rows.append({} if problem else record)
    numbers = [number for number, _, _ in records]
    return _framed(pa.Table.from_struct_array(pa.array(rows, kind)), numbers, problems)


def _problem_of(record: Any, kind: pa.StructType) -> str | None:
    import pyarrow as pa

    if not isinstance(record, _Fields):
        return "no_object"
    if record.is_repeated:
        return "repeated_key"
    try:
        pa.array([record], kind)
        if any(_is_text_for_list(record.get(field.name), field.type) for field in kind):
            return "wrong_type"
    except UnicodeEncodeError:
        return "not_utf8"  # an escaped lone surrogate
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return "wrong_type"
    return None


def _is_text_for_list(value: Any, kind: pa.DataType) -> bool:
    """Arrow accepts a string as a list of its characters."""
    import pyarrow as pa

    return pa.types.is_list(kind) and isinstance(value, str)


def _of_array(file: IO[bytes], wanted: pl.Schema, first: int) -> Generator[Records, None, int]:
    """Elements are numbered; if the array is truncated, one more record reports it."""
    items = _items(file)
    while some := list(islice(items, BATCH_RECORDS)):
        numbered = [(number, record, problem) for number, (record, problem) in enumerate(some, start=first)]
        texts = {number: as_text(record) for number, record, _ in numbered}
        yield Records(one_by_one(numbered, arrow_schema(wanted)), lambda line, texts=texts: texts[line])
        first += len(some)
    return first


def _items(file: IO[bytes]) -> Iterator[tuple[Any, str | None]]:
    import ijson

    try:
        for record in ijson.items(file, "item", use_float=True, map_type=_Fields):
            yield record, None
    except (ijson.JSONError, ValueError):
        yield None, "not_json"


def _framed(found: pa.Table, numbers: Sequence[int], problems: Sequence[str | None] = ()) -> pl.DataFrame:
    series = pl.Series(problems, dtype=pl.String) if problems else NO_PROBLEM
    return pl.DataFrame(found).with_columns(line=pl.Series(numbers, dtype=pl.Int64), problem=series)


def arrow_schema(wanted: pl.Schema) -> pa.Schema:
    """With plain strings: Arrow's JSON reader does not support string views."""
    import pyarrow as pa

    return pa.schema([pa.field(name, _arrow_type(dtype)) for name, dtype in wanted.items()])


def _arrow_type(dtype: Any) -> pa.DataType:
    import pyarrow as pa

    if isinstance(dtype, pl.List):
        return pa.list_(_arrow_type(dtype.inner))
    if isinstance(dtype, pl.Struct):
        return pa.struct([pa.field(one.name, _arrow_type(one.dtype)) for one in dtype.fields])
    return {pl.String: pa.string(), pl.Float64: pa.float64(), pl.Int64: pa.int64()}[dtype.base_type()]
