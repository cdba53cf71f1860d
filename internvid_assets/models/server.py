"""Captions and language from any OpenAI-compatible server (vLLM, SGLang, hosted), with concurrent requests."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
from openai import AsyncOpenAI
from pydantic import BaseModel

from internvid_assets.models.endpoint import Endpoint
from internvid_assets.models.in_flight import InFlight, Patience
from internvid_assets.models.instructed import InstructedCaptioner, InstructedPhrases, InstructedTranslator
from internvid_assets.models.protocols import Answers, Image, Prompt, Talk
from internvid_assets.models.server_answers import answer_of
from internvid_assets.models.server_failures import KEY_SHOWN, as_our_failures, reset_seconds

NO_KEY = "no-key-is-set"
"""Local servers need no key, but the client requires one."""


def load_captioner(source: str, revision: str, *, endpoint: str, prompt: str) -> InstructedCaptioner:
    """A vision-language model that captions with the prompt in the file `prompt`."""
    return InstructedCaptioner(load_model(source, revision, endpoint=endpoint), Path(prompt).read_text("utf-8"))


def load_phrase_extractor(source: str, revision: str, *, endpoint: str, prompt: str) -> InstructedPhrases:
    """As `load_captioner`."""
    return InstructedPhrases(load_model(source, revision, endpoint=endpoint), Path(prompt).read_text("utf-8"))


def load_translator(source: str, revision: str, *, endpoint: str, prompt: str) -> InstructedTranslator:
    """As `load_captioner`."""
    return InstructedTranslator(load_model(source, revision, endpoint=endpoint), Path(prompt).read_text("utf-8"))


def load_model(source: str, revision: str, *, endpoint: str) -> ServerModel:
    """`endpoint` is its settings as JSON."""
    return _model_at(endpoint)


@cache
def _model_at(endpoint: str) -> ServerModel:
    """One client for all capabilities with the same settings: they share its connections and its request limit."""
    return ServerModel(Endpoint.model_validate_json(endpoint))


@dataclass(frozen=True)
class Question:
    """One request: the prompt, and the form of the answer."""

    prompt: Prompt
    max_new_tokens: int
    structure: type[BaseModel] | None = None


class ServerModel:
    """Implements `VisionLanguageModel` and `LanguageModel`, with greedy decoding unless the options differ."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.api_key = os.environ.get(endpoint.api_key_variable) or NO_KEY
        # We retry ourselves: the client's own retries would ignore pauses requested of other requests.
        self.client = AsyncOpenAI(
            base_url=endpoint.base_url, api_key=self.api_key, max_retries=0, timeout=endpoint.timeout_seconds
        )
        patience = Patience(endpoint.tries, endpoint.backoff_seconds, endpoint.max_wait_seconds)
        self.in_flight = InFlight(self._ask, at_once=endpoint.requests_at_once, patience=patience)

    def answer(
        self, prompts: Iterable[Prompt], *, max_new_tokens: int = 60, structure: type[BaseModel] | None = None
    ) -> Answers:
        return self.in_flight.answers(Question(prompt, max_new_tokens, structure) for prompt in prompts)

    def generate(self, prompts: Iterable[str], *, max_new_tokens: int = 60) -> Answers:
        return self.answer(([prompt] for prompt in prompts), max_new_tokens=max_new_tokens)

    def converse(self, talks: Iterable[Talk], *, max_new_tokens: int = 60) -> Iterator[Mapping[int, Any]]:
        return self.in_flight.ended(talks, lambda prompt: Question(prompt, max_new_tokens))

    async def _ask(self, question: Question) -> Any:
        request = await asyncio.to_thread(self._request, question)
        with as_our_failures(self.endpoint.base_url, api_key=self.api_key):
            response = await self.client.chat.completions.with_raw_response.create(**request)
            completion = response.parse()
        if (wait := reset_seconds(response.headers)) is not None:
            self.in_flight.pace.rest(min(wait, self.endpoint.max_wait_seconds))
        return answer_of(
            completion, self.endpoint, question.structure, body=response.text.replace(self.api_key, KEY_SHOWN)
        )

    def _request(self, question: Question) -> dict[str, Any]:
        request: dict[str, Any] = {
            "model": self.endpoint.name,
            "messages": [{"role": "user", "content": [_part(part) for part in question.prompt]}],
            "max_tokens": question.max_new_tokens,
            "temperature": 0,
            "extra_body": dict(self.endpoint.options),
        }
        if self.endpoint.log_probabilities:
            request["logprobs"] = True
        if question.structure:
            schema = {"name": question.structure.__name__, "schema": question.structure.model_json_schema()}
            request["response_format"] = {"type": "json_schema", "json_schema": {**schema, "strict": True}}
        return request


def _part(part: str | Image) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image_url", "image_url": {"url": data_url(part)}}


def data_url(image: Image) -> str:
    """The image as a lightly compressed PNG: lossless, so the server sees what a local model would see."""
    _, png = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return f"data:image/png;base64,{base64.b64encode(png.tobytes()).decode()}"
