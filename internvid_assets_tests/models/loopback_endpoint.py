"""An OpenAI-compatible server on 127.0.0.1 that answers by what a picture shows, and behaves as badly as servers do.

As a program, `python loopback_endpoint.py PORT LOG SECONDS`: it takes so long for an answer, and writes down each one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np

MODEL, KEY = "tiny-vl", "sk-a-secret-that-nobody-may-read"

Behaviour = Callable[["Handler", str], None]
"""What is done with a request, and the caption that would be right."""


@dataclass
class Endpoint:
    """What was asked (by the right answer), and how the next request about it is met."""

    base_url: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    requests: list[dict[str, Any]] = field(default_factory=list)
    behaviours: dict[str, list[Behaviour]] = field(default_factory=dict)
    otherwise: Behaviour | None = None
    wants_key: bool = False
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def meet(self, caption: str, *behaviours: Behaviour) -> None:
        """The next requests for `caption` are met so, one after the other."""
        self.behaviours[caption] = list(behaviours)


def caption_of(*images: np.ndarray) -> str:
    """What pictures show: words that no other pictures have."""
    digest = hashlib.sha256(b"".join(image.tobytes() for image in images)).hexdigest()
    return f"a scene like {digest[:8]} and {digest[8:16]}"


class Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True
    told: Endpoint

    def __init__(self, *arguments: Any) -> None:
        self.connections: set[socket.socket] = set()
        super().__init__(*arguments)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def die(self) -> None:
        """Connections that a client keeps for its next question end too: a server that is gone answers nobody."""
        self.shutdown()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        told, request = self.server.told, json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path != "/v1/chat/completions" or request["model"] != MODEL:
            return self.send(404, {"error": {"message": f"The model `{request['model']}` does not exist."}})
        caption = right_answer(request)
        with told.lock:
            told.asked[caption] += 1
            told.requests.append(request)
            told.at_once += 1
            told.most_at_once = max(told.most_at_once, told.at_once)
            behaviour = (told.behaviours.get(caption) or [told.otherwise or answer]).pop(0)
        try:
            return behaviour(self, caption)
        finally:
            with told.lock:
                told.at_once -= 1

    def do_GET(self) -> None:
        """Which models there are; nothing else is asked so."""
        if self.path != "/v1/models":
            return self.send(404, {"error": {"message": "Not Found"}})
        if self.server.told.wants_key and self.headers["authorization"] != f"Bearer {KEY}":
            return self.send(401, {"error": {"message": f"Incorrect key: {self.headers['authorization']}"}})
        listed = {"id": MODEL, "object": "model", "created": 0, "owned_by": "us"}
        return self.send(200, {"object": "list", "data": [listed]})

    def log_message(self, *words: object) -> None: ...

    def send(self, status: int, body: dict[str, Any] | str, *, cut_at: int | None = None, **headers: str) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:cut_at])
        self.close_connection = cut_at is not None


def right_answer(request: dict[str, Any]) -> str:
    """From all pictures of a request; from its words, where it has none."""
    parts = [part for message in request["messages"] for part in message["content"]]
    images = [picture(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"]
    if images:
        return caption_of(*images)
    return caption_of(np.frombuffer("".join(part["text"] for part in parts).encode(), np.uint8))


def picture(url: str) -> np.ndarray:
    encoded = np.frombuffer(base64.b64decode(url.partition(",")[2]), np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB))


def completion(text: str | None, *, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    """Ten tokens read, four written, each with a log-probability of -0.5."""
    tokens = [{"token": "x", "logprob": -0.5, "bytes": None, "top_logprobs": []}] * 4
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "finish_reason": finish_reason,
                "message": {"role": "assistant", "content": text, **message},
                "logprobs": {"content": tokens, "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14},
    }


def answer(handler: Handler, caption: str) -> None:
    handler.send(200, completion(caption))


def says(text: str | None, **how: Any) -> Behaviour:
    return lambda handler, caption: handler.send(200, completion(text, **how))


def sends(status: int, body: str | dict[str, Any] = "", **headers: str) -> Behaviour:
    told = {"error": {"message": "as you wished"}} if body == "" else body
    return lambda handler, caption: handler.send(status, told, **headers)


def late(seconds: float) -> Behaviour:
    def behave(handler: Handler, caption: str) -> None:
        time.sleep(seconds)
        answer(handler, caption)

    return behave


def cut(handler: Handler, caption: str) -> None:
    """The connection ends in the middle of the answer."""
    handler.send(200, completion(caption), cut_at=60)


def half(handler: Handler, caption: str) -> None:
    """The answer ends in its middle, and says that this is all."""
    handler.send(200, json.dumps(completion(caption))[:60])


def reset(handler: Handler, caption: str) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@contextmanager
def loopback_endpoint(port: int = 0) -> Iterator[Endpoint]:
    with Server(("127.0.0.1", port), Handler) as server:
        server.told = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.told
        server.die()
        thread.join()


if __name__ == "__main__":
    log, seconds = Path(sys.argv[2]), float(sys.argv[3])

    def written_down(handler: Handler, caption: str) -> None:
        late(seconds)(handler, caption)
        with handler.server.told.lock, log.open("a") as file:
            file.write(f"{caption}\n")

    with loopback_endpoint(int(sys.argv[1])) as endpoint:
        endpoint.otherwise = written_down
        print(endpoint.base_url, flush=True)
        threading.Event().wait()
