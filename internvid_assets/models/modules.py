"""The modules of the adapters that return text, for the `code` of the assets that use them."""

from __future__ import annotations


def _modules(names: str) -> tuple[str, ...]:
    return tuple(f"{__package__}.{name}" for name in names.split())


SERVER = ("internvid_assets.language.repetition", *_modules("server server_answers server_failures in_flight talks"))
DECODING = _modules("transformers_decoding transformers_loading batching")
LANGUAGE = (*_modules("transformers_language instructed"), *DECODING, *SERVER)
"""Language models, also with a prompt for phrase extraction or translation."""
SEEING = (*_modules("transformers_vision_language"), *LANGUAGE)
"""Vision-language models."""
CAPTIONERS = (*_modules("transformers_captioner tag2text"), *SEEING)
"""Captioners of single images."""
SLIDING = (*_modules("share_captioner captioned_pictures"), *CAPTIONERS)
"""Captioners of a clip's keyframes (ShareGPT4Video), and their replacement in the sample world."""
