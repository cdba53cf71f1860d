"""Exporting both encoders of a ViCLIP for use with plain PyTorch or an ONNX runtime, with their preprocessing.

folder/
  video.pt2  text.pt2       from torch.export, float32 on the CPU, for any batch size
  video.onnx  text.onnx     the same, if requested
  tokenizer.json            for the `tokenizers` library
  preprocessing.json        how to prepare frames and texts
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.nn import functional as F

from internvid_assets.cells.errors import UserError
from internvid_assets.models.viclip.checkpoint import load_viclip
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.pictures import DEVIATION, MEAN
from internvid_assets.models.viclip.tokens import PAD, Words, words_beside

PREPROCESSING, TOKENIZER = "preprocessing.json", "tokenizer.json"
ONNX_PACKAGES = ("onnx", "onnxscript")
INPUTS = {"video": "video", "text": "token_ids"}


class Tower(nn.Module):
    """One encoder: unit vectors [B, E] from normalised videos [B, T, 3, H, W], or from token ids [B, context]."""

    def __init__(self, encoder: nn.Module) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, given: Tensor) -> Tensor:
        return F.normalize(self.encoder(given), dim=-1)


def export_towers(checkpoint: Path, folder: Path, *, onnx: bool = False) -> None:
    """Write the folder atomically; raises UserError if it exists, or a package is missing."""
    if folder.exists():
        raise UserError(f"{folder} exists; choose a new folder")
    if onnx and not all(map(find_spec, ONNX_PACKAGES)):
        raise UserError("ONNX needs packages that are not installed; pip install 'internvid-assets[onnx]'")
    model = load_viclip(checkpoint)
    words = words_beside(checkpoint, context_tokens=model.sizes.context_tokens)
    aside = folder.with_name(f".{folder.name}.unfinished")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    for name, program in towers(model).items():
        torch.export.save(program, aside / f"{name}.pt2")
        if onnx:
            write_onnx(program, aside / f"{name}.onnx", input_name=INPUTS[name])
    words.tokenizer.save(str(aside / TOKENIZER))
    text = json.dumps(preprocessing(model, words, checkpoint.name), indent=2)
    (aside / PREPROCESSING).write_text(f"{text}\n", encoding="utf-8")
    os.replace(aside, folder)


def towers(model: Viclip) -> Mapping[str, ExportedProgram]:
    """The programs by name, for any batch size."""
    sizes, batch = model.sizes, {0: Dim("batch", min=1)}
    side = sizes.image_pixels
    video = torch.zeros(2, sizes.frames, 3, side, side)
    token_ids = torch.full((2, sizes.context_tokens), sizes.end_token)
    with torch.no_grad():
        return {
            "video": torch.export.export(Tower(model.vision_encoder).eval(), (video,), dynamic_shapes=(batch,)),
            "text": torch.export.export(Tower(model.text_encoder).eval(), (token_ids,), dynamic_shapes=(batch,)),
        }


def write_onnx(program: ExportedProgram, path: Path, *, input_name: str) -> None:
    """Write as ONNX, from `input_name` to `vectors`; weights of 2 GB and more are put in a separate file."""
    made: Any = torch.onnx.export(program, input_names=[input_name], output_names=["vectors"], verbose=False)
    made.rename_axes({made.model.graph.inputs[0].shape[0]: "batch"})
    made.save(path)


def preprocessing(model: Viclip, words: Words, name: str) -> dict[str, Any]:
    """How to run the encoders; their outputs have unit length, so dot products are cosines."""
    sizes = model.sizes
    return {
        "model": name,
        "video": {
            "program": "video.pt2",
            "input": "float32 [batch, frames, 3, height, width], RGB",
            "frames": sizes.frames,
            "sampling": "the middle frame of each of as many equal intervals; of a shorter video, the last repeats",
            "size": {"height": sizes.image_pixels, "width": sizes.image_pixels},
            "resize": "bicubic without antialiasing to the whole square, rounded to levels 0 to 255",
            "scale": 1 / 255,
            "mean": list(MEAN),
            "std": list(DEVIATION),
        },
        "text": {
            "program": "text.pt2",
            "input": "int64 [batch, context_tokens]",
            "context_tokens": sizes.context_tokens,
            "tokenizer": TOKENIZER,
            "cleaning": "lower case, one space between words; captions without punctuation: - and / are spaces",
            "start": words.start,
            "end": words.end,
            "pad": PAD,
            "truncation": "start, at most context_tokens - 2 tokens without special ones, end; then pad",
        },
        "output": {"width": sizes.joint_width, "is_unit_length": True, "temperature": float(model.temp.detach())},
    }
