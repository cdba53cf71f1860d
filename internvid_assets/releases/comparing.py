"""The differences between two releases, by clip and with the reason: DuckDB joins in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import duckdb
import polars as pl

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.sql_text import listed, quoted
from internvid_assets.formats.written import aside
from internvid_assets.home import Home
from internvid_assets.releases.reasons import Reasons, reasons
from internvid_assets.releases.shelf import VIDEOS, Release, damaged
from internvid_assets.releases.verifying import differences
from internvid_assets.selects.running import bounded, fetch

FORMATS = {".csv": "format csv, header", ".parquet": "format parquet, compression zstd"}
CHANGED = """
    with paired as (
        select
            clip_id, category,
            coalesce(new.video_id, old.video_id) as video_id,
            old.rank is null as is_added,
            new.rank is null as is_removed,
            old.caption as old_caption, new.caption as new_caption,
            old.umt_score as old_umt, new.umt_score as new_umt,
            old.aesthetic_score as old_aesthetic, new.aesthetic_score as new_aesthetic
        from {old} as old
        full join {new} as new using (clip_id, category)
    ),

    compared as (
        select
            *,
            old_caption is distinct from new_caption as is_captioned,
            old_umt is distinct from new_umt as is_umt,
            old_aesthetic is distinct from new_aesthetic as is_aesthetic
        from paired
    ),

    changed as (
        select
            *,
            unnest(
                case
                    when is_added then ['added']
                    when is_removed then ['removed']
                    else [if(is_captioned, 're-captioned', null), if(is_umt or is_aesthetic, 're-scored', null)]
                end
            ) as change
        from compared
        where is_added or is_removed or is_captioned or is_umt or is_aesthetic
    )

    select
        {subset} as subset, change, clip_id, changed.video_id, changed.category,
        case change
            when 'added' then case
                when old_video.video_id is null then 'new video'
                when old_video.rejection_reason is not null
                    then 'video no longer rejected: ' || old_video.rejection_reason
                when old_video.withheld_reason is not null and new_video.withheld_reason is null
                    then 'video no longer withheld: ' || old_video.withheld_reason
                else 'newly chosen: ' || why.choice
            end
            when 'removed' then case
                when new_video.video_id is null then 'video no longer listed'
                when new_video.rejection_reason = 'taken_down' then 'video taken down'
                when new_video.rejection_reason is not null then 'video rejected: ' || new_video.rejection_reason
                when new_video.withheld_reason is not null and old_video.withheld_reason is null
                    then 'video withheld: ' || new_video.withheld_reason
                else 'no longer chosen: ' || why.choice
            end
            when 're-captioned' then why.caption
            else concat_ws(
                '; ',
                case when is_umt and is_captioned then 'its caption changed' when is_umt then why.umt_score end,
                if(is_aesthetic, why.aesthetic_score, null)
            )
        end as why,
        old_caption, new_caption,
        old_umt as old_umt_score, new_umt as new_umt_score,
        old_aesthetic as old_aesthetic_score, new_aesthetic as new_aesthetic_score
    from changed
    left join {old_videos} as old_video
        on changed.video_id = old_video.video_id and changed.category = old_video.category
    left join {new_videos} as new_video
        on changed.video_id = new_video.video_id and changed.category = new_video.category
    left join why on changed.category = why.category
    where change is not null
    order by change, changed.category, clip_id"""


@dataclass(frozen=True)
class Changes:
    """The differences between two releases: one row per clip and change, in a file per subset."""

    connection: duckdb.DuckDBPyConnection
    files: Sequence[Path]

    @property
    def _rows(self) -> str:
        return f"read_parquet({listed(self.files)})"

    def summary(self) -> pl.DataFrame:
        """Number of clips by subset, change and reason, with an example."""
        query = f"select subset, change, count(*) as clips, why, min(clip_id) as example from {self._rows} group by all"
        return fetch(self.connection, f"{query} order by subset, change, clips desc, why")

    def write(self, destination: Path) -> int:
        """Write all rows as csv or Parquet, by the file's name, atomically; returns their number."""
        if destination.suffix not in FORMATS:
            raise UserError(f"--rows {destination}: expected a name that ends with {' or '.join(FORMATS)}")
        with aside(destination) as unfinished:
            copy = f"copy (select * from {self._rows}) to {quoted(unfinished)} ({FORMATS[destination.suffix]})"
            try:
                ((rows,),) = self.connection.execute(copy).fetchall()
            except duckdb.Error as error:
                reason = " ".join(str(error).split())[:200]
                raise UserError(f"--rows {destination} cannot be written: {reason}") from None
        return rows


@contextmanager
def compared(home: Home, old: Release, new: Release, subsets: Sequence[str] = ()) -> Iterator[Changes]:
    """The changes from `old` to `new` in the given subsets (default: all subsets of either).

    Raises UserError for a subset that neither has, and for a release that cannot be read.
    """
    known = sorted(old.subsets.keys() | new.subsets.keys())
    unknown = sorted({*subsets} - {*known})
    if unknown:
        raise UserError(f"neither {old.id} nor {new.id} has a subset {', '.join(unknown)}; there: {', '.join(known)}")
    with home.store.scratch() as scratch, duckdb.connect(config=bounded(home.settings.memory_limit)) as connection:
        files = [_write_changes(connection, old, new, subset, scratch) for subset in subsets or known]
        yield Changes(connection, files)


def _write_changes(
    connection: duckdb.DuckDBPyConnection, old: Release, new: Release, subset: str, scratch: Path
) -> Path:
    path = scratch / f"{subset}.parquet"
    _tell_why(connection, old, new, subset)
    rows = {name: _chosen(release, other, subset) for name, release, other in (("old", old, new), ("new", new, old))}
    videos = {
        f"{name}_videos": f"read_parquet({quoted(of.path / VIDEOS)})" for name, of in (("old", old), ("new", new))
    }
    select = CHANGED.format(subset=quoted(subset), **rows, **videos)
    try:
        connection.execute(f"copy ({select}) to {quoted(path)} (format parquet)")
    except duckdb.Error as error:
        changed = next((release for release in (old, new) if any(differences(release))), new)
        raise damaged(changed, error) from None
    return path


def _chosen(release: Release, other: Release, subset: str) -> str:
    """The subset's rows; for a release without the subset, no rows, with the other's columns."""
    if subset in release.subsets:
        return f"read_parquet({quoted(release.rows_of(subset))})"
    return f"(select * from read_parquet({quoted(other.rows_of(subset))}) where false)"


def _tell_why(connection: duckdb.DuckDBPyConnection, old: Release, new: Release, subset: str) -> None:
    """The table `why`: a row of reasons per category."""
    rows = [(category, *asdict(why).values()) for category, why in reasons(old, new, subset).items()]
    columns = ("category", *(field.name for field in fields(Reasons)))
    connection.execute(f"create or replace table why ({', '.join(f'{column} varchar' for column in columns)})")
    connection.executemany(f"insert into why values ({', '.join('?' * len(columns))})", rows)
