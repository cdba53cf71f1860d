"""Other people's csv and tsv, in which a stray quote must not swallow the lines that follow."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

MAX_FIELD_BYTES = 2**31 - 1
"""Panda-70M keeps all captions of a video in one field; Python's csv stops at 128 kB."""
MAX_LINES_OF_A_RECORD = 200
"""A field may hold line breaks; a quote that is still open after so many lines was none."""

Row = tuple[int, list[str] | None, str]
"""The number of a record's first line, its fields (None: a quote stays open), and that line."""

NumberedLines = Iterator[tuple[int, str]]


def separated_rows(lines: Iterable[str], delimiter: str, *, skip_initial_space: bool = False) -> Iterator[Row]:
    """The records of a file. A line whose quote nothing closes is a record without fields; the next line is another."""
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
    """Whether so many lines are ahead, having read what was missing."""
    ahead.extend(islice(source, max(0, length - len(ahead))))
    return len(ahead) >= length


def _first_record(ahead: deque[tuple[int, str]], source: NumberedLines, form: dict) -> tuple[int, list[str] | None]:
    """How many lines the first record takes, and its fields."""
    for length in range(1, MAX_LINES_OF_A_RECORD + 1):
        if not _filled(ahead, source, length):
            break
        if length > 1 and '"' not in ahead[length - 1][1]:
            continue  # it closes no quote
        try:
            return length, _parsed([line for _, line in islice(ahead, length)], form)
        except csv.Error as error:
            if "unexpected end of data" not in str(error):
                # A quote in the middle of a quoted field: of one line Python makes something, of several it is stray.
                return 1, None if length > 1 else next(csv.reader([ahead[0][1]], **form), [])
    return 1, None


def _parsed(lines: list[str], form: dict) -> list[str]:
    return next(csv.reader(lines, strict=True, **form), [])
