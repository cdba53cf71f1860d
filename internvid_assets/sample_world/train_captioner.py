"""The captioner: a tiny BLIP that describes a frame of the sample world.

As an auxiliary task it learns, per patch, which object of which colour covers it: a vision tower this small learns
shapes ten times faster that way. The two linear heads of that task are discarded.
"""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import numpy as np
import torch
from torch.nn.functional import cross_entropy
from transformers import BlipConfig, BlipForConditionalGeneration, BlipProcessor

from internvid_assets.sample_world import scenes
from internvid_assets.sample_world.train_data import (
    END,
    IMAGE_PIXELS,
    PAD,
    START,
    Moment,
    image_processor,
    save,
    word_tokenizer,
)
from internvid_assets.sample_world.train_steps import Schedule, normalised, optimizer_of

PATCH_PIXELS = 12
SIDE = IMAGE_PIXELS // PATCH_PIXELS
"""Patches per side."""
WIDTH = 128

VISION = {
    "hidden_size": WIDTH,
    "intermediate_size": 4 * WIDTH,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "image_size": IMAGE_PIXELS,
    "patch_size": PATCH_PIXELS,
    "initializer_range": 0.06,
}
TEXT = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 48,
    "bos_token_id": START,
    "eos_token_id": END,
    "sep_token_id": END,
    "pad_token_id": PAD,
    "initializer_range": 0.06,
    "label_smoothing": 0.0,
}
BATCH = 16
"""Small, because these models need many steps, and the cost of a step is nearly proportional."""
UNSEEN = 512
"""Held-out frames, to report how many the captioner gets right."""


def train_captioner(
    moments: list[Moment], images: np.ndarray, folder: Path, *, epochs: int, seed: int
) -> BlipForConditionalGeneration:
    """Train a new BLIP on the frame captions of `images` (uint8 [n, 96, 96, 3]), save it to `folder`, and return it."""
    torch.manual_seed(seed)
    tokenizer = word_tokenizer(pattern="<start> $A <end>", max_tokens=40)
    config = BlipConfig(text_config={**TEXT, "vocab_size": len(tokenizer)}, vision_config=VISION)
    model, heads = BlipForConditionalGeneration(config), PatchHeads()
    with torch.no_grad():
        model.vision_model.embeddings.position_embedding.add_(0.5 * sines_and_cosines())
    captions = tokenizer([moment.frame_caption for moment in moments], padding=True, return_tensors="pt")
    tokens, mask = captions["input_ids"], captions["attention_mask"]
    labels, patches = tokens.masked_fill(mask == 0, -100), torch.from_numpy(np.stack(list(map(patch_labels, moments))))

    known = len(moments) - UNSEEN
    steps_per_epoch = known // BATCH
    optimizer = optimizer_of(torch.nn.ModuleList([model, heads]), learning_rate=1e-3)
    schedule = Schedule(optimizer, steps=epochs * steps_per_epoch, warmup_steps=200)
    order, started = np.random.default_rng(seed), monotonic()
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in order.permutation(known)[: steps_per_epoch * BATCH].reshape(-1, BATCH):
            pixels = normalised(images[batch])
            with torch.autocast("cpu", torch.bfloat16):
                answer = model(pixels, input_ids=tokens[batch], attention_mask=mask[batch], labels=labels[batch])
                seen = heads(answer.image_embeds[:, 1:], patches[batch])
            schedule.step(answer.loss + seen)
            losses.append((answer.loss.item(), seen.item()))
        words, places = np.mean(losses, axis=0)
        right = 100 * share_named(model, tokenizer, moments[known:], images[known:])
        report = f"loss {words:.4f} (words), {places:.4f} (patches), {right:.1f} % of unseen objects named rightly"
        print(f"captioner epoch {epoch}/{epochs}: {report}, {monotonic() - started:.0f} s", flush=True)
        save(folder, model, BlipProcessor(image_processor("blip"), tokenizer))
    return model


class PatchHeads(torch.nn.Module):
    """Two linear classifiers of patches: which object covers it, and of which colour (0: none)."""

    def __init__(self) -> None:
        super().__init__()
        sizes = (len(scenes.OBJECTS) + 1, len(scenes.COLOURS) + 1)
        self.heads = torch.nn.ModuleList([torch.nn.Linear(WIDTH, size) for size in sizes])
        self.weights = [torch.tensor([0.1] + [1.0] * (size - 1)) for size in sizes]

    def forward(self, patches: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Cross-entropy of patches [n, p, width] against labels [n, 2, p]; background has a weight of 0.1."""
        losses = [
            cross_entropy(head(patches).transpose(1, 2).float(), labels[:, kind], weight)
            for kind, (head, weight) in enumerate(zip(self.heads, self.weights, strict=True))
        ]
        return torch.stack(losses).sum()


def patch_labels(moment: Moment) -> np.ndarray:
    """Object and colour, from 1, of every patch whose centre is in the object's bounding circle: [2, p]."""
    pose = scenes.pose(moment.scene, moment.seconds)
    centres = (np.arange(SIDE) + 0.5) / SIDE
    x, y = np.meshgrid(centres, centres)
    is_covered = np.hypot((x - pose.x) * 16 / 9, y - pose.y) < pose.radius * 0.9
    kinds = (scenes.OBJECTS.index(moment.scene.object), list(scenes.COLOURS).index(moment.scene.colour))
    covered = (is_covered & pose.is_visible).flatten()
    return np.stack([np.where(covered, kind + 1, 0) for kind in kinds])


def sines_and_cosines() -> torch.Tensor:
    """Sinusoidal positions, a quarter of the width each for sine and cosine of x and y: [1, 1 + p, width], class 0."""
    frequencies = 1 / 100 ** (torch.arange(WIDTH // 4) / (WIDTH // 4))
    angles = torch.arange(SIDE)[:, None] * frequencies  # [side, width / 4]
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)  # [side, width / 2]
    grid = torch.cat([waves.repeat_interleave(SIDE, 0), waves.repeat(SIDE, 1)], dim=1)  # [p, width], row by row
    return torch.cat([torch.zeros(1, WIDTH), grid])[None]


@torch.inference_mode()
def share_named(model: BlipForConditionalGeneration, tokenizer, moments: list[Moment], images: np.ndarray) -> float:
    """How many frames get a caption with the right colour and object (or none, if there is none)."""
    model.eval()
    tokens = model.generate(normalised(images), max_new_tokens=24, do_sample=False)
    model.train()
    texts = tokenizer.batch_decode(tokens, skip_special_tokens=True)
    things = [named(moment.frame_caption) for moment in moments]
    return float(np.mean([named(text) == thing for text, thing in zip(texts, things, strict=True)]))


def named(caption: str) -> str:
    """ "red ball" of "a small red ball on the left of ..."; "" for an empty background."""
    words = caption.split()
    index = next((i for i, word in enumerate(words) if word in scenes.OBJECTS), None)
    return "" if index is None else " ".join(words[index - 1 : index + 1])
