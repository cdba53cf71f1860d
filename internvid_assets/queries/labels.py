"""Lists of action labels: activity tables (ATUS), label files of Kinetics, Something-Something, UCF101, plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internvid_assets.cells.errors import UserError
from internvid_assets.queries.records import KEY, VALUE, Record, read_records

STARTER = Path(__file__).parent / "starter.txt"
"""Everyday actions in our own words: used if the settings name no list."""

LABEL_COLUMNS = ("template", "label", "action", "activity", "query", "searchword", "name", "classname", "text")
"""The first match counts: Something-Something's `template` covers many videos, its `label` only one."""
ENGLISH_COLUMNS = ("english", "searchwordid")
"""The action in English, next to a label in another language."""
LANGUAGE_COLUMNS = ("language", "lang")
CODE_COLUMNS = ("code", "activitycode", "trcode")
OWN_COLUMN, OWN_LANGUAGE = "searchwordid", "zh"
"""InternVid's released queries.jsonl has no language column: `search_word` is Chinese, `search_word_id` English."""

ATUS_CODE_DIGITS = {2, 4, 6}
_NUMBERED = re.compile(r"(\d+)[\s.):,;-]+(\S.*)")
_NOT_ELSEWHERE = re.compile(r",?\s*n\.\s?e\.\s?c\.?|\*+$", re.IGNORECASE)
_ABBREVIATED = {"hh": "household", "nonhh": "non-household"}
"""ATUS's own abbreviations, not useful in searches."""


@dataclass(frozen=True)
class Wording:
    """One line of a source: an action in one language, or the reason why it is not one."""

    text: str
    source: str
    language: str = "en"
    kind: str = "label"
    english: str | None = None
    problem: str | None = None


def read_labels(path: Path, source: str) -> Iterator[Wording]:
    """The lines of a label file in order, including repeated ones; English unless a column gives another language.

    If every line starts with a number or code, it is removed; a line whose code is a prefix of another line's code is a
    heading (ATUS: 01 Personal Care, 0101 Sleeping). Raises UserError for a file without labels.
    """
    records = list(read_records(path, {*LABEL_COLUMNS, *CODE_COLUMNS}))
    labels = _without_numbers([_label(record) for record in records])
    if not any(label for _, label in labels):
        found = ", ".join(sorted({name for record in records for name in record.fields})) or "none"
        raise UserError(f"{path} has no labels: expected a column {', '.join(LABEL_COLUMNS)}; columns found: {found}")
    headings = _headings([code for code, _ in labels if code])
    for record, (code, label) in zip(records, labels, strict=True):
        problem = record.problem or ("heading" if code in headings else None if label else "no_words")
        fields = record.fields
        yield Wording(
            text=record.raw if problem else _spelled_out(label),
            source=source,
            language=_language(fields),
            english=_first(fields, ENGLISH_COLUMNS) or None,
            problem=problem,
        )


def _label(record: Record) -> tuple[str, str]:
    """(code, label) of a record, empty if missing. Without a header, the label is the first field that is no number."""
    fields = record.fields
    if VALUE in fields:
        label = next((text for text in map(str, (fields[KEY], fields[VALUE])) if not text.isdecimal()), "")
        return "", label
    bare = next((str(fields[name]) for name in map(str, range(len(fields))) if not _is_number(fields.get(name))), "")
    return _first(fields, CODE_COLUMNS), _first(fields, LABEL_COLUMNS) or bare


def _is_number(value: object) -> bool:
    return value is None or str(value).replace(".", "").isdecimal()


def _without_numbers(labels: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """(code, label) with leading numbers of the labels moved to the codes, if all labels with words have one."""
    numbered = [_NUMBERED.fullmatch(label) for _, label in labels]
    if any(found is None and any(map(str.isalpha, label)) for found, (_, label) in zip(numbered, labels, strict=True)):
        return list(labels)
    split = zip(numbered, labels, strict=True)
    return [(code or found[1], found[2]) if found else (code, label) for found, (code, label) in split]


def _headings(codes: Sequence[str]) -> set[str]:
    if not {len(code) for code in codes} <= ATUS_CODE_DIGITS:
        return set()
    return {code[:digits] for code in codes for digits in ATUS_CODE_DIGITS if digits < len(code)}


def _spelled_out(label: str) -> str:
    words = _NOT_ELSEWHERE.sub("", label).split()
    return " ".join(_ABBREVIATED.get(word.lower(), word) for word in words)


def _language(fields: Mapping[str, Any]) -> str:
    language = _first(fields, LANGUAGE_COLUMNS).lower()[:2]
    return language or (OWN_LANGUAGE if OWN_COLUMN in fields else "en")


def _first(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of these columns that is not empty."""
    return next((str(fields[name]).strip() for name in names if str(fields.get(name) or "").strip()), "")
