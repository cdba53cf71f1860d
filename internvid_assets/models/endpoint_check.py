"""Checking that an endpoint answers and has the model: one request, without inference."""

from __future__ import annotations

import os

from internvid_assets.models.endpoint import Endpoint

PATIENCE_SECONDS = 10.0


def problem_with(endpoint: Endpoint) -> str | None:
    """The problem and the way out, on one line; None if GET /models lists the model. Never contains the key."""
    import openai

    from internvid_assets.models.server import NO_KEY

    key, address = os.environ.get(endpoint.api_key_variable), endpoint.base_url
    client = openai.OpenAI(base_url=address, api_key=key or NO_KEY, max_retries=0, timeout=PATIENCE_SECONDS)
    try:
        known = sorted(model.id for model in client.models.list())
    except openai.APIStatusError as error:
        return _of_status(error.status_code, endpoint, has_key=bool(key))
    except openai.APIConnectionError:
        return f"no server answers at {address}: start it, for example vllm serve {endpoint.name}, or set base_url"
    except (openai.APIError, ValueError, AttributeError, TypeError):
        return f"{address} answers, but without a list of models: expected an OpenAI-compatible server, up to /v1"
    if endpoint.name not in known:
        return f"{address} has no model {endpoint.name}: set the name to one of {', '.join(known) or '(none)'}"
    return None


def _of_status(status: int, endpoint: Endpoint, *, has_key: bool) -> str:
    address, variable = endpoint.base_url, endpoint.api_key_variable
    if status in (401, 403):
        return f"{address} {'rejects the key in' if has_key else 'requires a key: set'} {variable} ({status})"
    if status == 404:
        return f"nothing at {address}/models (404): expected an OpenAI-compatible server, up to /v1"
    return f"{address} answers {status}: see its log, and try again"
