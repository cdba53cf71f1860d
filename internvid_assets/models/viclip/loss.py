"""InfoNCE over the global batch with soft positives (InternVid 4, equation 1; the released code halves the sum).

b samples of this process, B of all processes, E width of the joint space.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from internvid_assets.models.viclip.gathering import gathered, gathered_values, with_gradient_of
from internvid_assets.viclip_parameters import Encoders


def contrastive_loss(
    video: Tensor,
    text: Tensor,
    temperature: Tensor | float,
    sample_ids: Tensor | None = None,
    *,
    encoders: Encoders = "exact",
) -> Tensor:
    """The mean of the cross-entropies of both directions, from embeddings [b, E], not necessarily normalized.

    Samples with equal `sample_ids` [b] are positives of each other: a caption shared by two clips, or a clip sampled
    twice, is not a negative. Each process compares its own samples with those of all, so the mean of the processes'
    losses is the loss of the whole batch, and no process holds the full matrix [B, B].
    """
    with torch.autocast(video.device.type, enabled=False):  # half precision is too coarse for cosines / temperature
        video, text = _directions(video, encoders), _directions(text, encoders)
        all_videos, all_texts = gathered(video), gathered(text)  # [B, E]
        own = sample_ids if sample_ids is not None else _numbers(video, all_videos)
        targets = positives(own, gathered_values(own))  # [b, B]
        video_to_text = video @ all_texts.T / temperature
        text_to_video = text @ all_videos.T / temperature
        return (F.cross_entropy(video_to_text, targets) + F.cross_entropy(text_to_video, targets)) / 2


def verb_loss(
    video: Tensor, text: Tensor, temperature: Tensor | float, text_ids: Tensor, *, encoders: Encoders = "exact"
) -> Tensor:
    """The cross-entropy from videos to the batch's distinct texts, without the direction from texts to videos.

    Like `contrastive_loss`, but for texts that many videos share, such as verb phrases (Momeni et al., 2023): each
    distinct text is one class. Equal texts have equal `text_ids` [b].
    """
    with torch.autocast(video.device.type, enabled=False):
        video, text = _directions(video, encoders), _directions(text, encoders)
        all_texts, all_ids = gathered(text), gathered_values(text_ids)
        first = (all_ids[:, None] == all_ids[None, :]).int().argmax(dim=1)  # [B]: first occurrence of each text
        is_repeated = first != torch.arange(len(first), device=first.device)
        logits = (video @ all_texts.T / temperature).masked_fill(is_repeated[None, :], -torch.inf)
        own = (text_ids[:, None] == all_ids[None, :]).int().argmax(dim=1)
        return F.cross_entropy(logits, own)


def _directions(embeddings: Tensor, encoders: Encoders) -> Tensor:
    """float32 [b, E] of unit length, with the gradient of `encoders`."""
    return with_gradient_of(encoders, F.normalize(embeddings.float(), dim=-1))


def positives(own: Tensor, others: Tensor) -> Tensor:
    """[b, B]: target probabilities, uniform over the samples with the same id."""
    equal = (own[:, None] == others[None, :]).float()
    return equal / equal.sum(dim=1, keepdim=True)


def _numbers(own: Tensor, everyone: Tensor) -> Tensor:
    """Ids for the samples, unique over all processes."""
    rank = torch.distributed.get_rank() if len(everyone) > len(own) else 0
    return torch.arange(len(own), device=own.device) + rank * len(own)
