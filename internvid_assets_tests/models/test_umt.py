"""UMT against the tensors of its own code, and against the names and shapes of the published checkpoints."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.pre_text import pre_text  # noqa: E402
from internvid_assets.models.tensor_files import read_tensors  # noqa: E402
from internvid_assets.models.umt import Umt, position_table  # noqa: E402
from internvid_assets.models.umt_checkpoint import load_umt, needed, sizes_of  # noqa: E402
from internvid_assets.models.umt_similarity import prepared  # noqa: E402

TOLERANCE = {"atol": 1e-5, "rtol": 0}


@pytest.fixture(scope="module")
def tensors(golden: Path) -> dict[str, torch.Tensor]:
    return load_file(golden / "umt_tiny.safetensors")


@pytest.fixture(scope="module")
def checkpoint(tensors, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("umt") / "tiny.safetensors"
    save_file({name.removeprefix("state."): one for name, one in tensors.items() if name.startswith("state.")}, path)
    return path


@pytest.fixture(scope="module")
def umt(checkpoint: Path) -> Umt:
    """Its heads are narrower than the published models', and its pictures smaller."""
    weights = needed(read_tensors(checkpoint))
    model = Umt(replace(sizes_of(weights, checkpoint), image_pixels=64, vision_heads=2, text_heads=3))
    model.load_state_dict(weights)
    return model.eval()


@torch.inference_mode()
def test_videos_as_the_papers_code_encodes_them(umt, tensors):
    tokens, pooled = umt.vision_encoder(tensors["in.video_btchw"])
    torch.testing.assert_close(tokens, tensors["out.vision_tokens"], **TOLERANCE)
    torch.testing.assert_close(pooled, tensors["out.vision_pooled_per_frame"], **TOLERANCE)
    torch.testing.assert_close(umt.encode_video(tensors["in.video_btchw"]), tensors["out.vision_proj"], **TOLERANCE)


@torch.inference_mode()
def test_a_single_frame_is_encoded_as_an_image(umt, tensors):
    tokens, pooled = umt.vision_encoder(tensors["in.video_btchw"][:, :1])
    torch.testing.assert_close(tokens, tensors["out.image_tokens"], **TOLERANCE)
    torch.testing.assert_close(pooled, tensors["out.image_pooled"], **TOLERANCE)


@torch.inference_mode()
def test_texts_as_the_papers_code_encodes_them(umt, tensors):
    told = tensors["in.input_ids"], tensors["in.attention_mask"]
    hidden = umt.text_encoder(told[0], attention_mask=told[1]).last_hidden_state
    torch.testing.assert_close(hidden, tensors["out.text_tokens"], **TOLERANCE)
    torch.testing.assert_close(hidden[:, 0], tensors["out.text_pooled_cls"], **TOLERANCE)
    torch.testing.assert_close(umt.encode_text(*told), tensors["out.text_proj"], **TOLERANCE)


@torch.inference_mode()
def test_umt_sim_is_the_mean_of_the_frames_cosines(umt, tensors):
    cosines = umt(tensors["in.video_btchw"], tensors["in.input_ids"], tensors["in.attention_mask"])
    assert cosines.shape == (4, 4, 4)  # clips, frames, texts
    torch.testing.assert_close(cosines.mean(dim=1), tensors["out.sim_v2t"], **TOLERANCE)
    torch.testing.assert_close(cosines.mean(dim=1).diagonal(), tensors["out.umt_sim_diag"], **TOLERANCE)


def test_positions_are_the_papers_and_interpolate_as_theirs(tensors):
    torch.testing.assert_close(position_table(4, 16, 64), tensors["out.pos_embed"][0], **TOLERANCE)
    torch.testing.assert_close(position_table(1, 16, 64), tensors["out.img_pos_embed"][0], **TOLERANCE)
    from_8 = position_table(4, 16, 64, trained_frames=8)
    torch.testing.assert_close(from_8, tensors["out.sinusoid_interp_8to4_n64_d64"][0], **TOLERANCE)


def test_pixels_are_prepared_as_torchvision_did(golden):
    told = load_file(golden / "misc_vectors.safetensors")
    frames = told["tf.in_uint8_tchw"].permute(0, 2, 3, 1).numpy()
    ours = torch.stack([prepared(frame, 32) for frame in frames])
    torch.testing.assert_close(ours, told["tf.out_bicubic_antialias_False"], **TOLERANCE)


def test_captions_are_worded_as_the_papers_datasets_do(golden):
    rows = json.loads((golden / "clip_bpe.json").read_text())["rows"]
    assert len(rows) > 20
    assert [pre_text(row["text"]) for row in rows] == [row["pre_text"] for row in rows]


PUBLISHED = ["umt_b16_retrieval", "umt_b16_pretrain", "umt_l16_retrieval", "umt_l16_pretrain"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_names_and_shapes_are_ours(name, golden, tmp_path):
    """Without a number in them: the tensors are on the device `meta`, and so is the model."""
    listed = json.loads((golden / f"{name}_state_dict.json").read_text())["state_dict"]
    with torch.device("meta"):
        state = {key: torch.empty(told["shape"]) for key, told in listed.items()}
        state |= {"clip_teacher.conv1.weight": torch.empty(1)}
        weights = needed(state)
        sizes = sizes_of(weights, tmp_path)
        model = Umt(sizes)
    assert {key: one.shape for key, one in model.state_dict().items()} == {key: w.shape for key, w in weights.items()}
    assert (sizes.vision_layers, sizes.text_layers) == ((12, 9) if "b16" in name else (24, 19))
    assert sizes.joint_width == (512 if "b16" in name else 768)


def test_a_training_state_is_read_for_its_model(tensors, checkpoint, tmp_path):
    """As pretraining saves it: BERT under `bert`, a head for words, the teacher, an optimizer beside the model."""
    retrieval = load_file(checkpoint)
    state = {name.replace("text_encoder.", "text_encoder.bert."): one for name, one in retrieval.items()}
    state |= {"clip_teacher.proj": torch.zeros(1), "text_encoder.cls.predictions.bias": torch.zeros(1)}
    torch.save({"model": state, "optimizer": {"state": {}}, "epoch": 9}, tmp_path / "ckpt_09.pth")
    weights = needed(read_tensors(tmp_path / "ckpt_09.pth"))
    assert weights.keys() == needed(retrieval).keys()
    assert all(torch.equal(weights[name], retrieval[name]) for name in weights)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vision_encoder.surprise": 1}, r"has \['vision_encoder.surprise'\], which UMT does not have"),
        ({"vision_encoder.pool_norm.bias": None}, r"lacks \['vision_encoder.pool_norm.bias'\]"),
        ({"vision_proj.weight": None}, r"has no vision_proj.weight"),
    ],
)
def test_other_tensors_are_refused_on_one_line(change, told, checkpoint, tmp_path):
    weights = load_file(checkpoint)
    for name, value in change.items():
        weights.pop(name, None)
        weights |= {name: torch.ones(1)} if value else {}
    save_file(weights, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match=told) as caught:
        load_umt(tmp_path / "other.safetensors")
    assert "\n" not in str(caught.value)


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    torch.save({"model": {}, "config": Path("/")}, tmp_path / "evil.pth")
    with pytest.raises(UserError, match="code in checkpoints is never run"):
        read_tensors(tmp_path / "evil.pth")
