"""What a server's completion says: an answer, or the reason why it is none."""

from __future__ import annotations

from typing import Any

from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ValidationError

from internvid_assets.cells.errors import CallError
from internvid_assets.language.repetition import stutters
from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.in_flight import Passing
from internvid_assets.models.protocols import Answer

STUCK_AFTER = 4
"""A phrase so often in a row is no answer."""


def answer_of(completion: object, endpoint: Endpoint, structure: type[BaseModel] | None) -> Answer | CallError:
    """Refused, cut off, empty, stuck or malformed answers are errors; raises Passing for what is no completion."""
    choice = (getattr(completion, "choices", None) or [None])[0]
    message = getattr(choice, "message", None)
    if not isinstance(completion, ChatCompletion) or choice is None or message is None:
        shown = str(completion)[:100]
        raise Passing(CallError("malformed_answer", f"expected a chat completion, got {shown!r}", retryable=True))
    text = (message.content or "").strip()
    failure = _failure(text, choice.finish_reason, getattr(message, "refusal", None), structure)
    if failure:
        return failure
    return Answer(text, _mean_log_probability(choice), *_bill(completion, endpoint))


def _failure(
    text: str, finish_reason: str | None, refusal: str | None, structure: type[BaseModel] | None
) -> CallError | None:
    if refusal or finish_reason == "content_filter":
        return CallError("refused", f"the model refused: {refusal or 'content filter'}"[:300])
    if finish_reason == "length":
        return CallError("cut_off", f"cut off by max_new_tokens, which may be raised: {text[-80:]!r}")
    if not text:
        return CallError("empty_answer", "the model answered with no words", retryable=True)
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
    tokens = choice.logprobs.content if choice.logprobs else None
    return sum(token.logprob for token in tokens) / len(tokens) if tokens else None


def _bill(completion: ChatCompletion, endpoint: Endpoint) -> tuple[int | None, int | None, float | None]:
    """Tokens read, tokens written, and what they cost."""
    usage = completion.usage
    if usage is None:
        return None, None, None
    read, written = usage.prompt_tokens, usage.completion_tokens
    prices = endpoint.dollars_per_million_prompt_tokens, endpoint.dollars_per_million_answer_tokens
    return read, written, (read * prices[0] + written * prices[1]) / 1e6
