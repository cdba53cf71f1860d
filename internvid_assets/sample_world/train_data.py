"""Training data of the tiny models: frames as the platform sees them (drawn, compressed, resized), and captions.

Frames are drawn small, since a scene looks the same at every resolution, and compressed as JPEG like stored frames.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np

from internvid_assets.captions.fusion import DEFAULT_TEMPLATE
from internvid_assets.language.sequences import in_order_of_time
from internvid_assets.sample_world import drawing, scenes
from internvid_assets.sample_world.scenes import Scene

IMAGE_PIXELS = 96
"""Side of the square input of captioner and CLIP."""
SMALL_SHARE = 0.05
"""Fraction of still or flickering scenes: the platform rejects these, but should caption any that slip through."""

SPECIAL = ("<pad>", "<unk>", "<start>", "<end>")
PAD, UNKNOWN, START, END = range(4)
"""The first ids of every vocabulary here."""


@dataclass(frozen=True)
class Moment:
    """A scene and a time in it."""

    scene: Scene
    seconds: float

    @property
    def frame_caption(self) -> str:
        return scenes.frame_caption(self.scene, self.seconds)

    @property
    def clip_caption(self) -> str:
        return scenes.clip_caption(self.scene)

    @property
    def aesthetic(self) -> float:
        return drawing.aesthetic(self.scene, self.seconds)


def any_scene(rng: np.random.Generator, *, flicker: bool = True) -> Scene:
    """A scene of any kind in the world."""
    others = [scenes.STILL_ACTION, scenes.FLICKER_ACTION] if flicker else [scenes.STILL_ACTION]
    return scenes.random_scene(rng, action=str(rng.choice(others)) if rng.random() < SMALL_SHARE else None)


def random_moments(count: int, seed: int) -> list[Moment]:
    """Random moments, each of another scene."""
    rng = np.random.default_rng(seed)
    return [Moment(scene := any_scene(rng), float(rng.uniform(0, scene.duration_seconds))) for _ in range(count)]


def moments_of_scenes(scenes_count: int, each: int, seed: int) -> list[Moment]:
    """`each` random moments of the first scene, then of the second, and so on."""
    rng = np.random.default_rng(seed)
    drawn = [any_scene(rng) for _ in range(scenes_count)]
    return [Moment(scene, float(rng.uniform(0, scene.duration_seconds))) for scene in drawn for _ in range(each)]


def picture(moment: Moment, rng: np.random.Generator) -> np.ndarray:
    """The moment as a stored frame, resized to the models' square: uint8 [96, 96, 3], in about 3 ms."""
    import cv2
    from PIL import Image

    height = int(rng.integers(96, 193))
    drawn = drawing.draw(moment.scene, moment.seconds, round(height * 16 / 9), height)
    if rng.random() < 0.5:  # the video codec's blur
        drawn = cv2.GaussianBlur(drawn, (3, 3), float(rng.uniform(0.3, 0.9)))
    quality = int(rng.integers(40, 96))
    _, compressed = cv2.imencode(".jpg", drawn[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    stored = np.asarray(cv2.imdecode(compressed, cv2.IMREAD_COLOR))[:, :, ::-1]
    return np.asarray(Image.fromarray(stored).resize((IMAGE_PIXELS, IMAGE_PIXELS), Image.Resampling.BICUBIC))


def pictures(moments: Sequence[Moment], seed: int, *, processes: int = 2) -> np.ndarray:
    """The frames of all moments, uint8 [n, 96, 96, 3] (28 kB each)."""
    chunks = [(moments[start : start + 250], (seed, start)) for start in range(0, len(moments), 250)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(_pictures, chunks)))


def _pictures(chunk: tuple[Sequence[Moment], tuple[int, int]]) -> np.ndarray:
    rng = np.random.default_rng(chunk[1])
    return np.stack([picture(moment, rng) for moment in chunk[0]])


def vocabulary() -> list[str]:
    """The special tokens, then all words of the world's captions and the fusion prompt, in alphabetical order."""
    moments = random_moments(4000, seed=0)
    texts = [
        DEFAULT_TEMPLATE,
        in_order_of_time(["a"] * 3),
        *(m.frame_caption for m in moments),
        *(m.clip_caption for m in moments),
    ]
    return [*SPECIAL, *sorted(set(re.findall(r"\w+|[^\w\s]", " ".join(texts).lower())))]


def word_tokenizer(*, pattern: str, max_tokens: int) -> Any:
    """One token per word or punctuation mark; `pattern` adds special tokens around a text: `<start> $A <end>`."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({word: index for index, word in enumerate(vocabulary())}, SPECIAL[UNKNOWN]))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    specials = [(SPECIAL[index], index) for index in (START, END)]
    words.post_processor = processors.TemplateProcessing(single=pattern, special_tokens=specials)
    names = dict(zip(("pad_token", "unk_token", "bos_token", "eos_token"), SPECIAL, strict=True))
    return PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=max_tokens, **names)


def image_processor(kind: Literal["blip", "clip"]) -> Any:
    """The preprocessing of `blip` or `clip` models: the whole frame is squeezed to a square, so left stays left."""
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    square = {"height": IMAGE_PIXELS, "width": IMAGE_PIXELS}
    return {"blip": BlipImageProcessorPil, "clip": CLIPImageProcessorPil}[kind](size=square, do_center_crop=False)


def save(folder: Path, *parts: Any) -> None:
    """Save model and processor in Hugging Face format, with float16 weights to halve the size; loaded as float32."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    for part in parts:
        (copy.deepcopy(part).half() if hasattr(part, "half") else part).save_pretrained(folder)
    for file in folder.iterdir():  # safetensors writes files that only their owner can read
        file.chmod(0o644)
