"""How videos are broken: each function makes a maker, which writes one file."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from mp4_boxes import SAMPLE_TABLE, Edit, box, edit_file, full_box, numbers
from tiny_videos import grey, noise, write_audio, write_video

Maker = Callable[[Path], object]

PICTURES = [noise(scene) for scene in range(2) for _ in range(20)]
"""Two scenes of twenty pictures."""


def video(*pictures: np.ndarray, **options) -> Maker:
    return lambda path: write_video(path, pictures or PICTURES, **options)


def content(whole: str | bytes) -> Maker:
    return lambda path: path.write_bytes(whole.encode() if isinstance(whole, str) else whole)


def picture(extension: str) -> Maker:
    return content(cv2.imencode(extension, noise(1))[1].tobytes())


def zeros(size: int) -> Maker:
    """Takes no disk: the file is one hole."""

    def make(path: Path) -> None:
        path.touch()
        os.truncate(path, size)

    return make


def rubbish(size: int) -> bytes:
    return random.Random(0).randbytes(size)


def cut(whole: bytes) -> bytes:
    return whole[: len(whole) * 6 // 10]


def every_fifth_packet_lost(stream: bytes) -> bytes:
    """A transport stream as a bad antenna leaves it."""
    packets = [stream[i : i + 188] for i in range(0, len(stream), 188)]
    return b"".join(packet for number, packet in enumerate(packets) if number % 5 != 4)


def changed(make_whole: Maker, change: Callable[[bytes], bytes]) -> Maker:
    def make(path: Path) -> None:
        make_whole(path)
        path.write_bytes(change(path.read_bytes()))

    return make


def joined(*parts: Maker) -> Maker:
    """The parts' bytes one after the other, as a recorder leaves them."""

    def make(path: Path) -> None:
        whole = b""
        for part in parts:
            part(path)
            whole += path.read_bytes()
        path.write_bytes(whole)

    return make


def edited(*box_path: str, edit: Edit, pictures: Sequence[np.ndarray] = PICTURES, **options) -> Maker:
    """An MP4 file in which the payload of one box is another."""
    return lambda path: edit_file(write_video(path, pictures, **options), box_path, edit)


def table(name: str, *values: int, **options) -> Maker:
    """An MP4 file whose sample table says otherwise."""
    return edited(*SAMPLE_TABLE, name, edit=full_box(*values), **options)


def edit_list(*entries: tuple[int, int], **options) -> Maker:
    """An MP4 file with these (duration in ms, media time in ticks) for an edit list; media time -1 is a pause."""
    values = [value for duration, start in entries for value in (duration, start, 0x10000)]
    return edited("moov", "trak", "edts", "elst", edit=full_box(len(entries), *values), **options)


def nested(name: str, depth: int) -> bytes:
    """Empty boxes in boxes."""
    payload = b""
    for _ in range(depth):
        payload = box(name, payload)
    return payload


def without_packet(number: int, **options) -> Maker:
    """A video remuxed without one of its packets."""

    def make(path: Path) -> None:
        whole = write_video(path.with_suffix(".whole.mp4"), PICTURES, **options)
        with av.open(str(whole)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for i, packet in enumerate(source.demux(video=0)):
                if packet.size and i != number:
                    packet.stream = stream
                    target.mux(packet)
        whole.unlink()

    return make


def repeated(times: int) -> Maker:
    """One key frame of 16x16 pixels, shown again and again."""

    def make(path: Path) -> None:
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 16
            stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(grey(90, width=16, height=16), format="rgb24")
            (packet,) = [*stream.encode(frame), *stream.encode(None)]
            for number in range(times):
                packet.pts = packet.dts = number
                packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 25), True
                container.mux(packet)

    return make


def data_only(path: Path) -> None:
    with av.open(str(path), "w", format="mpegts") as container:
        stream = container.add_data_stream("bin_data")
        packet = av.Packet(b"telemetry " * 100)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 90_000)
        container.mux(packet)


def sound_with_cover(path: Path) -> None:
    """Ogg audio with a picture in its comments, as music shops sell it."""
    png = cv2.imencode(".png", noise(1))[1].tobytes()
    block = numbers(3, 9) + b"image/png" + numbers(0, 64, 48, 24, 0, len(png)) + png
    write_audio(path, codec="libopus", tags={"METADATA_BLOCK_PICTURE": base64.b64encode(block).decode()})


def encrypted(path: Path) -> None:
    keys = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "76" * 16, "encryption_kid": "a7" * 16}
    write_video(path, PICTURES, container_options=keys)


def samples_in_another_file(path: Path) -> None:
    """A QuickTime file that refers to the samples of another one, which is there; its own are zeros."""
    other = write_video(path.with_name("secret.mov"), PICTURES)
    reference = numbers(0, 1) + box("url ", numbers(0) + other.as_uri().encode() + b"\0")
    write_video(path, PICTURES)
    edit_file(path, ("moov", "trak", "mdia", "minf", "dinf", "dref"), lambda _: reference)
    edit_file(path, ("mdat",), lambda samples: bytes(len(samples)))


def ebml(identifier: str, payload: bytes, *, claims: int | None = None) -> bytes:
    """An EBML element; its size field is right unless it `claims` another."""
    size = len(payload) if claims is None else claims
    return bytes.fromhex(identifier) + (size | 1 << 56).to_bytes(8, "big") + payload


def matroska(*elements: bytes) -> Maker:
    """A Matroska file whose segment holds these elements."""
    return content(ebml("1a45dfa3", ebml("4282", b"matroska")) + ebml("18538067", b"".join(elements)))


def endless_tags(depth: int) -> bytes:
    """Tags that hold tags, each claiming to be endless."""
    tag = b""
    for _ in range(depth):
        tag = ebml("67c8", tag, claims=2**56 - 1)
    return ebml("1254c367", ebml("7373", tag))


def subtitle_track() -> bytes:
    number, kind, codec = ebml("d7", b"\1"), ebml("83", b"\x11"), ebml("86", b"S_TEXT/UTF8")
    return ebml("1654ae6b", ebml("ae", number + kind + codec))


def subtitle_cluster() -> bytes:
    return ebml("1f43b675", ebml("e7", b"\0") + ebml("a3", b"\x81\0\0\x80Hello"))
