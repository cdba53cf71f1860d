"""What the adapters that answer in words are made of: modules for the `code` of the assets that may ask them."""

from __future__ import annotations


def _modules(names: str) -> tuple[str, ...]:
    return tuple(f"{__package__}.{name}" for name in names.split())


SERVER = ("internvid_assets.language.repetition", *_modules("server server_answers server_failures in_flight talks"))
DECODING = _modules("transformers_decoding transformers_loading batching")
LANGUAGE = (*_modules("transformers_language instructed"), *DECODING, *SERVER)
"""Those that read words: alone, or told by a prompt to find phrases or to translate."""
SEEING = (*_modules("transformers_vision_language"), *LANGUAGE)
"""Those that see pictures between the words."""
CAPTIONERS = (*_modules("transformers_captioner tag2text"), *SEEING)
"""Those that say what is in one picture."""
SLIDING = (*_modules("share_captioner captioned_pictures"), *CAPTIONERS)
"""Those that look at a clip's keyframes (ShareGPT4Video), and what stands in for them in the sample world."""
