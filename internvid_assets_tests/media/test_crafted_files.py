"""Files made to read other files or to open connections: they are no videos, and nothing else is touched."""

from __future__ import annotations

import os
import re
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_videos import grey, noise, write_video

from internvid_assets.cells.errors import CallError
from internvid_assets.clips.frames import sample_frames
from internvid_assets.clips.splitters import split
from internvid_assets.media.probe import probe


class Canary:
    """A port that counts who connects, and a pipe that knows whether somebody opened it."""

    def __init__(self, folder: Path) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0
        self.port = self.listener.getsockname()[1]
        self.pipe = folder / "secret.mp4"
        os.mkfifo(self.pipe)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def was_touched(self) -> bool:
        """A pipe can be opened for writing only while a reader holds it open."""
        try:
            os.close(os.open(self.pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:
            return self.connections > 0
        return True


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    canary = Canary(tmp_path)
    yield canary
    canary.listener.close()


PLAYLISTS = {
    "hls.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{place}\n#EXT-X-ENDLIST\n",
    "hls_key.mp4": '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{place}"\n#EXTINF:2,\nv.ts\n#EXT-X-ENDLIST\n',
    "hls_map.mp4": '#EXTM3U\n#EXT-X-MAP:URI="{place}"\n#EXTINF:2,\nv.m4s\n#EXT-X-ENDLIST\n',
    "hls.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{place}\n#EXT-X-ENDLIST\n",
    "variants.mp4": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{place}\n",
    "concat.mp4": "ffconcat version 1.0\nfile '{place}'\n",
    "concat.ffconcat": "ffconcat version 1.0\nfile '{place}'\n",
    "dash.mp4": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{place}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>",
    "smil.mp4": '<smil><body><video src="{place}"/></body></smil>',
    "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "imf.xml": '<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016">{place}</CompositionPlaylist>',
    "image%03d.jpg": "{place}",
    "subtitle.vobsub": "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:00:000, filepos: 0\n# {place}",
}
PLACES = ["{pipe}", "file://{pipe}", "http://127.0.0.1:{port}/v.ts", "tcp://127.0.0.1:{port}", "concat:{pipe}|{pipe}"]


def opened(path: Path) -> list[str]:
    """What each reader of video files says of one."""
    codes = []
    for read in (probe, split, lambda uri: sample_frames(uri, [(0, 100)])):
        try:
            read(str(path))
            codes.append("read")
        except CallError as error:
            codes.append(error.code)
    return codes


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_leads_nowhere(canary: Canary, tmp_path: Path, name: str, place: str) -> None:
    crafted = tmp_path / name
    crafted.write_text(PLAYLISTS[name].format(place=place.format(pipe=canary.pipe, port=canary.port)))
    assert opened(crafted) == ["not_a_video"] * 3
    assert not canary.was_touched()


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + name + body


def with_reference(movie: bytes, reference: bytes) -> bytes:
    """The movie with its media data declared to lie elsewhere: its self-contained `url ` box is replaced.

    The boxes around it grow by as much; the index lies behind the data, so no offset moves.
    """
    at = movie.index(b"url \x00\x00\x00\x01") - 4
    grown = bytearray(movie[:at] + reference + movie[at + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = movie.index(name, movie.index(b"moov") if name != b"moov" else 0) - 4
        (size,) = struct.unpack(">I", movie[start : start + 4])
        grown[start : start + 4] = struct.pack(">I", size + len(reference) - 12)
    return bytes(grown)


def references(canary: Canary) -> dict[str, bytes]:
    """Data references of ISO 14496-12 and of QuickTime (an alias record: paths by tags) that point elsewhere."""
    path = os.fsencode(canary.pipe)
    name = path.rpartition(b"/")[2]
    tags = struct.pack(">HH", 2, len(path)) + path + b"\0" * (len(path) % 2)
    tags += struct.pack(">HH", 18, len(path)) + path + b"\0" * (len(path) % 2) + struct.pack(">hH", -1, 0)
    fixed = b"\0" * 4 + b"\0" * 6 + b"\x01x" + b"\0" * 26 + b"\0" * 12
    alias = fixed + bytes([len(name)]) + name.ljust(63, b"\0") + b"\0" * 16 + struct.pack(">hh", 1, 2) + b"\0" * 16
    return {
        "url": box(b"url ", b"\0\0\0\0", f"http://127.0.0.1:{canary.port}/v.mp4\0".encode()),
        "file": box(b"url ", b"\0\0\0\0", f"file://{canary.pipe}\0".encode()),
        "alias": box(b"alis", b"\0\0\0\0", alias, tags),
    }


@pytest.mark.parametrize("kind", ["url", "file", "alias"])
def test_data_of_an_mp4_that_lies_elsewhere_is_not_looked_for(canary: Canary, tmp_path: Path, kind: str) -> None:
    whole = write_video(tmp_path / "whole.mp4", [noise(i) for i in range(20)]).read_bytes()
    crafted = tmp_path / "crafted.mp4"
    crafted.write_bytes(with_reference(whole, references(canary)[kind]))
    assert b"moov" in crafted.read_bytes()
    codes = opened(crafted)
    assert not canary.was_touched()
    assert len(codes) == 3, "it may be read from its own bytes or be refused"


def test_a_reference_box_in_its_place_still_reads(tmp_path: Path) -> None:
    """The surgery itself leaves a readable file: a reference to the file itself, spelt longer."""
    whole = write_video(tmp_path / "whole.mp4", [noise(i) for i in range(20)]).read_bytes()
    crafted = tmp_path / "crafted.mp4"
    crafted.write_bytes(with_reference(whole, box(b"url ", b"\0\0\0\x01", b"padding\0")))
    assert probe(str(crafted))["frame_count"] == 20


def test_a_matroska_that_names_another_segment_opens_none(canary: Canary, tmp_path: Path) -> None:
    """NextFilename, which a player may follow, in the place of the MuxingApp element."""
    path = write_video(tmp_path / "v.mkv", [grey(40)] * 10)
    found = re.search(rb"\x4d\x80([\x80-\xff])(Lavf[\d.]+)", path.read_bytes())
    assert found
    name = b"secret.mp4".ljust(len(found[2]) - 1, b"\0")
    linked = b"\x3e\x83\xbb" + bytes([0x80 | len(name)]) + name
    path.write_bytes(path.read_bytes().replace(found[0], linked, 1))
    assert opened(path) == ["read"] * 3
    assert not canary.was_touched()


def test_the_canary_notices_a_reader(canary: Canary) -> None:
    reader = os.open(canary.pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert canary.was_touched()
    os.close(reader)
    socket.create_connection(("127.0.0.1", canary.port)).close()
    for _ in range(100):
        if canary.was_touched():
            return
        threading.Event().wait(0.01)
    raise AssertionError("a connection was not counted")
