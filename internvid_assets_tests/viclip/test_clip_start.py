"""A ViCLIP that begins as a CLIP sees what that CLIP sees, whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from tiniest import TINIEST  # noqa: E402
from torch.nn.functional import normalize  # noqa: E402
from transformers import CLIPModel  # noqa: E402

from internvid_assets import viclip  # noqa: E402
from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.viclip.tokens import words_of  # noqa: E402
from internvid_assets.viclip.clip_weights import begin_with, viclip_of_clip  # noqa: E402

SAMPLE_CLIP = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"
TEXTS = ["a red ball moves left", "a blue square spins"]


@pytest.fixture(scope="module")
def clip() -> CLIPModel:
    return CLIPModel.from_pretrained(SAMPLE_CLIP, dtype=torch.float32).eval()


@torch.inference_mode()
def test_the_shipped_clip_by_transformers_and_by_us(clip):
    """Two code paths over the same weights; with activations that differ between eyes and texts."""
    model = viclip_of_clip(SAMPLE_CLIP).eval()
    assert (model.sizes.vision_activation, model.sizes.text_activation) == ("gelu", "quick_gelu")
    pictures = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    theirs = clip.get_image_features(pixel_values=pictures).pooler_output
    torch.testing.assert_close(model.encode_video(pictures[:, None]), theirs, atol=1e-4, rtol=1e-4)
    ids = words_of(str(SAMPLE_CLIP))(TEXTS)
    theirs = clip.get_text_features(input_ids=ids, attention_mask=(ids != 0).long()).pooler_output
    torch.testing.assert_close(model.encode_text(ids), theirs, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_times_are_zeros_at_first():
    """So the order of frames means nothing yet, and a still picture is close to what CLIP makes of it."""
    model = viclip_of_clip(SAMPLE_CLIP).eval()
    video = torch.randn(1, 8, 3, 96, 96, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(model.encode_video(video), model.encode_video(video.flip(1)), atol=1e-4, rtol=1e-4)
    still = video[:, :1].expand(-1, 8, -1, -1, -1)
    alike = normalize(model.encode_video(still), dim=-1) @ normalize(model.encode_video(video[:, :1]), dim=-1).T
    assert alike.item() > 0.9


@torch.inference_mode()
def test_times_may_be_heard_from_the_start():
    model = viclip_of_clip(SAMPLE_CLIP, frames=4)
    begin_with(model, temperature=0.05, times=2.0)
    times = model.vision_encoder.temporal_positional_embedding
    positions = model.vision_encoder.positional_embedding[1:]
    torch.testing.assert_close(times.std(), 2 * (positions - positions.mean(0)).std())
    torch.testing.assert_close(times.mean(1), torch.zeros(1, 128), atol=1e-5, rtol=0)
    assert len(times[0].unique(dim=0)) == 4 and model.temp.item() == pytest.approx(0.05)
    video = torch.randn(1, 4, 3, 96, 96, generator=torch.Generator().manual_seed(2))
    assert (model.encode_video(video) - model.encode_video(video.flip(1))).abs().max() > 1e-2


def as_openai_names_it(model, tmp_path: Path) -> Path:
    """Our names are OpenAI's with a prefix; the scripts of theirs keep numbers among the tensors."""
    state = {}
    for name, tensor in model.state_dict().items():
        if name.startswith("text_encoder."):
            state[name.removeprefix("text_encoder.")] = tensor
        elif name.startswith("vision_encoder.") and "temporal" not in name:
            state[f"visual.{name.removeprefix('vision_encoder.')}"] = tensor
    state["visual.conv1.weight"] = state["visual.conv1.weight"][:, :, 0].contiguous()
    state |= {"logit_scale": torch.ones(1), "context_length": torch.tensor(77), "vocab_size": torch.tensor(300)}
    save_file(state, tmp_path / "clip.safetensors")
    return tmp_path / "clip.safetensors"


def test_openais_names(tmp_path):
    from dataclasses import replace

    from internvid_assets.models.viclip.model import Viclip

    sizes = replace(
        TINIEST,
        vision_width=128,
        vision_heads=2,
        text_width=64,
        text_heads=1,
        context_tokens=77,
        vocabulary=300,
        end_token=299,
    )
    original = Viclip(sizes)
    started = viclip_of_clip(as_openai_names_it(original, tmp_path), frames=6)
    assert started.sizes == replace(sizes, frames=6, context_tokens=32)
    theirs, ours = original.state_dict(), started.state_dict()
    words, times = "text_encoder.positional_embedding", "vision_encoder.temporal_positional_embedding"
    assert torch.equal(ours[words], theirs[words][:32]) and torch.equal(ours[times], torch.zeros(1, 6, 128))
    assert ours["temp"] == 0.01
    assert all(torch.equal(ours[name], theirs[name]) for name in ours if name not in (words, times, "temp"))


def test_what_is_no_clip(tmp_path):
    save_file({"weight": torch.ones(1)}, tmp_path / "model.safetensors")
    with pytest.raises(UserError, match="is not a CLIP: expected a transformers folder, or a file with OpenAI's names"):
        viclip_of_clip(tmp_path)
