"""Opens local video files: selects the video stream, restricts what is read, and gives clear codes for failures."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from internvid_assets.cells.errors import CallError

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_PIXELS = 8192 * 4320
"""The largest frame that is decoded (8K): a tiny file may claim 16000x16000 and use gigabytes."""

CONTAINERS = (
    "3gp,aac,amr,apng,asf,avi,dv,f4v,flac,flv,gif,h261,h263,h264,hevc,ivf,m4a,m4v,matroska,mj2,mov,mp3,mp4,mpeg,"
    "mpegts,mpegvideo,mxf,nut,obu,ogg,rm,swf,vc1,vvc,wav,webm,wtv,yuv4mpegpipe"
)
"""Demuxers that read only the given file: playlists (hls, dash, concat, image2) refer to others and are excluded."""

_MOV_BOXES = {b"ftyp", b"mdat", b"moov", b"free", b"skip", b"wide", b"styp", b"moof"}
_SIGNATURES = (b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"FLV\x01", b"0&\xb2u")  # Matroska, AVI, Ogg, FLV, ASF
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}


def local_path(source_uri: str) -> str:
    """The local path of a file:// URI (percent-encoded, any bytes), or of a plain path."""
    if source_uri.startswith("file://"):
        _, _, path = source_uri.removeprefix("file://").partition("/")
        return os.fsdecode(unquote_to_bytes("/" + path))
    scheme, separator, _ = source_uri.partition("://")
    if separator and scheme.isalnum():
        raise CallError("unsupported_source", f"{source_uri!r} is not a local file: give a path or a file:// URI")
    return os.path.abspath(source_uri)


def io_error(error: OSError, path: str) -> CallError:
    """Missing files and link loops are permanent failures; others (EIO, a stale mount, permissions) are retryable."""
    is_gone = error.errno in _GONE
    reason = os.strerror(error.errno) if error.errno else str(error)
    code = "file_missing" if is_gone else "read_failed"
    return CallError(code, f"cannot read {path!r}: {reason}", retryable=not is_gone)


def check_readable(path: str) -> os.stat_result:
    """Reject missing and empty files, folders, pipes and devices, which would hang or give unclear errors."""
    try:
        status = os.stat(path)
    except ValueError as error:
        raise CallError("file_missing", f"{path!r} is not a valid path: {error}") from None
    except OSError as error:
        raise io_error(error, path) from None
    if not stat.S_ISREG(status.st_mode):
        raise CallError("not_a_file", f"{path!r} is not a regular file")
    if status.st_size == 0:
        raise CallError("file_empty", f"{path!r} has 0 bytes: copy it again")
    return status


@contextmanager
def opened_file(source_uri: str, *, max_pixels: int = MAX_PIXELS) -> Iterator[InputContainer]:
    """The container, with any contents.

    Raises `CallError`: file_missing, file_empty, not_a_file, read_failed (retryable), not_a_video, truncated.
    """
    path = local_path(source_uri)
    check_readable(path)
    with _container(path, max_pixels=max_pixels) as container:
        yield container


@contextmanager
def opened_video(
    source_uri: str, *, max_pixels: int = MAX_PIXELS, threads: int = 1
) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its first real video stream, decoded with at most `max_pixels` and `threads` (0: all cores).

    Raises `CallError`: the codes of `opened_file`, no_video_stream, unsupported_codec, too_many_pixels.
    """
    path = local_path(source_uri)
    with opened_file(source_uri, max_pixels=max_pixels) as container:
        stream = _video_stream(container, path)
        width, height = _coded_size(stream) or _declared_size(path, stream.index)
        refuse_large(path, width, height, max_pixels=max_pixels)
        # The decoder checks every frame again, independently of the header.
        stream.codec_context.options = {"max_pixels": str(max_pixels)}
        stream.codec_context.thread_count = threads
        stream.codec_context.thread_type = "AUTO" if threads != 1 else "NONE"
        yield container, stream


def refuse_large(path: str, width: int, height: int, *, max_pixels: int) -> None:
    """Raises CallError (too_many_pixels) if a frame is too large to be decoded."""
    if width * height > max_pixels:
        raise CallError("too_many_pixels", f"{path!r} is {width}x{height}: at most {max_pixels} pixels are decoded")


def _coded_size(stream: VideoStream) -> tuple[int, int] | None:
    width, height = stream.codec_context.width, stream.codec_context.height
    return (width, height) if width and height else None


def _declared_size(path: str, stream_index: int) -> tuple[int, int]:
    """The size in the container's header, if the decoder rejected the frames and reset the size; (0, 0): unknown."""
    import av

    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS, "codec_whitelist": "none"}
    with av.open(f"file:{path}", options=options, metadata_errors="replace") as container:
        stream = container.streams[stream_index]
        return getattr(stream.codec_context, "width", 0), getattr(stream.codec_context, "height", 0)


def _container(path: str, *, max_pixels: int) -> InputContainer:
    import av
    from av.error import FFmpegError

    options = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS, "max_pixels": str(max_pixels)}
    try:
        return av.open(f"file:{path}", options=options, metadata_errors="replace")
    except OSError as error:
        if error.errno in (errno.EINVAL, None):
            raise _unreadable(path) from None
        raise io_error(error, path) from None
    except FFmpegError:
        raise _unreadable(path) from None


def _unreadable(path: str) -> CallError:
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        return io_error(error, path)
    if head[4:8] in _MOV_BOXES or head.startswith(_SIGNATURES):
        return CallError("truncated", f"{path!r} starts like a video but has no readable index: copy it again")
    return CallError("not_a_video", f"{path!r} is not a supported video container")


def _video_stream(container: InputContainer, path: str) -> VideoStream:
    from av.stream import Disposition

    pictures = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [stream for stream in container.streams.video if not stream.disposition & pictures]
    if not streams:
        raise CallError("no_video_stream", f"{path!r} has no video stream (cover art does not count)")
    if streams[0].codec_context is None:
        raise CallError("unsupported_codec", f"{path!r} has a video stream in an unsupported codec: transcode it")
    return streams[0]


def time_base(stream: VideoStream) -> Fraction:
    """Seconds per tick (PyAV returns a Fraction or, from 19 on, its own rational type)."""
    base = stream.time_base
    return Fraction(base.numerator, base.denominator) if base else Fraction(1, 90_000)


def nominal_rate_fps(stream: VideoStream) -> Fraction:
    """The frame rate given by the container, or else 25: good enough to guess a duration, not for timestamps."""
    for rate in (stream.guessed_rate, stream.average_rate):
        if rate and rate.denominator and 1e-4 <= rate.numerator / rate.denominator <= 1000:
            return Fraction(rate.numerator, rate.denominator)
    return Fraction(25)
