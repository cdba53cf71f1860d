"""From a server's completion to an answer or an error."""

from __future__ import annotations

import math
import re
from typing import Any, TypeGuard

from openai.types.chat import ChatCompletionMessage
from pydantic import BaseModel, ValidationError

from internvid_assets.cells.errors import CallError
from internvid_assets.language.repetition import stutters
from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.in_flight import Passing
from internvid_assets.models.protocols import Answer

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair: JSON may contain one (from a token cut in two), but text files and Parquet cannot."""
MOST_TOKENS = 2**31 - 1
"""Larger counts are invalid, and would not fit the column."""
STUCK_AFTER = 4
"""An answer that repeats a phrase this often in a row is rejected."""


def answer_of(
    completion: object, endpoint: Endpoint, structure: type[BaseModel] | None, *, body: str = ""
) -> Answer | CallError:
    """Refused, truncated, empty, repetitive or malformed answers are errors; raises Passing if it is not a completion.

    The client accepts any JSON as a completion, without validating types. `body` is the response, for the message.
    """
    choices = getattr(completion, "choices", None)
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = getattr(choice, "message", None)
    said = getattr(message, "content", None)
    if not isinstance(message, ChatCompletionMessage) or not isinstance(said, str | None):
        shown = " ".join((body or str(completion)).split())[:200]
        raise Passing(CallError("malformed_answer", f"expected a chat completion, got {shown!r}", retryable=True))
    text = LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", said or "").strip()
    failure = _failure(text, getattr(choice, "finish_reason", None), getattr(message, "refusal", None), structure)
    if failure:
        return failure
    return Answer(text, _mean_log_probability(choice), *_bill(completion, endpoint))


def _failure(
    text: str, finish_reason: str | None, refusal: str | None, structure: type[BaseModel] | None
) -> CallError | None:
    if refusal or finish_reason == "content_filter":
        return CallError("refused", f"the model refused: {refusal or 'content filter'}"[:300])
    if finish_reason == "length":
        return CallError("cut_off", f"cut off by max_new_tokens, which can be raised: {text[-80:]!r}")
    if not text:
        return CallError("empty_answer", "the model's answer is empty", retryable=True)
    if structure:
        return _mismatch(text, structure)
    if stutters(text, times=STUCK_AFTER):
        return CallError("repeated_text", f"the model repeats itself: {text[:200]!r}")
    return None


def _mismatch(text: str, structure: type[BaseModel]) -> CallError | None:
    try:
        structure.model_validate_json(text)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        return CallError("malformed_answer", f"no {structure.__name__} ({reason}): {text[:200]!r}", retryable=True)
    return None


def _mean_log_probability(choice: Any) -> float | None:
    """Mean over the tokens; None if the server reports none, or invalid ones."""
    content = getattr(getattr(choice, "logprobs", None), "content", None)
    tokens = content if isinstance(content, list) else []
    each = [getattr(token, "logprob", None) for token in tokens]
    numbers = [number for number in each if _is_finite(number)]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(tokens) else None


def _is_finite(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _bill(completion: object, endpoint: Endpoint) -> tuple[int | None, int | None, float | None]:
    """Prompt tokens, completion tokens and their cost; None for what the server does not report."""
    usage = getattr(completion, "usage", None)
    read, written = (_count(getattr(usage, f"{kind}_tokens", None)) for kind in ("prompt", "completion"))
    if read is None or written is None:
        return read, written, None
    prices = endpoint.dollars_per_million_prompt_tokens, endpoint.dollars_per_million_answer_tokens
    return read, written, (read * prices[0] + written * prices[1]) / 1e6


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= MOST_TOKENS else None
