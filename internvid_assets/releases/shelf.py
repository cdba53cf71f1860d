"""The releases of a home: `releases/<id>/`, each with a manifest, written last, that lists all other files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.sql_text import quoted
from internvid_assets.selects.running import bounded

FOLDER, MANIFEST, VIDEOS = "releases", "manifest.json", "videos.parquet"
FORMAT = 1
"""Version of the manifest; later ones are not read."""
_VERIFY = "internvid releases --verify lists the files that differ: restore them, or remove the folder"
NOT_HASHED = frozenset({"id", "created_at"})
LATEST, PREVIOUS = "latest", "previous"


@dataclass(frozen=True)
class Release:
    """A release and its manifest."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def id(self) -> str:
        return self.manifest["id"]

    @property
    def created_at(self) -> str:
        return self.manifest["created_at"]

    @property
    def tables(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Table -> category (`all` if it has none) -> data version, recipe, rows."""
        return self.manifest["made_of"]["tables"]

    @property
    def subsets(self) -> Mapping[str, Mapping[str, Any]]:
        """Subset -> hash of its SQL, parameters, data version, rows."""
        return self.manifest["made_of"]["subsets"]

    def rows_of(self, subset: str) -> Path:
        return self.path / subset_file(subset)


def subset_file(subset: str) -> str:
    """Path of a subset's rows within a release."""
    return f"subsets/{subset}.parquet"


def id_of(content: Mapping[str, Any]) -> str:
    """Twelve hex digits: a hash of the manifest without its time, but with the hashes of its files."""
    hashed = {name: value for name, value in content.items() if name not in NOT_HASHED}
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def releases_of(home: Path) -> list[Release]:
    """Oldest first; raises UserError for one whose manifest is missing or cannot be read."""
    found = map(read_release, _manifests(home))
    return sorted(found, key=lambda release: (release.created_at, release.id))


def _manifests(home: Path) -> list[Path]:
    """The manifest path of each release folder; a folder gets its name when it is complete."""
    return [folder / MANIFEST for folder in sorted((home / FOLDER).glob("[!.]*/"))]


def read_release(manifest: Path) -> Release:
    """The release of a manifest; raises UserError if the file is damaged or has a newer format."""
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        known = content["format"] <= FORMAT
        release = Release(manifest.parent, content)
        if known:
            _refuse_otherwise_shaped(release)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        problem = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise UserError(f"{manifest} is damaged ({problem}); restore it, or remove its folder") from None
    if not known:
        raise UserError(
            f"{manifest} has format {content['format']}; expected at most {FORMAT}: upgrade internvid-assets"
        )
    return release


def _refuse_otherwise_shaped(release: Release) -> None:
    """Raises Python's own error if something is missing that readers use."""
    content = release.manifest
    if not isinstance(release.created_at, str):
        raise TypeError(f"created_at is {release.created_at}")
    _ = release.id, content["profile"], content["files"][VIDEOS], content["recipes"].keys(), content["upstream"].keys()
    _ = [(about["sha256"], about["rows"]) for about in content["files"].values()]
    _ = [(about["sql"], about["parameters"], about["rows"]) for about in release.subsets.values()]
    _ = [about["recipe"] for own in release.tables.values() for about in own.values()]


def find_release(home: Path, named: str) -> Release:
    """By `latest`, `previous`, or an id or its beginning; raises UserError unless that matches exactly one release."""
    releases = releases_of(home)
    if named in (LATEST, PREVIOUS):
        place = {LATEST: 1, PREVIOUS: 2}[named]
        if len(releases) < place:
            raise UserError(f"no {named} release: there are {len(releases)}; internvid materialize key:release")
        return releases[-place]
    fitting = [release for release in releases if named and release.id.startswith(named)]
    if len(fitting) != 1:
        known = ", ".join(release.id for release in fitting or releases) or "none; internvid materialize key:release"
        raise UserError(f"{len(fitting)} releases begin with {named!r}; there are: {known}")
    return fitting[0]


def releases_with(
    home: Path, video_ids: Collection[str], problem: Callable[[str], None], memory_limit: str = "1GB"
) -> Iterator[tuple[str, str, str, int]]:
    """(release, subset, video_id, number of its clips) for each subset of a release that contains one of the videos.

    Reads one column per file. A damaged release is reported to `problem` in one line; its readable parts are searched.
    """
    with duckdb.connect(config=bounded(memory_limit)) as connection:
        for manifest in _manifests(home):
            damage: list[str] = []
            yield from _clips_in(connection, manifest, sorted(video_ids), damage.append)
            if damage:
                problem(damage[0])


def _clips_in(
    connection: duckdb.DuckDBPyConnection, manifest: Path, video_ids: list[str], problem: Callable[[str], None]
) -> Iterator[tuple[str, str, str, int]]:
    try:
        release = read_release(manifest)
    except UserError as error:
        problem(str(error))
        return
    if release.id != id_of(release.manifest):
        problem(f"{manifest} was changed, so it may be incomplete; restore it, or remove its folder")
    for subset in release.subsets:
        try:
            for video_id, clips in _clips_of(connection, release, subset, video_ids):
                yield release.id, subset, video_id, clips
        except UserError as error:
            problem(str(error))


def _clips_of(
    connection: duckdb.DuckDBPyConnection, release: Release, subset: str, video_ids: list[str]
) -> list[tuple[str, int]]:
    asked = "(select unnest(?::varchar[]) as video_id)"
    rows = f"read_parquet({quoted(release.rows_of(subset))}) semi join {asked} using (video_id)"
    try:
        return connection.execute(f"select video_id, count(*) from {rows} group by all", [video_ids]).fetchall()
    except duckdb.Error as error:
        raise damaged(release, error) from None


def damaged(release: Release, error: duckdb.Error) -> UserError:
    """The error to raise if DuckDB cannot read a release."""
    reason = " ".join(str(error).split())[:200]
    return UserError(f"{release.path} cannot be read ({reason}); {_VERIFY}")
