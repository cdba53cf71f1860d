"""The reasons for a change between two releases: the recipes and parameters that differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from internvid_assets.releases.shelf import Release
from internvid_assets.releases.standing import ALL

SHOWN, SHOWN_CHARACTERS = 3, 40
SAME_RECIPES = "same recipes: failed calls succeeded, or a model's answers changed"


@dataclass(frozen=True)
class Reasons:
    """For one subset and category: why the selection, the captions and the scores of its clips changed."""

    choice: str
    caption: str
    umt_score: str
    aesthetic_score: str


def reasons(old: Release, new: Release, subset: str) -> dict[str, Reasons]:
    """By category; if no recipe or parameter differs, the reason says so."""
    choice = _joined(_of_choice(old, new, subset), "its upstream tables have other rows")
    return {
        category: Reasons(
            choice,
            *(_of_table(old, new, table, category) for table in ("fused_captions", "umt_scores", "aesthetic_scores")),
        )
        for category in _categories(old, new)
    }


def _categories(*releases: Release) -> list[str]:
    return sorted({of for release in releases for own in release.tables.values() for of in own} - {ALL})


def _of_choice(old: Release, new: Release, subset: str) -> Iterator[str]:
    if subset not in old.subsets or subset not in new.subsets:
        yield "the subset is new" if subset not in old.subsets else "the subset was removed"
        return
    before, after = old.subsets[subset], new.subsets[subset]
    yield from changed_values(before["parameters"], after["parameters"])
    if before["sql"] != after["sql"]:
        yield "its SQL changed"
    for category in _categories(old, new):
        yield from _changed_recipes(old, new, subset, category)


def _of_table(old: Release, new: Release, table: str, category: str) -> str:
    return _joined(_changed_recipes(old, new, table, category), SAME_RECIPES)


def _changed_recipes(old: Release, new: Release, table: str, category: str) -> Iterator[str]:
    """Differences in the recipe of the table, then in those of its upstream tables, the nearest first."""
    for name in _with_upstream(new, table):
        before, after = (_recipe(release, name, category) for release in (old, new))
        if before and after and before != after:
            texts = [
                json.loads(release.manifest["recipes"].get(key, "{}")) for release, key in ((old, before), (new, after))
            ]
            changes = changed_values(*texts) if all(texts) else iter(())
            yield f"{name}: {', '.join(changes) or f'recipe {before} -> {after}'}"


def _with_upstream(release: Release, table: str) -> list[str]:
    found = [table]
    for name in found:  # it grows during the loop
        found += [above for above in release.manifest["upstream"].get(name, []) if above not in found]
    return found


def _recipe(release: Release, table: str, category: str) -> str | None:
    own = release.tables.get(table, {})
    version = own.get(category) or own.get(ALL)
    return version["recipe"] if version else None


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """`parameters.max_new_tokens 40 -> 50` for each value that differs, at any depth."""
    old, new = (dict(_flat(values)) for values in (before, after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name} {_short(old.get(name))} -> {_short(new.get(name))}"


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _short(value: Any) -> str:
    text = " ".join(json.dumps(value, ensure_ascii=False).split())
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _joined(lines: Iterator[str], otherwise: str) -> str:
    distinct: Sequence[str] = list(dict.fromkeys(lines))
    more = [f"and {len(distinct) - SHOWN} more"] if len(distinct) > SHOWN else []
    return "; ".join([*distinct[:SHOWN], *more]) or otherwise
