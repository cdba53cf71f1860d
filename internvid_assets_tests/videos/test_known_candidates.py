"""What public datasets hold is not fetched: a row that says so, and exactly the missing calls once it is let in."""

from __future__ import annotations

from pathlib import Path

import pytest
from acquisitions import candidates, fill
from loopback_server import file
from tiny_videos import noise, write_video

from internvid_assets import tables
from internvid_assets.home import Home
from internvid_assets.parameters import KnownFile
from internvid_assets.queries.known import list_known
from internvid_assets.videos.assets import videos
from internvid_assets.videos.sources import Source


@pytest.fixture
def sources(server, tmp_path: Path) -> list[Source]:
    """Two lists that name one known video by its id, and one that nobody knows."""
    body = write_video(tmp_path / "v.mp4", [noise(i, width=640, height=368) for i in range(10)]).read_bytes()
    known, new = (server.put(f"/{name}.mp4", file(body)) for name in ("known", "new"))
    (tmp_path / "first.csv").write_text(f"id,url\nk1,{known}\nn1,{new}\n")
    (tmp_path / "second.csv").write_text(f"id,url\nk1,{known}\n")
    return [Source(str(tmp_path / name), "sports", kind="list") for name in ("first.csv", "second.csv")]


def know(home: Home, *ids: str) -> None:
    path = home.path.parent / "known.txt"
    path.write_text("\n".join(ids))
    rows = list_known([KnownFile(path=path, dataset="kinetics_700")])
    home.lake.write(rows.lazy(), "known_videos", None, schema=tables.KnownVideos)


def with_known(home: Home, *, exclude: bool) -> Home:
    chosen = home.settings.videos.model_copy(update={"exclude_known": exclude, "min_duration_seconds": 0})
    return Home(home.settings.model_copy(update={"videos": chosen}))


def run(home: Home, sources: list[Source]) -> tuple[int, dict[str, set[tuple]]]:
    """Calls made, and what became of each address."""
    candidates(home, sources)
    calls = fill(home).calls_made + home.fill(videos, "sports").calls_made
    rows = home.lake.scan("videos", "sports").select("source_uri", "known_dataset", "rejection_reason").collect()
    found: dict[str, set[tuple]] = {}
    for uri, *told in rows.iter_rows():
        found.setdefault(uri.rpartition("/")[2], set()).add(tuple(told))
    return calls, found


def test_a_known_video_is_fetched_once_it_is_let_in(server, home, sources):
    know(home, "k1")
    strict, lenient = with_known(home, exclude=True), with_known(home, exclude=False)
    _, found = run(strict, sources)
    assert server.count() == {"/new.mp4": 1}
    assert found == {"known.mp4": {("kinetics_700", "known_dataset")}, "new.mp4": {(None, None)}}
    acquired = strict.lake.scan("acquired_videos", "sports").collect()
    assert sorted(acquired["error"].drop_nulls()) == ["known_dataset"] * 2

    calls, found = run(lenient, sources)
    assert (calls, server.count()) == (2, {"/new.mp4": 1, "/known.mp4": 1}), "fetched once, probed once"
    assert {dataset for dataset, _ in found["known.mp4"]} == {"kinetics_700"}
    assert "known_dataset" not in {reason for _, reason in found["known.mp4"]}
    for home in (strict, lenient):
        assert run(home, sources)[0] == 0


def test_what_is_here_already_is_judged_and_not_forgotten(server, home, sources):
    run(with_known(home, exclude=True), sources)
    know(home, "k1")
    _, found = run(with_known(home, exclude=True), sources)
    assert server.count() == {"/new.mp4": 1, "/known.mp4": 1}
    assert found["known.mp4"] == {("kinetics_700", "known_dataset")}
    rows = home.lake.scan("videos", "sports").collect()
    assert rows["media_uri"].null_count() == 0
