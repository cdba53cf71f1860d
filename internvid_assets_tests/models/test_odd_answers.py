"""What servers send that is no completion, or nearly one: a row's reason or a good caption, and never a dead run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import polars as pl
import pytest
from loopback_endpoint import KEY, MODEL, Behaviour, Endpoint, answer, caption_of, completion, loopback_endpoint, sends

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


def captions(endpoint: Endpoint, images, **settings) -> list[Answer | CallError]:
    told = {"backoff_seconds": 0.01, "timeout_seconds": 5.0, "tries": 2, **settings}
    model = ServerModel(Settings(base_url=endpoint.base_url, name=MODEL, revision="1", **told))
    return in_order(InstructedCaptioner(model, "Say what it shows.").caption(images))


def pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(256, size=(8, 8, 3), dtype=np.uint8) for _ in range(count)]


def sending(change: Callable[[dict[str, Any]], object], text: str = "a dog") -> Behaviour:
    """A completion with something in it changed."""
    body = deepcopy(completion(text))
    change(body)
    return sends(200, body)


def message(told: Any) -> Behaviour:
    return sending(lambda body: body["choices"][0].update(message=told))


NO_COMPLETIONS = {
    "a number": message({"role": "assistant", "content": 5}),
    "a list": message({"role": "assistant", "content": [{"type": "text", "text": "a dog"}]}),
    "a plain message": message("a dog"),
    "choices by name": sending(lambda body: body.update(choices={"first": 1})),
    "choices of words": sending(lambda body: body.update(choices=["a dog"])),
    "an error that says it is fine": sends(200, {"error": {"message": "out of memory"}}),
}


@pytest.mark.parametrize("behaviour", NO_COMPLETIONS.values(), ids=NO_COMPLETIONS)
def test_what_is_no_completion_is_tried_again_and_told(endpoint, behaviour):
    first, second = pictures(2)
    endpoint.meet(caption_of(first), behaviour, behaviour)
    endpoint.meet(caption_of(second), behaviour, answer)
    failed, right = captions(endpoint, [first, second])
    assert isinstance(failed, CallError) and (failed.code, failed.retryable) == ("malformed_answer", True)
    assert isinstance(right, Answer) and right.text == caption_of(second)


def test_what_the_server_said_is_told_without_the_key(endpoint, monkeypatch):
    monkeypatch.setenv("A_KEY", KEY)
    (image,) = pictures(1)
    endpoint.otherwise = sends(200, {"error": {"message": f"no quota for {KEY}"}})
    (failed,) = captions(endpoint, [image], api_key_variable="A_KEY")
    assert isinstance(failed, CallError) and "no quota for [the key]" in failed.message


USAGES = [
    ("none", None, None),
    ({}, None, None),
    ({"prompt_tokens": None, "completion_tokens": None}, None, None),
    ({"prompt_tokens": "10", "completion_tokens": 4}, None, 4),
    ({"prompt_tokens": 10**30, "completion_tokens": 4}, None, 4),
    ({"prompt_tokens": 10.5, "completion_tokens": 4}, None, 4),
]


@pytest.mark.parametrize(("usage", "read", "written"), USAGES)
def test_a_caption_is_as_good_without_its_bill(endpoint, usage, read, written):
    endpoint.otherwise = sending(lambda body: body.update(usage=usage))
    (given,) = captions(endpoint, pictures(1))
    assert isinstance(given, Answer) and given.text == "a dog"
    assert (given.prompt_tokens, given.answer_tokens, given.cost_dollars) == (read, written, None)


@pytest.mark.parametrize("logprob", ['"none"', "null", "NaN", "-Infinity"])
def test_a_caption_is_as_good_without_its_probability(endpoint, logprob):
    endpoint.otherwise = sends(200, json.dumps(completion("a dog")).replace("-0.5", logprob))
    (given,) = captions(endpoint, pictures(1))
    assert given == Answer("a dog", None, 10, 4, 0.0)


def test_half_a_character_can_be_kept(endpoint, tmp_path):
    """JSON may hold one; a file could not, and one such answer ended every run."""
    endpoint.otherwise = sending(lambda body: None, text="a \ud83d dog")
    (given,) = captions(endpoint, pictures(1))
    assert isinstance(given, Answer) and given.text == "a \N{REPLACEMENT CHARACTER} dog"
    pl.DataFrame({"caption": [given.text]}).write_parquet(tmp_path / "captions.parquet")


def test_a_limit_that_says_to_come_back_at_once_is_not_asked_for_ever(endpoint):
    endpoint.otherwise = sends(429, retry_after="0")
    (failed,) = captions(endpoint, pictures(1), max_wait_seconds=0.5)
    assert isinstance(failed, CallError) and failed.code == "rate_limited"
    assert endpoint.asked.total() < 50


def test_nothing_left_for_a_day_holds_up_no_request_longer_than_it_may_wait(endpoint):
    limits = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "24h"}
    images, began = pictures(2), time.monotonic()
    endpoint.meet(caption_of(images[0]), lambda handler, caption: handler.send(200, completion(caption), **limits))
    answers = captions(endpoint, images, requests_at_once=1, max_wait_seconds=0.3)
    assert all(isinstance(given, Answer) for given in answers)
    assert 0.3 <= time.monotonic() - began < 5


def test_a_server_that_refuses_everybody_marks_no_row_for_good(endpoint):
    """Such as one that takes no log-probabilities: the settings are to blame."""
    endpoint.otherwise = sends(400, {"error": {"message": "logprobs is not supported"}})
    with pytest.raises(RunStopped, match=r"requests were all refused.*logprobs is not supported"):
        captions(endpoint, pictures(30), requests_at_once=4)
    few = captions(endpoint, pictures(3), requests_at_once=4)
    assert all(isinstance(failed, CallError) and failed.retryable for failed in few)


def test_a_refused_picture_among_others_is_to_blame_itself(endpoint):
    images = pictures(30)
    endpoint.meet(caption_of(images[20]), sends(400))
    failed = captions(endpoint, images, requests_at_once=1)[20]
    assert isinstance(failed, CallError) and (failed.code, failed.retryable) == ("request_refused", False)
