"""Tags and captions of images with Tag2Text (InternVid 3.2, fine scale); needs its package `ram`."""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import redirect_stdout
from typing import Any

import torch
from PIL.Image import fromarray

from internvid_assets.cells.errors import UserError
from internvid_assets.models.batching import ahead
from internvid_assets.models.protocols import Answer, Answers, Image
from internvid_assets.models.transformers_loading import best_device

IMAGE_SIDE_PIXELS, BACKBONE, TAG_THRESHOLD = 384, "swin_b", 0.68
DELETED_TAGS = [127, 2961, 3351, 3265, 3338, 3355, 3359]
"""quarter, back, two, three, four, five, one: they degrade captions. These values are the authors', from
`inference_tag2text.py`."""
BEAMS = 3
TAG_SEPARATOR = " | "


def load_tag2text(source: str, revision: str, *, tokenizer: str) -> Tag2Text:
    """The checkpoint in the file `source`, with the tokenizer of the folder `tokenizer`.

    Raises UserError if the package is missing, or incompatible with the installed transformers.
    """
    try:
        from ram import get_transform  # pyright: ignore[reportMissingImports]
        from ram.models import tag2text  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UserError(
            f"adapter tag2text needs Tag2Text's package ram ({error}): "
            "pip install git+https://github.com/xinyu1205/recognize-anything.git, or remove the adapter setting"
        ) from error
    with redirect_stdout(io.StringIO()):  # it prints while loading; torch.load reads weights only, and runs no code
        model = tag2text(
            pretrained=source,
            image_size=IMAGE_SIDE_PIXELS,
            vit=BACKBONE,
            threshold=TAG_THRESHOLD,
            delete_tag_index=DELETED_TAGS,
            text_encoder_type=tokenizer,
        )
    return Tag2Text(model.to(best_device()).eval(), get_transform(IMAGE_SIDE_PIXELS))


class Tag2Text:
    """Implements `FrameCaptioner`, each caption with its tags, by beam search in float32, without probabilities.

    One image at a time, as in the authors' inference: with several, the beams of later images attend to the first
    one's features wherever `generate` repeats these itself (transformers 4.25 and later).
    """

    def __init__(self, model: Any, transform: Any) -> None:
        self.model, self.transform = model, transform
        self.device = next(model.parameters()).device

    def caption(self, images: Iterable[Image], *, max_new_tokens: int = 40) -> Answers:
        """The authors' `max_length` of 50 is 46 new tokens, since it includes the prompt "a picture of "."""
        max_length = self.model.prompt_length + max_new_tokens
        prepared = ahead(self.transform(fromarray(image)) for image in images)
        for position, picture in enumerate(prepared):
            yield {position: self._caption_one(picture, max_length)}

    @torch.inference_mode()
    def _caption_one(self, picture: torch.Tensor, max_length: int) -> Answer:
        (caption,), (tags,) = self.model.generate(
            picture[None].to(self.device),
            num_beams=BEAMS,
            max_length=max_length,
            tag_input=None,
            return_tag_predict=True,
        )
        return Answer(caption.strip(), tags=split(tags))


def split(line: str) -> tuple[str, ...]:
    """The tags of an image, in the order of the package's list."""
    return tuple(filter(None, line.split(TAG_SEPARATOR)))
