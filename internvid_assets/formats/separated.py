"""Robust csv and tsv parsing: a stray quote must not swallow the lines that follow."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

MAX_FIELD_BYTES = 2**31 - 1
"""Panda-70M has all captions of a video in one field; Python's default limit is 128 kB."""
MAX_LINES_OF_A_RECORD = 200
"""A field may contain line breaks; a quote that is still open after this many lines is a stray one."""

Row = tuple[int, list[str] | None, str]
"""The number of a record's first line, its fields (None: unclosed quote), and that line."""

NumberedLines = Iterator[tuple[int, str]]


def separated_rows(lines: Iterable[str], delimiter: str, *, skip_initial_space: bool = False) -> Iterator[Row]:
    """The records of a file. A line with an unclosed quote is a record without fields; parsing resumes at the next."""
    csv.field_size_limit(MAX_FIELD_BYTES)
    form = {"delimiter": delimiter, "skipinitialspace": skip_initial_space}
    source: NumberedLines = enumerate((line.replace("\0", "�") for line in lines), start=1)
    ahead: deque[tuple[int, str]] = deque()
    while _filled(ahead, source, 1):
        number, line = ahead[0]
        length, fields = _first_record(ahead, source, form)
        for _ in range(length):
            ahead.popleft()
        yield number, fields, line.rstrip("\r\n")


def _filled(ahead: deque[tuple[int, str]], source: NumberedLines, length: int) -> bool:
    """Read until `length` lines are buffered; whether there are that many."""
    ahead.extend(islice(source, max(0, length - len(ahead))))
    return len(ahead) >= length


def _first_record(ahead: deque[tuple[int, str]], source: NumberedLines, form: dict) -> tuple[int, list[str] | None]:
    """The number of lines of the first record, and its fields."""
    for length in range(1, MAX_LINES_OF_A_RECORD + 1):
        if not _filled(ahead, source, length):
            break
        if length > 1 and '"' not in ahead[length - 1][1]:
            continue  # it cannot close a quote
        try:
            return length, _parsed([line for _, line in islice(ahead, length)], form)
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                # A quote inside a quoted field: in a single line Python tolerates it, over several lines it is stray.
                return 1, None if length > 1 else next(csv.reader([ahead[0][1]], **form), [])
    return 1, None


def _parsed(lines: list[str], form: dict) -> list[str]:
    return next(csv.reader(lines, strict=True, **form), [])
