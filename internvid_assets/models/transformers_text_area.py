"""Fraction of an image covered by text, such as captions and watermarks, with a PP-OCR detector of transformers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import AutoModelForObjectDetection

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import ahead
from internvid_assets.models.protocols import Image
from internvid_assets.models.transformers_loading import load_model

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's, for red, green, blue; PP-OCR was trained with them applied to blue, green, red."""
MAX_SIDE_PIXELS, STRIDE = 960, 32
MIN_PROBABILITY = 0.3
"""The detector's own threshold for text pixels."""


def load_text_detector(source: str, revision: str) -> TextDetector:
    """A detector from a folder or a pinned hub id, such as PaddlePaddle/PP-OCRv5_mobile_det_safetensors."""
    model = load_model(AutoModelForObjectDetection, source, revision)
    if not model.config.model_type.startswith("pp_ocr"):
        raise UserError(f"models.text_area.name is {source}, a {model.config.model_type}: expected a PP-OCR detector")
    return TextDetector(model)


class TextDetector:
    """Implements `FrameScorer`: the fraction of text pixels. One image at a time, since few have the same size."""

    def __init__(self, model) -> None:
        self.model = model

    def score(self, images: Iterable[Image]) -> np.ndarray:
        return np.array([self._share(pixels) for pixels in ahead(map(prepared, images))], np.float32)

    @torch.inference_mode()
    def _share(self, pixels: Tensor) -> float:
        pixels = pixels[None].to(self.model.device, self.model.dtype)
        probabilities = self.model(pixels).last_hidden_state  # [1, 1, H, W]
        return float((probabilities > MIN_PROBABILITY).float().mean())


def prepared(image: Image) -> Tensor:
    """[3, H, W] in blue, green, red: downscaled to at most 960 pixels per side, resized to multiples of 32."""
    pixels = torch.from_numpy(np.ascontiguousarray(image[..., ::-1])).permute(2, 0, 1).float() / 255
    shrink = min(1.0, MAX_SIDE_PIXELS / max(image.shape[:2]))
    size = [max(STRIDE, round(side * shrink / STRIDE) * STRIDE) for side in image.shape[:2]]
    scaled = F.interpolate(pixels[None], size=size, mode="bilinear", align_corners=False)[0]
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (scaled - mean) / deviation
