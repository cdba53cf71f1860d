"""The language model: a tiny BART that infers from captions of single frames what happens in a clip.

Not a T5: the order of frames is explicit in BART's absolute positions, while a T5 of this size, with relative
positions, had not learned it after 4000 steps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from transformers import BartConfig, BartForConditionalGeneration

from internvid_assets.captions.fusion import fusion_prompt
from internvid_assets.sample_world import scenes
from internvid_assets.sample_world.scenes import Scene
from internvid_assets.sample_world.train_data import END, PAD, START, any_scene, save, word_tokenizer
from internvid_assets.sample_world.train_steps import Schedule, optimizer_of

SIZES = {
    "d_model": 128,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 384,
    "decoder_ffn_dim": 384,
    "max_position_embeddings": 512,
    "dropout": 0.0,
    "init_std": 0.06,
}
BATCH = 16
MISTAKE_SHARE = 0.03
"""Probability that a word of a frame caption, or the place, is wrong in training, so that the model weighs frames."""

KEYFRAME_SHARE = 0.35
"""Probability of a prompt with only keyframes, as in summaries of differential captions."""

SIMILAR = [tuple(scenes.BACKGROUND_COLOURS), scenes.OBJECTS, scenes.SIZES, scenes.BACKGROUNDS]
"""Words that a captioner may confuse."""

PLACES = [
    ["at the top left", "at the top", "at the top right"],
    ["on the left", "in the middle", "on the right"],
    ["at the bottom left", "at the bottom", "at the bottom right"],
]
PLACE = re.compile(rf"({'|'.join(sorted(chain(*PLACES), key=len, reverse=True))})(?= of )")


def train_language_model(
    folder: Path, *, steps: int, seed: int, report_every: int = 500
) -> BartForConditionalGeneration:
    """Train a new BART to fuse captions of random scenes, save it to `folder`, and return it."""
    torch.manual_seed(seed)
    tokenizer = word_tokenizer(pattern="$A <end>", max_tokens=512)
    ids = {"pad_token_id": PAD, "bos_token_id": START, "eos_token_id": END}
    ids |= {"decoder_start_token_id": START, "forced_eos_token_id": END}
    model = BartForConditionalGeneration(BartConfig(vocab_size=len(tokenizer), **ids, **SIZES))
    schedule = Schedule(optimizer_of(model, learning_rate=1.5e-3), steps=steps, warmup_steps=200)
    batches, started, losses = batches_of_like_length(np.random.default_rng(seed)), monotonic(), []
    for step in range(1, steps + 1):
        prompts, answers = zip(*next(batches), strict=True)
        inputs = tokenizer(list(prompts), padding=True, return_tensors="pt")
        targets = tokenizer(list(answers), padding=True, return_tensors="pt")
        labels = targets["input_ids"].masked_fill(targets["attention_mask"] == 0, -100)
        loss = model(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], labels=labels).loss
        schedule.step(loss)
        losses.append(loss.item())
        if step % report_every == 0:
            recent = np.mean(losses[-report_every:])
            print(f"language model step {step}/{steps}: loss {recent:.4f}, {monotonic() - started:.0f} s", flush=True)
    save(folder, model, tokenizer)
    return model


def batches_of_like_length(rng: np.random.Generator, *, at_once: int = 16) -> Iterator[list[tuple[str, str]]]:
    """Endless batches of prompts and answers, grouped by length to halve the padding and thus the time."""
    while True:
        pairs = sorted((prompt_and_answer(rng) for _ in range(BATCH * at_once)), key=lambda pair: len(pair[0]))
        for batch in rng.permutation(at_once):
            yield pairs[batch * BATCH : (batch + 1) * BATCH]


def prompt_and_answer(rng: np.random.Generator) -> tuple[str, str]:
    """A random scene as a captioner would describe its centre and its 1 fps frames, and what happens in it."""
    scene = any_scene(rng, flicker=False)  # which captions of single frames cannot show
    center, frames = frame_captions(scene, rng)
    if rng.random() < KEYFRAME_SHARE:
        frames = keyframes(frames, rng)
        center = frames[len(frames) // 2]
    return fusion_prompt(mistaken(center, rng), [mistaken(frame, rng) for frame in frames]), scenes.clip_caption(scene)


def frame_captions(scene: Scene, rng: np.random.Generator) -> tuple[str, list[str]]:
    """The true captions of the centre and of about one frame per second, with slightly wrong clip boundaries."""
    length = scene.duration_seconds
    count = max(1, int(rng.choice((math.floor(length), round(length), math.ceil(length)))))
    if rng.random() < 0.1:  # denser frames than in practice, to train on longer prompts too
        count *= 2
    late = float(rng.uniform(-scenes.EDGE_SECONDS, scenes.EDGE_SECONDS))
    seconds = [(i + 0.5) * length / count + late for i in range(count)]
    return scenes.frame_caption(scene, length / 2 + late), [scenes.frame_caption(scene, t) for t in seconds]


def keyframes(captions: list[str], rng: np.random.Generator) -> list[str]:
    """The first and the last, and most of the new ones in between, among all or every other one."""
    kept, every = captions[:1], int(rng.integers(1, 3))
    for caption in captions[every:-1:every]:
        if rng.random() < (0.8 if caption != kept[-1] else 0.1):
            kept.append(caption)
    return [*kept, *captions[1:][-1:]]


def mistaken(caption: str, rng: np.random.Generator) -> str:
    """The caption with typical mistakes: similar words, a neighbouring place, a tilt or none."""
    words = caption.split()
    for index in np.flatnonzero(rng.random(len(words)) < MISTAKE_SHARE):
        similar = next((group for group in SIMILAR if words[index] in group), (words[index],))
        words[index] = str(rng.choice(similar))
    if rng.random() < MISTAKE_SHARE and words[0] == "a":
        words = (
            [word for word in words if word != "tilted"] if "tilted" in words else [*words[:2], "tilted", *words[2:]]
        )
    text = " ".join(words)
    return PLACE.sub(lambda match: beside(match[0], rng), text) if rng.random() < 2 * MISTAKE_SHARE else text


def beside(place: str, rng: np.random.Generator) -> str:
    """A place one row or one column from the given one."""
    row, column = next((row, PLACES[row].index(place)) for row in range(3) if place in PLACES[row])
    down, right = rng.permutation([rng.choice([-1, 1]), 0])
    return PLACES[min(2, max(0, row + down))][min(2, max(0, column + right))]
