"""A server says at once whether it will do; what speaks against it is one line with the way out, and holds no key."""

from __future__ import annotations

import socket

import pytest
from loopback_endpoint import KEY, MODEL, loopback_endpoint

from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.endpoint_check import problem_with


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with loopback_endpoint() as told:
        yield told


def at(base_url: str, name: str = MODEL) -> Endpoint:
    return Endpoint(base_url=base_url, name=name, revision="spring")  # pyright: ignore[reportCallIssue]


def test_a_server_that_knows_the_model(server):
    server.wants_key = True
    assert problem_with(at(server.base_url)) is None


def test_another_model(server):
    told = problem_with(at(server.base_url, "larger-vl"))
    assert told == f"{server.base_url} has no model larger-vl: set the name to one of {MODEL}"


@pytest.mark.parametrize(("key", "said"), [("wrong", "rejects the key in"), ("", "requires a key: set")])
def test_a_key_is_refused_without_being_told(server, monkeypatch, key, said):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    server.wants_key = True
    told = problem_with(at(server.base_url))
    assert told and f"{said} OPENAI_API_KEY (401)" in told and "wrong" not in told


def test_nothing_at_the_address(server):
    told = problem_with(at(server.base_url + "/beyond"))
    assert told and "beyond/models (404)" in told


def test_no_server():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        told = problem_with(at(address))
    assert told and told.startswith(f"no server answers at {address}") and f"vllm serve {MODEL}" in told
