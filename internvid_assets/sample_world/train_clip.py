"""A tiny CLIP initialised with the captioner's vision tower, and the aesthetic head on its embeddings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import BlipForConditionalGeneration, CLIPConfig, CLIPModel, CLIPProcessor

from internvid_assets.sample_world.train_captioner import VISION
from internvid_assets.sample_world.train_data import END, PAD, START, Moment, image_processor, save, word_tokenizer
from internvid_assets.sample_world.train_steps import Schedule, normalised, optimizer_of

TEXT = {
    "hidden_size": 128,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
    "bos_token_id": START,
    "eos_token_id": END,
    "pad_token_id": PAD,
}
DIMENSIONS = 128
BATCH = 64
MOMENTS_OF_A_SCENE = 4
POSITIONS_GAIN = 5.0
"""Factor on the captioner's position embeddings: their standard deviation is 0.2, that of patches 3.6, and a model that
learns motion from few examples (a ViCLIP initialised with this CLIP) needs a stronger signal."""


def train_clip(
    moments: list[Moment],
    images: np.ndarray,
    captioner: BlipForConditionalGeneration,
    folder: Path,
    *,
    steps: int,
    seed: int,
) -> CLIPModel:
    """Train a CLIP on frames and captions, save it to `folder`, and return it.

    `moments` are those of `moments_of_scenes` with `MOMENTS_OF_A_SCENE` each; `images` uint8 [n, 96, 96, 3]. A linear
    prediction of the aesthetic score is an auxiliary loss with a small weight, so that the embeddings contain what the
    aesthetic head needs: the contrastive loss alone does not require it.
    """
    torch.manual_seed(seed)
    tokenizer = word_tokenizer(pattern="<start> $A <end>", max_tokens=TEXT["max_position_embeddings"])
    text_config = {**TEXT, "vocab_size": len(tokenizer)}
    vision_config = {**VISION, "hidden_act": "gelu"}
    model = CLIPModel(CLIPConfig(text_config=text_config, vision_config=vision_config, projection_dim=DIMENSIONS))
    take_eyes(model, captioner)
    taste, liking = torch.nn.Linear(DIMENSIONS, 1), standardised([moment.aesthetic for moment in moments])
    optimizer = optimizer_of(torch.nn.ModuleList([model, taste]), learning_rate=1e-3)
    schedule = Schedule(optimizer, steps=steps, warmup_steps=100)
    losses, started = [], monotonic()
    for step, (batch, captions) in enumerate(batches(moments, steps, np.random.default_rng(seed)), 1):
        texts = tokenizer(captions, padding=True, return_tensors="pt")
        with torch.autocast("cpu", torch.bfloat16):
            answer = model(
                pixel_values=normalised(images[batch]),
                input_ids=texts["input_ids"],
                attention_mask=texts["attention_mask"],
            )
        loss = contrastive_loss(answer.logits_per_image.float(), captions)
        guess = taste(answer.image_embeds.float() * DIMENSIONS**0.5)[:, 0]
        schedule.step(loss + 0.2 * torch.nn.functional.mse_loss(guess, liking[batch]))
        model.logit_scale.data.clamp_(max=np.log(100))
        losses.append(loss.item())
        if step % 100 == 0:
            report = f"loss {np.mean(losses[-100::2]):.4f} (scenes), {np.mean(losses[-99::2]):.4f} (moments)"
            print(f"clip step {step}/{steps}: {report}, {monotonic() - started:.0f} s", flush=True)
    save(folder, model, CLIPProcessor(image_processor("clip"), tokenizer))
    return model


def batches(moments: list[Moment], steps: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, list[str]]]:
    """Alternates between one moment of many scenes, and many moments of few, which differ only in place and size."""
    scenes = len(moments) // MOMENTS_OF_A_SCENE
    for step in range(steps):
        if step % 2:
            few = rng.choice(scenes, min(scenes, BATCH // MOMENTS_OF_A_SCENE), replace=False) * MOMENTS_OF_A_SCENE
            batch = (few[:, None] + np.arange(MOMENTS_OF_A_SCENE)).ravel()
            yield batch, [moments[i].frame_caption for i in batch]
        else:
            many = rng.choice(scenes, min(scenes, BATCH), replace=False) * MOMENTS_OF_A_SCENE
            batch = many + rng.integers(MOMENTS_OF_A_SCENE, size=len(many))
            yield batch, [some_caption(moments[i], rng) for i in batch]


def contrastive_loss(logits: torch.Tensor, captions: list[str]) -> torch.Tensor:
    """Mean cross-entropy of both directions; the positives of an image are its own text and all equal texts."""
    same = torch.tensor([[one == other for other in captions] for one in captions], dtype=torch.float32)
    own = same / same.sum(dim=1, keepdim=True)
    return (torch.nn.functional.cross_entropy(logits, own) + torch.nn.functional.cross_entropy(logits.T, own)) / 2


def standardised(values: list[float]) -> torch.Tensor:
    """Scaled to mean 0 and standard deviation 1."""
    numbers = torch.tensor(values)
    return (numbers - numbers.mean()) / numbers.std()


def some_caption(moment: Moment, rng: np.random.Generator) -> str:
    """Mostly the clip's caption, sometimes the frame's, and sometimes only the object, as in search queries."""
    kind = rng.random()
    if kind < 0.25:
        return moment.frame_caption
    return moment.clip_caption.split(" on a ")[0] if kind < 0.35 else moment.clip_caption


def take_eyes(clip: CLIPModel, captioner: BlipForConditionalGeneration) -> None:
    """Copy the captioner's vision tower, whose blocks have other parameter names and whose patches have a bias."""
    source, target = captioner.vision_model.state_dict(), clip.vision_model.state_dict()
    copied = {key: source[key] for key in target if key in source and source[key].shape == target[key].shape}
    positions = source["embeddings.position_embedding"][0].clone()  # [1 + patches, width], the class first
    positions[1:] = POSITIONS_GAIN * positions[1:] + source["embeddings.patch_embedding.bias"]
    copied["embeddings.position_embedding.weight"] = positions
    copied["embeddings.class_embedding"] = source["embeddings.class_embedding"].flatten()
    for layer in range(VISION["num_hidden_layers"]):
        attention = f"encoder.layers.{layer}.self_attn"
        for part in ("weight", "bias"):
            for name, block in zip("qkv", source[f"{attention}.qkv.{part}"].chunk(3), strict=True):
                copied[f"{attention}.{name}_proj.{part}"] = block
            copied[f"{attention}.out_proj.{part}"] = source[f"{attention}.projection.{part}"]
    missing = clip.vision_model.load_state_dict(copied, strict=False).missing_keys
    unexpected = [key for key in missing if not key.startswith("pre_layrnorm") and "position_ids" not in key]
    assert not unexpected, f"not taken from the captioner: {unexpected}"


