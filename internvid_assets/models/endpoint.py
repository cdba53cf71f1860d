"""A model behind an OpenAI-compatible endpoint: its settings, and its identity in recipes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from internvid_assets.cells.errors import UserError
from internvid_assets.models.specs import Capability, ModelSpec, Overrides, files_revision

SERVER = "server"
"""Name of the profile, of its section in the settings, and of the subsection in `[models.<capability>]`."""


class Endpoint(BaseModel):
    """The endpoint, its model, and limits on requests. API keys only come from the environment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field("http://127.0.0.1:8000/v1", description="Up to /v1; 8000 is vLLM's default port.")
    name: str = Field("", description="The model's name at the endpoint.")
    revision: str = Field("", description="Any label that you change when the endpoint serves other weights.")
    api_key_variable: str = Field("OPENAI_API_KEY", description="Environment variable with the API key, if any.")
    requests_at_once: int = Field(32, ge=1)
    tries: int = Field(5, ge=1, description="For transient failures.")
    backoff_seconds: float = Field(1.0, ge=0, description="Maximum first wait; doubles each time, with full jitter.")
    max_wait_seconds: float = Field(600.0, ge=0, description="Maximum total wait of one request for rate limits.")
    timeout_seconds: float = Field(120.0, gt=0, description="For one answer.")
    log_probabilities: bool = Field(True, description="Whether to request them; some models do not support it.")
    dollars_per_million_prompt_tokens: float = Field(0.0, ge=0)
    dollars_per_million_answer_tokens: float = Field(0.0, ge=0)
    options: dict[str, Any] = Field({}, description="Further fields of every request; they are part of the recipe.")

    @field_validator("base_url")
    @classmethod
    def _without_secrets(cls, base_url: str) -> str:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("expected http://host:port/v1 or https://host/v1")
        if parts.username or parts.password or parts.query:
            raise ValueError("contains a user, a password or a query: put keys in the environment variable")
        return base_url.rstrip("/")


class ServerSettings(Endpoint):
    """Profile `server`: the endpoint for captions and language, and the profile of all other models."""

    encoders: Literal["none", "paper", "sample"] = Field(
        "none", description="The profile whose models embed, score and transcribe."
    )


def endpoint_spec(capability: Capability, overrides: Overrides, *, loader: str, prompt: Path | None) -> ModelSpec:
    """The model of `[server]`, or `[models.<capability>.server]`; identified by everything that changes its answers.

    Raises UserError for an endpoint without a model or a revision.
    """
    endpoint = chosen_endpoint(capability, overrides)
    revision = endpoint.revision
    if endpoint.options:
        revision += f"+{_digest(endpoint.options)}"
    files = [("endpoint", endpoint.model_dump_json())]
    if prompt:
        revision += f"+{files_revision(prompt)}"
        files.append(("prompt", str(prompt)))
    return ModelSpec(endpoint.name, revision, endpoint.base_url, loader, tuple(files))


def chosen_endpoint(capability: Capability, overrides: Overrides) -> Endpoint:
    """`[server]` with the overrides of `[models.<capability>]`. Another model needs another revision."""
    shared = {key: value for key, value in overrides.get(SERVER, {}).items() if key != "encoders"}
    chosen = overrides.get(capability, {})
    own = {key: chosen[key] for key in ("name", "revision") if chosen.get(key)} | (chosen.get(SERVER) or {})
    if own.get("name", shared.get("name")) != shared.get("name"):
        shared["revision"] = ""
    endpoint = Endpoint(**{**shared, **own})
    for key in ("name", "revision"):
        if not getattr(endpoint, key):
            raise UserError(
                f"profile server needs a {key} for {endpoint.name or 'the model'} at {endpoint.base_url}: set "
                f"server.{key}, or models.{capability}.server.{key}; a revision is any label that you change when the "
                "endpoint serves other weights, such as the model's commit"
            )
    return endpoint


def _digest(options: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(options, sort_keys=True).encode()).hexdigest()[:16]
