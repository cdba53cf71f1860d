"""internvid ingest: what is given is registered as a source; nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from internvid_assets.cells.errors import UserError
from internvid_assets.cli.environment import open_home

if TYPE_CHECKING:
    from internvid_assets.home import Home
    from internvid_assets.videos.sources import Kind


def ingest(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Files, folders, URLs, object-store prefixes, YouTube ids, channels, playlists."),
    ] = None,
    category: Annotated[str, typer.Option("--category", "-c", help="The category of their videos.")] = "other",
    list_: Annotated[
        list[Path] | None, typer.Option("--list", help="A list of videos (txt, csv, tsv, jsonl, parquet); repeatable.")
    ] = None,
    channel: Annotated[
        list[str] | None, typer.Option("--channel", help="A page that lists videos, on any site; repeatable.")
    ] = None,
    search: Annotated[list[str] | None, typer.Option("--search", help="A query to search for; repeatable.")] = None,
    queries: Annotated[
        bool, typer.Option("--queries", help="Search for every action query, in each language.")
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="How many results to take of each search, by views.")] = 20,
) -> None:
    """Register sources of videos. Nothing is fetched or copied yet; every run scans the folders again.

    Every file in a folder counts, except known sidecars: one that is no video becomes a row of `videos` with a reason.

    Local files stay where they are; others are fetched into the home by `internvid materialize`.

    Example: internvid ingest ~/Videos/football --category sports
    """
    from internvid_assets.cli.runs import checked_categories
    from internvid_assets.videos.candidates import categories_offered
    from internvid_assets.videos.listings import open_listings
    from internvid_assets.videos.sources import add_source

    checked_categories([category])
    home = open_home()
    chosen: list[tuple[str, Kind]] = [
        *kinds_of(places or (), home),
        *((str(path), "list") for path in list_ or ()),
        *((url, "channel") for url in channel or ()),
        *((query, "search") for query in search or ()),
        *([("action_queries", "queries")] if queries else []),
    ]
    if not chosen:
        raise UserError("no source given: name a file, folder or address, or use --list, --channel or --search")
    labels = [label_of(place, kind) for place, kind in chosen]
    is_search = ("search", "queries")
    added = [
        add_source(home.path, place, category, kind=kind, top=top if kind in is_search else None)
        for place, kind in chosen
    ]
    for label, source in zip(labels, added, strict=True):
        print(f"registered {label} in category {source.category}")
    offered = sorted(categories_offered(added, open_listings(home, is_offline=True)))
    print(f"next: internvid materialize {' '.join(f'--category {name}' for name in offered)}")


def kinds_of(places: Sequence[str], home: Home) -> Iterator[tuple[str, Kind]]:
    """What each place is; raises `UserError` naming all that are nothing we know."""
    from internvid_assets.media.addresses import WEB, is_youtube_list, scheme_of, watch_url, youtube_id
    from internvid_assets.media.opening import local_path
    from internvid_assets.videos.objects import check_store

    paths = [local_path(place) if scheme_of(place) == "file" else place for place in places]
    known_ids = {place: youtube_id(place) for place in paths if not os.path.exists(place)}
    missing = [p for p in paths if not (scheme_of(p) or known_ids.get(p) or os.path.exists(p))]
    if missing:
        raise UserError(f"{', '.join(map(printable, missing))}: no such file or folder; nothing was registered")
    for place in paths:
        if os.path.exists(place):
            yield place, "path"
        elif scheme_of(place) in WEB or known_ids[place]:
            found = known_ids[place]
            yield (watch_url(found), "url") if found else (place, "channel" if is_youtube_list(place) else "url")
        else:
            check_store(place, home.settings.acquired_videos.object_stores)
            yield place, "url"


def label_of(place: str, kind: Kind) -> str:
    """What messages call a source; a list is read, so that they say what it holds and what is wrong with it."""
    if kind != "list":
        return printable(place) if kind in ("path", "url") else f"{kind} {place}"
    from internvid_assets.videos.lists import read_list

    if not os.path.exists(place):
        raise UserError(f"{printable(place)}: no such list; nothing was registered")
    rows = read_list(os.path.abspath(place))
    not_understood = rows["listing_error"].count()
    videos = f"{rows.height - not_understood:,} videos"
    return f"{printable(place)} ({videos}{f', {not_understood:,} lines not understood' if not_understood else ''})"


def printable(path: str) -> str:
    """A name may hold bytes that are no text; they are shown as they are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
