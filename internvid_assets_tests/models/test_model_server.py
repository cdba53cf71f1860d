"""A server that answers late, out of order, in part or not at all: each row gets its own answer, or its reason."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator

import numpy as np
import pytest
from loopback_endpoint import (
    KEY,
    MODEL,
    Endpoint,
    answer,
    caption_of,
    cut,
    half,
    late,
    loopback_endpoint,
    reset,
    says,
    sends,
)
from pydantic import BaseModel

from internvid_assets.cells.errors import CallError, RunStopped
from internvid_assets.models.batching import in_order
from internvid_assets.models.endpoint import Endpoint as Settings
from internvid_assets.models.instructed import InstructedCaptioner
from internvid_assets.models.protocols import Answer
from internvid_assets.models.server import ServerModel


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with loopback_endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def model(endpoint: Endpoint) -> ServerModel:
    return model_of(endpoint)


def model_of(endpoint: Endpoint, **settings) -> ServerModel:
    patience = {"backoff_seconds": 0.01, "timeout_seconds": 5.0, **settings}
    return ServerModel(Settings(base_url=endpoint.base_url, name=MODEL, revision="1", **patience))


def pictures(count: int, side: int = 8) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(256, size=(side, side + i % 5, 3), dtype=np.uint8) for i in range(count)]


def captions(model: ServerModel, images, **options) -> list[Answer | CallError]:
    return in_order(InstructedCaptioner(model, "Say what it shows.").caption(images, **options))


def text_of(answer: Answer | CallError) -> str:
    return answer.code if isinstance(answer, CallError) else answer.text


def test_thousands_of_pictures_get_their_own_captions_whatever_the_server_does(endpoint):
    """Late and so out of order, refused for a while, failing, cut off: what is asked again is answered in the end."""
    images = pictures(2000)
    rng = random.Random(0)
    troubles = [late(0.05), sends(500), sends(429, retry_after="0.02"), cut, half, reset, sends(503), says(None)]
    for image in images:
        if rng.random() < 0.3:
            endpoint.meet(caption_of(image), *rng.choices(troubles, k=rng.choice([1, 1, 2])), answer)
    lost = {caption for caption, met in endpoint.behaviours.items() if says_nothing(met)}
    answers = captions(model_of(endpoint, requests_at_once=48, tries=6), images)
    assert len(lost) > 20
    for image, given in zip(images, answers, strict=True):
        right = caption_of(image)
        assert text_of(given) == right or (text_of(given) == "empty_answer" and right in lost)
    assert sum(isinstance(given, Answer) for given in answers) >= len(images) - len(lost)
    assert endpoint.most_at_once <= 48


def says_nothing(met) -> bool:
    return any(behaviour.__qualname__.startswith("says") for behaviour in met)


ENDS = [
    ([sends(500), sends(503), answer], None),
    ([sends(429, retry_after="0.05"), answer], None),
    ([sends(429, retry_after_ms="50"), answer], None),
    ([cut, answer], None),
    ([half, answer], None),
    ([reset, answer], None),
    ([sends(200, "<html>busy</html>", content_type="text/html"), answer], None),
    ([sends(200, {"choices": []}), answer], None),
    ([sends(500)] * 3, "server_error"),
    ([cut] * 3, "truncated_answer"),
    ([half] * 3, "malformed_answer"),
    ([reset] * 3, "connection_failed"),
    ([late(1.0)] * 3, "timed_out"),
    ([sends(429, retry_after="3600")], "rate_limited"),
    ([sends(400)], "request_refused"),
    ([says("")], "empty_answer"),
    ([says(None)], "empty_answer"),
    ([says("a dog on a", finish_reason="length")], "cut_off"),
    ([says(None, refusal="I cannot help with that.")], "refused"),
    ([says("a man", finish_reason="content_filter")], "refused"),
    ([says("a dog and " * 30)], "repeated_text"),
]


@pytest.mark.parametrize(("behaviours", "code"), ENDS)
def test_a_row_ends_right_or_with_its_reason(endpoint, behaviours, code):
    image, neighbour = pictures(2)
    endpoint.meet(caption_of(image), *behaviours)
    model = model_of(endpoint, tries=3, timeout_seconds=0.4, max_wait_seconds=60.0)
    answers = captions(model, [image, neighbour])
    assert [text_of(given) for given in answers] == [code or caption_of(image), caption_of(neighbour)]
    assert endpoint.asked[caption_of(image)] == len(behaviours), "tried as often as need be, and no more"
    assert endpoint.asked[caption_of(neighbour)] == 1


def test_a_pause_that_one_request_is_told_is_kept_by_all(endpoint):
    images = pictures(12)
    endpoint.meet(caption_of(images[0]), sends(429, retry_after="0.6"), answer)
    model = model_of(endpoint, requests_at_once=1)
    began = time.monotonic()
    captions(model, images[:1])
    assert time.monotonic() - began >= 0.6
    limits = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "600ms"}
    endpoint.meet(caption_of(images[1]), lambda handler, caption: handler.send(200, COMPLETE, **limits))
    captions(model, images[1:2])
    began = time.monotonic()
    captions(model, images[2:])
    assert time.monotonic() - began >= 0.5, "the server said that nothing is left for 600 ms"


COMPLETE = {"choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "a dog"}}]}


def test_a_slow_row_holds_up_nobody_and_no_more_is_taken_than_there_is_room_for(endpoint):
    images = pictures(200)
    taken = 0

    def taking():
        nonlocal taken
        for image in images:
            taken += 1
            yield image

    endpoint.meet(caption_of(images[0]), late(3.0))
    answered = 0
    pieces = InstructedCaptioner(model_of(endpoint, requests_at_once=8), "?").caption(taking())
    for piece in pieces:
        answered += len(piece)
        assert taken - answered <= 16
        if answered == 199:
            break
    assert [list(piece) for piece in pieces][-1] == [0], "an empty piece now and then, and the slow one in the end"


def test_the_order_of_texts_and_pictures_is_kept_and_both_pictures_are_sent(endpoint, model):
    first, second = pictures(2)
    prompt = ["At 0 s:", first, "At 2 s:", second, "What changed?"]
    (given,) = in_order(model.answer([prompt], max_new_tokens=7))
    assert text_of(given) == caption_of(first, second)
    (request,) = endpoint.requests
    kinds = [part.get("text", part["type"]) for part in request["messages"][0]["content"]]
    assert kinds == ["At 0 s:", "image_url", "At 2 s:", "image_url", "What changed?"]
    assert (request["max_tokens"], request["temperature"], request["logprobs"]) == (7, 0, True)


def test_tokens_cost_and_probability_are_kept(endpoint):
    prices = {"dollars_per_million_prompt_tokens": 2.0, "dollars_per_million_answer_tokens": 5.0}
    model = model_of(endpoint, log_probabilities=False, options={"seed": 1, "temperature": 0.5}, **prices)
    (given,) = in_order(model.generate(["one"]))
    assert isinstance(given, Answer)
    assert (given.prompt_tokens, given.answer_tokens, given.log_probability) == (10, 4, -0.5)
    assert given.cost_dollars == pytest.approx((10 * 2 + 4 * 5) / 1e6)
    (request,) = endpoint.requests
    assert (request["seed"], request["temperature"], "logprobs" in request) == (1, 0.5, False)


class Actions(BaseModel):
    """What a structured answer holds."""

    actions: list[str]


def test_a_structure_is_asked_for_and_held_against_the_answer(endpoint, model):
    image, other = pictures(2)
    endpoint.meet(caption_of(image), says('{"actions": ["run", "run", "run", "run"]}'))
    endpoint.meet(caption_of(other), says('{"deeds": []}'))
    given, failed = in_order(model.answer([[image], [other]], structure=Actions))
    assert isinstance(given, Answer)
    assert Actions.model_validate_json(given.text).actions == ["run"] * 4
    assert text_of(failed) == "malformed_answer"
    asked = endpoint.requests[0]["response_format"]
    assert asked["type"] == "json_schema" and asked["json_schema"]["schema"]["required"] == ["actions"]


def test_without_a_server_the_run_ends():
    with loopback_endpoint() as dying:
        model = model_of(dying, requests_at_once=2, tries=2)
        captions(model, pictures(1))
    with pytest.raises(RunStopped, match=f"no server answers at {dying.base_url}.*run the same command again"):
        captions(model, pictures(5))


@pytest.mark.parametrize(
    ("behaviour", "told"),
    [
        (sends(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}), "rejects the API key"),
        (sends(403), "denies access"),
        (sends(429, {"error": {"message": "pay", "code": "insufficient_quota"}}), "reports an exhausted quota"),
    ],
)
def test_what_no_row_is_to_blame_for_ends_the_run_without_showing_the_key(
    endpoint, behaviour, told, monkeypatch, caplog
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("A_KEY", KEY)
    images = pictures(40)
    endpoint.meet(caption_of(images[20]), behaviour)
    model, found = model_of(endpoint, api_key_variable="A_KEY", requests_at_once=1), {}
    pieces = InstructedCaptioner(model, "?").caption(images)
    with pytest.raises(RunStopped, match=told) as stopped:
        found.update(answered for piece in pieces for answered in piece.items())
    assert KEY not in str(stopped.value) and KEY not in caplog.text
    assert {position: text_of(given) for position, given in found.items()} == {
        position: caption_of(image) for position, image in enumerate(images[:20])
    }, "what was answered before comes first"


def test_another_model_than_the_server_has_is_said(endpoint):
    model = ServerModel(Settings(base_url=endpoint.base_url, name="another", revision="1"))
    with pytest.raises(RunStopped, match=r"has no such model.*`another` does not exist"):
        captions(model, pictures(1))


def test_a_server_that_fails_everybody_ends_the_run(endpoint):
    endpoint.otherwise = sends(502)
    model = model_of(endpoint, requests_at_once=4, tries=2)
    with pytest.raises(RunStopped, match="502"):
        captions(model, pictures(50))
    assert len(endpoint.asked) < 20, "it does not go through a million rows to find out"
