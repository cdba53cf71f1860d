"""Recipes: everything but its input that a call's result depends on; and the lock file that detects code changes."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

LOCK_FILE = Path(__file__).parent.parent / "recipes.lock"


@dataclass(frozen=True)
class Recipe:
    """Asset, version, parameters, models (name, weights revision) and prompt; nothing upstream.

    Upstream changes affect a call through its input hash.
    """

    asset: str
    version: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    models: tuple[tuple[str, str], ...] = ()
    prompt: str | None = None

    def text(self) -> str:
        """Canonical JSON: it is hashed, and printed by `internvid recipes show`."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def hash(self) -> str:
        """Twelve hex digits: short enough to read in a path, long enough for all recipes of a lake."""
        return hashlib.blake2b(self.text().encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class Blessed:
    """A line of recipes.lock: the version of an asset and the code hash it was blessed with."""

    version: str
    code_hash: str


def code_hash(modules: Iterable[str]) -> str:
    """Hash of the modules' tokens without comments, docstrings and layout; the same on Python 3.11 to 3.13."""
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(set(modules)):
        digest.update(name.encode() + b"\0" + _code_of(name).encode() + b"\0")
    return digest.hexdigest()


@cache
def _code_of(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"an asset lists the module {module} as its code, but this module does not exist")
    return " ".join(_significant_tokens(Path(spec.origin).read_text()))


def _significant_tokens(source: str) -> list[str]:
    """Names, operators, numbers and strings in order; blocks as `{` and `}`; f-strings as their source text.

    Python 3.12 splits an f-string into several tokens and 3.11 does not, so the pieces are joined again.
    """
    kept: list[str] = []
    statement_start = True
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER}
    lines = source.splitlines(keepends=True)
    index = 0
    while index < len(tokens):
        token = tokens[index]
        index += 1
        if token.type in skipped:
            continue
        if token.type == tokenize.NEWLINE:
            if not statement_start:  # otherwise it ends a docstring
                kept.append(";")
            statement_start = True
        elif token.type == tokenize.INDENT:
            kept.append("{")
        elif token.type == tokenize.DEDENT:
            kept.append("}")
        elif tokenize.tok_name[token.type] == "FSTRING_START":
            end = _end_of_fstring(tokens, index)
            kept.append(_between(lines, token.start, tokens[end].end))
            index, statement_start = end + 1, False
        elif token.type == tokenize.STRING and statement_start and _stands_alone(tokens, index):
            continue
        else:
            kept.append(token.string)
            statement_start = False
    return kept


def _end_of_fstring(tokens: Sequence[tokenize.TokenInfo], index: int) -> int:
    depth = 1
    while depth:
        depth += {"FSTRING_START": 1, "FSTRING_END": -1}.get(tokenize.tok_name[tokens[index].type], 0)
        index += 1
    return index - 1


def _between(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    middle = lines[start[0] : end[0] - 1]
    return "".join([lines[start[0] - 1][start[1] :], *middle, lines[end[0] - 1][: end[1]]])


def _stands_alone(tokens: Sequence[tokenize.TokenInfo], index: int) -> bool:
    """Whether the string before `index` is a whole statement: a docstring."""
    return tokens[index].type in (tokenize.NEWLINE, tokenize.NL, tokenize.COMMENT)


def read_lock(path: Path = LOCK_FILE) -> dict[str, Blessed]:
    """The blessed code of every asset; empty if the file does not exist yet."""
    if not path.exists():
        return {}
    return {asset: Blessed(**line) for asset, line in json.loads(path.read_text()).items()}


def write_lock(blessed: Mapping[str, Blessed], path: Path = LOCK_FILE) -> None:
    """One asset per line, sorted, so that branches that bless different assets can be merged."""
    lines = [f"  {json.dumps(asset)}: {json.dumps(asdict(line))}" for asset, line in sorted(blessed.items())]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
