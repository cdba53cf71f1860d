"""An HTTP server on 127.0.0.1 that behaves as badly as the internet does, and counts what is asked of it."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]


@dataclass
class Loopback:
    """What lies under each path, and the (path, Range header) of every request."""

    address: str = ""
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"

    def put(self, path: str, behaviour: Behaviour) -> str:
        self.behaviours[path] = behaviour
        return self.url(path)

    def count(self) -> Counter[str]:
        """Requests by path."""
        return Counter(path for path, _ in self.requests)

    def ranges(self, path: str) -> list[str | None]:
        return [asked for at, asked in self.requests if at == path]


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
    told: Loopback

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    @property
    def told(self) -> Loopback:
        return self.server.told

    def do_GET(self) -> None:
        told, path = self.told, self.path
        with told.lock:
            told.requests.append((path, self.headers.get("range")))
            told.at_once += 1
            told.most_at_once = max(told.most_at_once, told.at_once)
        try:
            told.behaviours.get(path, answers(404))(self)
        finally:
            with told.lock:
                told.at_once -= 1

    def log_message(self, *words: object) -> None: ...

    def begin(self, status: int, length: int | None, headers: Mapping[str, str] = {}) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        self.end_headers()

    def cut(self) -> None:
        """Close in the middle, as a server that dies does."""
        self.close_connection = True

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


@contextmanager
def loopback() -> Iterator[Loopback]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.told = Loopback(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.told
        server.told.closing.set()
        server.shutdown()
        thread.join()


def answers(status: int, **headers: str) -> Behaviour:
    """A bare status."""
    return lambda handler: handler.begin(status, 0, {name.replace("_", "-"): told for name, told in headers.items()})


def file(body: bytes, *, ranges: bool = True, content_type: str = "video/mp4", **headers: str) -> Behaviour:
    """A well-served file: an ETag, ranges, `If-Range` honoured."""
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    told = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in headers.items()}}

    def serve(handler: Handler) -> None:
        status, start, known = 200, 0, told | ({"ETag": etag} if ranges else {})
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("range", ""))
        if ranges and asked and handler.headers.get("if-range", etag) == etag:
            start = int(asked[1])
            if start >= len(body):
                return handler.begin(416, 0)
            status, known = 206, known | {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
        handler.begin(status, len(body) - start, known)
        handler.wfile.write(body[start:])
        return None

    return serve


def page(html: str) -> Behaviour:
    return file(html.encode(), content_type="text/html; charset=utf-8")


def leads_to(url: str, status: int = 302) -> Behaviour:
    return answers(status, Location=url)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first request gets the first, and so on; the last one stays."""
    left = list(behaviours)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


def first_part(body: bytes, sent: int, end: Callable[[Handler], None], *, length: int | None = None) -> Behaviour:
    """A file that says how long it is, sends less, and then stalls, resets or closes."""
    etag = f'"{hashlib.md5(body).hexdigest()}"'

    def serve(handler: Handler) -> None:
        handler.begin(200, length or len(body), {"ETag": etag, "Content-Type": "video/mp4"})
        handler.wfile.write(body[:sent])
        handler.wfile.flush()
        time.sleep(0.05)  # a reset overtakes bytes that are still on their way
        end(handler)

    return serve


def stall(handler: Handler) -> None:
    """Say nothing more, until the test ends."""
    handler.told.closing.wait(30)
    handler.cut()


def drip(body: bytes, *, pause_seconds: float) -> Behaviour:
    """A byte now and then."""

    def serve(handler: Handler) -> None:
        handler.begin(200, len(body))
        for byte in body:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            if handler.told.closing.wait(pause_seconds):
                return handler.cut()
        return None

    return serve
