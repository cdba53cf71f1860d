"""The evaluation sources: pairs of a video file and its action or caption, from a csv or a folder per action."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from internvid_assets.cells.errors import UserError

TASKS = {"actions": "label", "retrieval": "caption"}
"""The tasks, and the csv column that each reads in addition to `path`."""
SPLIT, SPLITS = "split", ("train", "validation", "test")


@dataclass(frozen=True)
class Pair:
    """A video and its text, with the reason if it is rejected."""

    line: int
    path: Path
    text: str | None
    split: str | None = None
    """The split for linear probes, if the csv specifies one."""
    rejection_reason: str | None = None
    message: str | None = None


def listed(source: Path, task: str) -> list[Pair]:
    """All pairs of a csv or, for actions, a folder; raises UserError if it is neither, or has none."""
    if source.is_dir() and task == "actions":
        pairs = list(_of_folder(source))
    elif source.is_file():
        pairs = list(_of_csv(source, TASKS[task]))
    else:
        expected = f"a csv of path and {TASKS[task]}" + (", or a folder of folders" if task == "actions" else "")
        raise UserError(f"evaluation.{task} = {str(source)!r}: expected {expected}")
    if not pairs:
        raise UserError(f"evaluation.{task} = {str(source)!r} lists no videos; expected at least one")
    return _without_repeats(pairs)


def _of_folder(folder: Path) -> Iterator[Pair]:
    """The name of a folder is the action of its videos, with `_` for spaces. Hidden files are ignored."""
    labels = (path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith("."))
    files = ((label, path) for label in labels for path in sorted(label.rglob("*")))
    shown = ((label, path) for label, path in files if path.is_file() and not path.name.startswith("."))
    for line, (label, path) in enumerate(shown, start=1):
        yield Pair(line, path, label.name.replace("_", " "))


def _of_csv(source: Path, column: str) -> Iterator[Pair]:
    """Paths are relative to the csv's folder."""
    try:
        rows = csv.DictReader(source.read_text(encoding="utf-8-sig").splitlines())
        missing = [name for name in ("path", column) if name not in (rows.fieldnames or ())]
        if missing:
            raise UserError(f"{source}: no column {', '.join(missing)}; expected path and {column}")
        for line, row in enumerate(rows, start=1):
            yield _pair(source.parent, line, row["path"], row[column], row.get(SPLIT) if column == "label" else None)
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is not UTF-8 ({error.reason} at byte {error.start}); expected a csv") from None
    except csv.Error as error:
        raise UserError(f"{source} is not a csv ({error}); expected columns path and {column}") from None


def _pair(folder: Path, line: int, path: str | None, text: str | None, split: str | None) -> Pair:
    pair = Pair(line, folder / (path or "").strip(), (text or "").strip() or None, (split or "").strip() or None)
    if pair.split not in (None, *SPLITS):
        message = f"split = {pair.split!r}: expected {', '.join(SPLITS)}, or nothing"
        return replace(pair, split=None, rejection_reason="no_such_split", message=message)
    if pair.text is None:
        return replace(pair, rejection_reason="no_text", message="it has no label or caption")
    if not pair.path.is_file():
        return replace(pair, rejection_reason="no_such_file", message=f"{pair.path} is not a file")
    return pair


def _without_repeats(pairs: list[Pair]) -> list[Pair]:
    """Repeated pairs are rejected, except the first."""
    first: dict[tuple[Path, str | None], int] = {}
    found = []
    for pair in pairs:
        line = first.setdefault((pair.path, pair.text), pair.line)
        is_new = line == pair.line or pair.rejection_reason
        message = f"the same video and text as line {line}"
        found.append(pair if is_new else replace(pair, rejection_reason="repeated", message=message))
    return found
