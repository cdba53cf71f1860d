"""ViCLIP: a video and a text encoder, trained contrastively on clips and captions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from internvid_assets.models.viclip.loss import contrastive_loss, verb_loss
from internvid_assets.models.viclip.masking import random_patches
from internvid_assets.models.viclip.sizes import ViclipSizes
from internvid_assets.models.viclip.text import TextEncoder
from internvid_assets.models.viclip.transformer import Attention, Block, Transformer
from internvid_assets.models.viclip.vision import VisionEncoder
from internvid_assets.viclip_parameters import Encoders

LOWEST_TEMPERATURE = 0.01
"""Also the initial value, so it can only rise."""


class Viclip(nn.Module):
    """Both encoders and the temperature. Parameters have the names of the released checkpoints."""

    def __init__(
        self, sizes: ViclipSizes, *, drop_path: float = 0.0, lowest_temperature: float = LOWEST_TEMPERATURE
    ) -> None:
        super().__init__()
        self.sizes, self.lowest_temperature = sizes, lowest_temperature
        self.temp = nn.Parameter(torch.tensor(LOWEST_TEMPERATURE))
        self.vision_encoder = VisionEncoder(sizes, drop_path=drop_path)
        self.text_encoder = TextEncoder(sizes)
        self.apply(_initialised)

    def forward(
        self,
        video: Tensor,
        token_ids: Tensor,
        sample_ids: Tensor | None = None,
        *,
        mask: float = 0.0,
        encoders: Encoders = "exact",
        of_verbs: bool = False,
    ) -> Tensor:
        """The loss of a batch: normalised videos [b, T, 3, H, W], token ids [b, l], sample ids [b].

        `mask` is the fraction of each clip's patches to remove. With `of_verbs` the texts are verb phrases, and
        `sample_ids` are those of the texts.
        """
        B, T = video.shape[:2]
        patches = T * self.sizes.patches_per_frame
        kept = random_patches(B, patches, mask, device=video.device) if mask else None
        embeddings = (self.encode_video(video, kept), self.encode_text(token_ids))
        if of_verbs:
            assert sample_ids is not None
            return verb_loss(*embeddings, self.clamped_temperature(), sample_ids, encoders=encoders)
        return contrastive_loss(*embeddings, self.clamped_temperature(), sample_ids, encoders=encoders)

    def encode_video(self, video: Tensor, kept: Tensor | None = None) -> Tensor:
        """[B, E], not normalized, from normalised videos [B, T, 3, H, W]; only from `kept` [B, K] patches, if given."""
        return self.vision_encoder(video, kept)

    def encode_text(self, token_ids: Tensor) -> Tensor:
        """[B, E], not normalized, from token ids [B, l]."""
        return self.text_encoder(token_ids)

    def clamped_temperature(self) -> Tensor:
        """The temperature, clamped in place if an optimizer step made it too low."""
        with torch.no_grad():
            self.temp.clamp_(min=self.lowest_temperature)
        return self.temp

    def freeze_text(self) -> None:
        """As in the training of the released models: texts keep CLIP's embeddings."""
        self.text_encoder.requires_grad_(False)

    def recompute(self) -> None:
        """Gradient checkpointing in both encoders: a third slower, but with the memory of one block instead of all."""
        for module in self.modules():
            if isinstance(module, Transformer):
                module.recompute = True


def _initialised(module: nn.Module) -> None:
    """CLIP's initialization, for training from scratch: smaller weights in deeper transformers."""
    if isinstance(module, Transformer):
        for block in module.resblocks:
            _initialise_block(block, len(module.resblocks))
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


def _initialise_block(block: nn.Module, layers: int) -> None:
    assert isinstance(block, Block) and isinstance(block.attn, Attention)
    width = block.attn.out_proj.in_features
    narrow = width**-0.5 * (2 * layers) ** -0.5
    nn.init.normal_(block.attn.in_proj_weight, std=width**-0.5)
    nn.init.normal_(block.attn.out_proj.weight, std=narrow)
    nn.init.normal_(block.mlp.c_fc.weight, std=(2 * width) ** -0.5)
    nn.init.normal_(block.mlp.c_proj.weight, std=narrow)