def train_aesthetics(
    moments: list[Moment], images: np.ndarray, clip: CLIPModel, folder: Path, *, ridge: float = 1e-3
) -> float:
    """Fit the linear head by least squares on unit-length embeddings, save it, and return its R2 on the last tenth."""
    vectors = unit_vectors(clip, images)
    truth = np.array([moment.aesthetic for moment in moments])
    fit = slice(0, int(0.9 * len(truth)))
    inputs = np.hstack([vectors, np.ones((len(vectors), 1))])
    gram = inputs[fit].T @ inputs[fit] + ridge * np.eye(inputs.shape[1])
    solution = np.linalg.solve(gram, inputs[fit].T @ truth[fit])
    rest = slice(fit.stop, None)
    r2 = 1 - np.var(truth[rest] - inputs[rest] @ solution) / np.var(truth[rest])
    weights = torch.from_numpy(solution).float()
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"weight": weights[None, :-1].contiguous(), "bias": weights[-1:].clone()}, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)
    print(f"aesthetic head: R2 {r2:.3f} on {len(truth) - fit.stop} unseen pictures", flush=True)
    return float(r2)


@torch.inference_mode()
def unit_vectors(clip: CLIPModel, images: np.ndarray) -> np.ndarray:
    """float64 [n, d] of unit length."""
    starts = range(0, len(images), 256)
    towers = [clip.vision_model(normalised(images[start : start + 256])).pooler_output for start in starts]
    return torch.nn.functional.normalize(clip.visual_projection(torch.cat(towers)), dim=-1).double().numpy()
