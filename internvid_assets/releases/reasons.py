"""What explains a change between two releases: which recipes and parameters are no longer the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from internvid_assets.releases.shelf import Release
from internvid_assets.releases.standing import ALL

SHOWN, SHOWN_CHARACTERS = 3, 40
SAME_RECIPES = "same recipes: calls that had failed were answered, or a model answered otherwise"


@dataclass(frozen=True)
class Reasons:
    """Of one subset and category: why its clips were chosen otherwise, captioned otherwise, scored otherwise."""

    choice: str
    caption: str
    umt_score: str
    aesthetic_score: str


def reasons(old: Release, new: Release, subset: str) -> dict[str, Reasons]:
    """By category; what neither release knows to differ is told as such."""
    choice = _joined(_of_choice(old, new, subset), "what it draws from has other rows")
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
        yield "the subset is new" if subset not in old.subsets else "the subset is gone"
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
    """What differs in the recipe of the table, then in those of the tables it is made from, the nearest first."""
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
    for name in found:  # which grows meanwhile
        found += [above for above in release.manifest["upstream"].get(name, []) if above not in found]
    return found


def _recipe(release: Release, table: str, category: str) -> str | None:
    own = release.tables.get(table, {})
    version = own.get(category) or own.get(ALL)
    return version["recipe"] if version else None


def changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """`parameters.max_new_tokens 40 -> 50` for each value that differs, however deep it lies."""
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
