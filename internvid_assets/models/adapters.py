"""The adapters that `models.<capability>.adapter` selects from, with their loaders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from internvid_assets.models.specs import Capability

MODELS = "internvid_assets.models"


@dataclass(frozen=True)
class Adapter:
    """`loader` as in a ModelSpec: "module:function"."""

    loader: str
    reads_tokenizer: bool = False
    """Whether its weights come without a tokenizer, which `models.<capability>.tokenizer` then has to name."""


CAPTIONERS = {
    "transformers": Adapter(f"{MODELS}.transformers_captioner:load_captioner"),
    "instructed": Adapter(f"{MODELS}.transformers_vision_language:load_instructed_captioner"),
    "tag2text": Adapter(f"{MODELS}.tag2text:load_tag2text", reads_tokenizer=True),
}
"""An image-to-text model; a vision-language chat model with a caption prompt; Tag2Text."""

SIMILARITY = {
    "umt": Adapter(f"{MODELS}.umt_similarity:load_umt_similarity", reads_tokenizer=True),
    "clip": Adapter(f"{MODELS}.clip_similarity:load_similarity"),
    "clip_score": Adapter(f"{MODELS}.clip_similarity:load_clip_score"),
    "viclip": Adapter(f"{MODELS}.viclip.similarity:load_similarity", reads_tokenizer=True),
}
"""UMT-SIM; the cosine of a CLIP or SigLIP, mean over frames; the same for one random frame per clip; a ViCLIP's."""

EMBEDDERS = {
    "clip": Adapter(f"{MODELS}.clip_videos:load_video_embedder"),
    "viclip": Adapter(f"{MODELS}.viclip.embedding:load_embedder", reads_tokenizer=True),
}
"""The mean of a CLIP's or SigLIP's frame embeddings; a ViCLIP's embedding of all frames."""

TRANSCRIBERS = {
    "transformers": Adapter(f"{MODELS}.transformers_whisper:load_whisper"),
    "faster_whisper": Adapter(f"{MODELS}.faster_whisper:load_faster_whisper"),
}
"""Whisper with transformers, or with the library of the extra `asr`."""

ADAPTERS_OF: Mapping[Capability, Mapping[str, Adapter]] = {
    "captioner": CAPTIONERS,
    "frame_captioner": CAPTIONERS,
    "similarity": SIMILARITY,
    "video_embedder": EMBEDDERS,
    "transcriber": TRANSCRIBERS,
}
"""By name, in the order of messages. All other capabilities have one adapter, which their profile loads."""
READS_TOKENIZER = list(
    dict.fromkeys(name for adapters in ADAPTERS_OF.values() for name, each in adapters.items() if each.reads_tokenizer)
)
