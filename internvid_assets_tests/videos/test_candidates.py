"""Candidates of lists, channels and searches: a key each, nothing dropped, no site asked more than needed."""

from __future__ import annotations

import logging

import polars as pl
import pytest
from acquisitions import candidates
from loopback_server import answers, file

from internvid_assets import tables
from internvid_assets.cli.graph import chosen_categories
from internvid_assets.home import Home
from internvid_assets.settings import load_settings
from internvid_assets.videos.candidates import list_candidates
from internvid_assets.videos.listings import open_listings
from internvid_assets.videos.sources import Source, add_source, read_sources

A = "dQw4w9WgXcQ"


def rss(server, *names: str) -> bytes:
    items = "".join(f"<item><title>{name}</title><link>{server.url(f'/{name}')}</link></item>" for name in names)
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>c</title>{items}</channel></rss>'.encode()


def feed(server, *names: str):
    return file(rss(server, *names), content_type="application/rss+xml")


@pytest.fixture
def home(tmp_path, server, monkeypatch):
    (tmp_path / "internvid.toml").touch()
    monkeypatch.setenv("INTERNVID_SETTINGS", str(tmp_path / "internvid.toml"))
    search = f"candidate_videos.search_url={server.url('/search?q={query}&n={count}')}"
    return Home(load_settings([f"home={tmp_path / 'home'}", search, "acquired_videos.requests_per_second=1000"]))


def names(rows: pl.DataFrame) -> list[str]:
    return [uri.rpartition("/")[2] for uri in rows["source_uri"]]


def test_one_id_from_two_sources_are_two_rows_with_two_keys(home, tmp_path):
    (tmp_path / "l.txt").write_text(f"{A}\nhttps://youtu.be/{A}\nhttp://x/v.mp4\n")
    (tmp_path / "m.csv").write_text(f"id,url\n{A},\nx,http://x/v.mp4\n")
    sources = [Source(str(tmp_path / name), "sports", kind="list") for name in ("l.txt", "m.csv")]
    rows = candidates(home, [*sources, Source(f"https://www.youtube.com/watch?v={A}", "sports", kind="url")])
    assert rows["video_id"].is_unique().all()
    assert rows["video_id"].to_list().count(A) == 1 and rows["video_id"][0] == A
    assert rows["source_uri"].to_list().count(f"https://www.youtube.com/watch?v={A}") == 3
    assert rows["source"].n_unique() == 3
    again = list_candidates(
        [*sources, Source(f"https://www.youtube.com/watch?v={A}", "sports", kind="url")], "sports", open_listings(home)
    )
    assert again.equals(rows)


def test_keys_that_look_like_other_keys(home, tmp_path):
    """An id that is the hash of another line's address takes no key twice."""
    first = tmp_path / "l.csv"
    first.write_text("url\nhttp://x/v.mp4\n")
    (key,) = candidates(home, [Source(str(first), "sports", kind="list")])["video_id"]
    first.write_text(f"id,url\n{key},http://x/other.mp4\n,http://x/v.mp4\n")
    rows = candidates(home, [Source(str(first), "sports", kind="list")])
    assert rows["video_id"].to_list()[0] == key and rows["video_id"].n_unique() == 2


def test_a_list_says_where_its_videos_belong(home, tmp_path):
    path = tmp_path / "l.csv"
    path.write_text("url,category\nhttp://x/a,Sports\nhttp://x/b,\nhttp://x/c,howto_and_style\n")
    add_source(home.path, path, "music", kind="list")
    sources = read_sources(home.path)
    listed = {name: names(list_candidates(sources, name, open_listings(home))) for name in tables.CATEGORIES}
    assert {name: found for name, found in listed.items() if found} == {
        "sports": ["a"],
        "music": ["b"],
        "howto_and_style": ["c"],
    }
    assert chosen_categories(home, None) == ["music", "sports", "howto_and_style"]


def test_a_list_is_read_anew_when_it_changed(home, tmp_path):
    path = tmp_path / "l.txt"
    for text, expected in (("http://x/a\n", ["a"]), ("http://x/a\nhttp://x/b\n", ["a", "b"])):
        path.write_text(text)
        assert names(candidates(home, [Source(str(path), "sports", kind="list")])) == expected


def test_a_list_that_became_unreadable_is_a_row(home, tmp_path):
    (tmp_path / "l.csv").write_text("nothing,known\n1,2\n")
    (row,) = candidates(home, [Source(str(tmp_path / "l.csv"), "sports", kind="list")]).to_dicts()
    assert row["listing_error"] == "listing_failed" and "no column is named" in row["listing_error_message"]


def test_a_channel_is_listed_once_a_day(home, server):
    source = Source(server.put("/channel", feed(server, "a.mp4", "b.mp4")), "sports", kind="channel")
    rows = candidates(home, [source])
    assert names(rows) == ["a.mp4", "b.mp4"]
    assert rows["source"].unique().to_list() == [f"channel: {source.place}"]
    asked = server.count()["/channel"]
    assert names(candidates(home, [source])) == names(rows)
    assert server.count()["/channel"] == asked
    server.put("/channel", feed(server, "c.mp4"))
    stale = Home(home.settings.model_copy(update={"candidate_videos": _always_anew(home)}))
    assert names(candidates(stale, [source])) == ["c.mp4"]


