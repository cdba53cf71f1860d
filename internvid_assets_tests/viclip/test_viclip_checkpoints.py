"""Checkpoints in the released layout: read strictly, refused on one line, written again; positions and WiSE-FT."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from golden_viclip import GOLDEN_SIZES  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from tiniest import TINIEST  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.viclip.checkpoint import load_viclip, read_state, save_viclip, sizes_of, stored_sizes  # noqa: E402
from internvid_assets.models.viclip.model import Viclip  # noqa: E402
from internvid_assets.models.viclip.positions import adapted, inflated  # noqa: E402
from internvid_assets.models.viclip.sizes import ViclipSizes, named_sizes  # noqa: E402
from internvid_assets.viclip.interpolation import interpolated  # noqa: E402


@pytest.mark.parametrize(("size", "keys"), [("l14", 447), ("b16", 303)])
def test_the_released_names_and_shapes_are_ours(size, keys, golden, tmp_path):
    """Without a number in them: the tensors are on the device `meta`, and so is the model."""
    told = json.loads((golden / f"viclip_{size}_state_dict.json").read_text())
    with torch.device("meta"):
        listed = {key: torch.empty(one["shape"]) for key, one in told["state_dict"].items()}
        assert sizes_of(listed, tmp_path) == named_sizes(size)
        model = Viclip(named_sizes(size))
    own = {key: one.shape for key, one in model.state_dict().items()}
    assert own == {key: one.shape for key, one in listed.items()} and len(own) == keys
    assert sum(one.numel() for one in model.parameters()) == told["n_params"]
    model.freeze_text()
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == told["n_params_trainable_when_text_frozen"]
    heads = {"vision": named_sizes(size).vision_heads, "text": named_sizes(size).text_heads}
    assert heads == told["heads"]


def same(model: Viclip, state) -> bool:
    return all(torch.equal(one, state[name]) for name, one in model.state_dict().items())


@pytest.mark.parametrize("layout", ["safetensors", "pickle", "wrapped", "module", "2-D"])
def test_every_layout_is_read(layout, state, tmp_path):
    flat = dict(state)
    if layout == "2-D":
        flat["vision_encoder.conv1.weight"] = flat["vision_encoder.conv1.weight"][:, :, 0].contiguous()
    path = tmp_path / ("viclip.safetensors" if layout in ("safetensors", "2-D") else "viclip.pth")
    if path.suffix == ".safetensors":
        save_file(flat, path)
    else:
        wrapped = {"pickle": flat, "wrapped": {"model": flat, "epoch": 3}, "module": {"module": flat, "lr": 1e-4}}
        torch.save(wrapped[layout], path)
    assert same(load_viclip(path, sizes=GOLDEN_SIZES), state)


def test_what_is_saved_is_loaded(state, viclip, tmp_path):
    save_viclip(viclip, tmp_path / "folder", initial="clip")
    assert load_file(tmp_path / "folder" / "model.safetensors").keys() == state.keys()
    told = json.loads((tmp_path / "folder" / "config.json").read_text())
    assert (told["architectures"], told["initial"], told["vision_heads"]) == (["ViCLIP"], "clip", 2)
    loaded = load_viclip(tmp_path / "folder")
    assert loaded.sizes == GOLDEN_SIZES and same(loaded, state) and not loaded.training


def test_a_released_folders_sizes_are_those_of_its_weights(tmp_path):
    """Its config.json says `size`, and nothing of widths."""
    (tmp_path / "config.json").write_text('{"architectures": ["ViCLIP"], "size": "l"}')
    assert stored_sizes(tmp_path) is None


def saved(tmp_path: Path, change: dict) -> Path:
    weights = Viclip(TINIEST).state_dict()
    for name, value in change.items():
        weights.pop(name, None)
        weights |= {} if value is None else {name: value}
    save_file(weights, tmp_path / "other.safetensors")
    return tmp_path / "other.safetensors"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vision_encoder.ln_pre.bias": None}, r"other.safetensors lacks vision_encoder.ln_pre.bias; expected"),
        ({"logit_scale": torch.zeros(1)}, r"has logit_scale, which ViCLIP does not have; expected"),
        (
            {"vision_encoder.proj": torch.zeros(32, 17)},
            r"has vision_encoder.proj of shape \[32, 17\]: expected \[32, 16\]",
        ),
        ({"temp": None, "text_encoder.ln_final.bias": None}, r"lacks temp \(and 1 more\)"),
    ],
)
def test_other_tensors_are_refused_on_one_line(change, told, tmp_path):
    with pytest.raises(UserError, match=told) as caught:
        load_viclip(saved(tmp_path, change), sizes=TINIEST)
    assert "\n" not in str(caught.value)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.safetensors", b"no header", "a.safetensors is damaged"),
        ("a.pth", b"no pickle either", "a.pth"),
        ("a.pth", pickle.dumps({"model": Evil()}), "code in checkpoints is never run"),
    ],
)
def test_files_that_cannot_be_read(name, content, told, tmp_path, capsys):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=told) as caught:
        load_viclip(tmp_path / name)
    assert "\n" not in str(caught.value) and not capsys.readouterr().out


def test_a_pickle_without_tensors_and_a_file_that_is_not_there(tmp_path):
    torch.save({"model": {"epoch": 3}}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="has no state dict"):
        read_state(tmp_path / "a.pth")
    with pytest.raises(UserError, match=r"absent does not exist: expected a checkpoint file, or a folder"):
        read_state(tmp_path / "absent")


def test_a_config_of_half_the_sizes(tmp_path):
    with pytest.raises(UserError, match="missing"):
        ViclipSizes.read({"vision_width": 64})
    with pytest.raises(UserError, match="image_pixels = 65: expected a multiple of patch_pixels = 16"):
        ViclipSizes.read({**GOLDEN_SIZES.__dict__, "image_pixels": 65})


def test_positions_for_other_numbers(golden):
    told = load_file(golden / "misc_vectors.safetensors")
    times, words = told["tpe.old_1n1d"][:, :, 0], told["txtpe.old"][:, :, 0]  # [1, positions, D]
    for count in (4, 8, 12, 16):
        torch.testing.assert_close(adapted(times, count), told[f"tpe.load_{count}"][:, :, 0], atol=1e-6, rtol=0)
    assert torch.equal(adapted(times, 12, longer="zeros"), told["tpe.load_12_zero"][:, :, 0])
    for count in (16, 77):
        torch.testing.assert_close(adapted(words, count), told[f"txtpe.load_{count}"][:, :, 0], atol=1e-6, rtol=0)
    torch.testing.assert_close(adapted(words[0], 77), told["txtpe.load_77"][0, :, 0], atol=1e-6, rtol=0)


def test_kernels_for_more_frames(golden):
    told = load_file(golden / "misc_vectors.safetensors")
    for frames, kind in ((1, "center"), (3, "center"), (3, "mean")):
        torch.testing.assert_close(inflated(told["inflate.in2d"], frames, kind=kind), told[f"inflate.k{frames}_{kind}"])


@torch.inference_mode()
def test_a_checkpoint_is_loaded_for_other_frames_and_words(state, tmp_path):
    save_file(state, tmp_path / "a.safetensors")
    model = load_viclip(tmp_path / "a.safetensors", sizes=GOLDEN_SIZES, frames=12, context_tokens=40)
    assert (model.sizes.frames, model.sizes.context_tokens) == (12, 40)
    assert model.encode_video(torch.zeros(1, 12, 3, 64, 64)).shape == (1, 48)
    assert model.encode_text(torch.full((1, 40), 49407)).shape == (1, 48)
    with pytest.raises(ValueError, match="8 frames: expected 1 or 12; load with frames=8"):
        model.encode_video(torch.zeros(1, 8, 3, 64, 64))
    with pytest.raises(ValueError, match="expected 16 patches of 16 x 16"):
        model.encode_video(torch.zeros(1, 12, 3, 80, 64))


def test_weights_between_two_models():
    """Wortsman et al. (2022): half of each, but the times, which CLIP has not, as they were trained."""
    trained, initial = (dict(Viclip(TINIEST).state_dict()) for _ in range(2))
    times = "vision_encoder.temporal_positional_embedding"
    trained[times] = torch.ones_like(trained[times])
    between = interpolated(trained, initial, 0.25)
    torch.testing.assert_close(
        between["vision_encoder.proj"], 0.25 * trained["vision_encoder.proj"] + 0.75 * initial["vision_encoder.proj"]
    )
    assert torch.equal(between[times], trained[times]) and between.keys() == trained.keys()
    with pytest.raises(UserError, match=r"share 1.5 of the trained weights: expected 0 to 1"):
        interpolated(trained, initial, 1.5)
    with pytest.raises(UserError, match=r"extra is in only one of the two checkpoints"):
        interpolated({**trained, "extra": torch.ones(1)}, initial)