def _always_anew(home: Home):
    return home.settings.candidate_videos.model_copy(update={"listing_max_age_hours": 0})


def test_a_channel_that_fails_is_a_row_and_then_its_older_listing_with_a_warning(home, server, caplog):
    stale = Home(home.settings.model_copy(update={"candidate_videos": _always_anew(home)}))
    source = Source(server.put("/channel", answers(404)), "sports", kind="channel")
    (row,) = candidates(stale, [source]).to_dicts()
    assert row["listing_error"] == "listing_failed" and "404" in row["listing_error_message"]
    server.put("/channel", feed(server, "a.mp4", "b.mp4"))
    assert names(candidates(stale, [source])) == ["a.mp4", "b.mp4"]
    server.put("/channel", answers(500))
    listings = open_listings(stale)
    with caplog.at_level(logging.WARNING):
        assert names(list_candidates([source], "sports", listings)) == ["a.mp4", "b.mp4"]
    assert "its older listing is used" in caplog.text
    assert len(listings.problems) == 1 and source.place in listings.problems[0]


def test_a_plan_asks_nobody(home, server):
    source = Source(server.put("/channel", feed(server, "a.mp4", "b.mp4")), "sports", kind="channel")
    assert list_candidates([source], "sports", open_listings(home, is_offline=True)).is_empty()
    assert not server.requests
    candidates(home, [source])
    asked = len(server.requests)
    assert list_candidates([source], "sports", open_listings(home, is_offline=True)).height == 2
    assert len(server.requests) == asked


def test_a_search_takes_the_top_of_what_it_finds(home, server):
    server.put("/search?q=a%20dog%20%26%20cat&n=6", feed(server, *(f"{i}.mp4" for i in range(6))))
    rows = candidates(home, [Source("a dog & cat", "sports", kind="search", top=2)])
    assert names(rows) == ["0.mp4", "1.mp4"]
    assert rows["query"].to_list() == ["a dog & cat"] * 2


def test_every_action_query_is_searched_for_in_each_language(home, server):
    known_queries(home, "run", "swim", "-")
    translated = {"lemma_key": ["run", "swim"], "language": ["fr", "fr"], "original": ["run", "swim"]}
    called = {"query": ["courir", None], "error": [None, "empty_translation"], "error_message": [None, ""]}
    called |= {"attempts": [1, 1], "recipe": ["r", "r"], "input_hash": ["a", "b"]}
    rows = pl.LazyFrame(translated | called)
    home.lake.write(rows, "query_translations", None, schema=tables.QueryTranslations)
    for query in ("run", "swim", "courir"):
        server.put(f"/search?q={query}&n=3", feed(server, f"{query}1.mp4", f"{query}2.mp4"))
    rows = candidates(home, [Source("action_queries", "other", kind="queries", top=1)], "other")
    found = sorted(zip(rows["query"], names(rows), strict=True))
    assert found == [("courir", "courir1.mp4"), ("run", "run1.mp4"), ("swim", "swim1.mp4")]


def known_queries(home: Home, *queries: str) -> None:
    """A table `action_queries` of English ones; `-` stands for a line that is none."""
    rows = {
        "lemma_key": queries,
        "language": ["en"] * len(queries),
        "query": [None if query == "-" else query for query in queries],
        "kind": ["label"] * len(queries),
        "sources": [["starter"]] * len(queries),
        "missing_languages": [["fr"]] * len(queries),
        "rejection_reason": ["heading" if query == "-" else None for query in queries],
    }
    home.lake.write(pl.LazyFrame(rows), "action_queries", None, schema=tables.ActionQueries)


def test_a_search_that_fails_does_not_stop_the_others(home, server):
    known_queries(home, "run", "swim")
    server.put("/search?q=swim&n=3", feed(server, "a.mp4", "b.mp4"))
    rows = candidates(home, [Source("action_queries", "other", kind="queries", top=1)], "other")
    assert sorted(rows["listing_error"].to_list(), key=str) == [None, "listing_failed"]


def test_the_registry_keeps_every_kind(home, tmp_path):
    (tmp_path / "l.txt").touch()
    kinds = {"url": "http://x/v.mp4", "channel": "https://x/c", "search": 'say "hi"\\', "queries": "action_queries"}
    for kind, place in kinds.items():
        add_source(home.path, place, "music", kind=kind, top=7)
    add_source(home.path, tmp_path / "l.txt", "music", kind="list")
    found = {source.kind: (source.place, source.top) for source in read_sources(home.path)}
    assert found == {kind: (place, 7) for kind, place in kinds.items()} | {"list": (str(tmp_path / "l.txt"), None)}
