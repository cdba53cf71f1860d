"""ViCLIP against what the released code computed: embeddings, every stage between, losses, masks, gradients, a step."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402

from internvid_assets.models.viclip.loss import contrastive_loss  # noqa: E402
from internvid_assets.models.viclip.masking import kept_patches  # noqa: E402
from internvid_assets.viclip.optimizing import parameter_groups  # noqa: E402

TOLERANCE = {"atol": 1e-5, "rtol": 0}


def equal(ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, **TOLERANCE)


@torch.inference_mode()
def test_embeddings(viclip, tensors):
    video, text = viclip.encode_video(tensors["in.video_btchw"]), viclip.encode_text(tensors["in.token_ids"])
    equal(video, tensors["out.video_embed"])
    equal(text, tensors["out.text_embed"])
    equal(viclip.encode_video(tensors["in.image_bchw"][:, None]), tensors["out.image_embed"])
    video, text = (torch.nn.functional.normalize(vectors, dim=-1) for vectors in (video, text))
    equal(video, tensors["out.video_embed_normed"])
    equal(text, tensors["out.text_embed_normed"])
    equal(video @ text.T, tensors["out.sims_cos"])


def outputs_of(modules: dict, run) -> dict:
    """name -> what the module answered during `run`."""
    found = {}
    for name, module in modules.items():
        module.register_forward_hook(lambda _, __, output, name=name: found.update({name: output}))
    run()
    return found


@torch.inference_mode()
def test_every_stage_of_the_eyes(viclip, tensors):
    eyes = viclip.vision_encoder
    patches = torch.nn.functional.linear(eyes.patches(tensors["in.video_btchw"]), eyes.conv1.weight.flatten(1))
    as_convolved = patches.unflatten(1, (4, 4, 8)).permute(0, 4, 3, 1, 2)  # [B, D, T, rows, columns]
    equal(as_convolved, tensors["mid.conv1_bcthw"])
    blocks = eyes.transformer.resblocks
    watched = {"ln_pre": eyes.ln_pre, "block0": blocks[0], "block1": blocks[1]}
    found = outputs_of(watched, lambda: viclip.encode_video(tensors["in.video_btchw"]))
    equal(found["block1"].transpose(0, 1), tensors["mid.block1_nbd"][:1])  # no other token of the last block is read
    found |= outputs_of(watched, lambda: eyes.transformer(found["ln_pre"]))
    equal(found["ln_pre"], tensors["mid.ln_pre_bnd"])
    for layer in range(2):
        equal(found[f"block{layer}"].transpose(0, 1), tensors[f"mid.block{layer}_nbd"])
    equal(eyes.ln_post(found["block1"]).transpose(0, 1), tensors["mid.ln_post_nbd"])


@torch.inference_mode()
def test_every_stage_of_the_texts(viclip, tensors):
    encoder = viclip.text_encoder
    blocks = encoder.transformer.resblocks
    watched = {"block0": blocks[0], "block1": blocks[1], "ln_final": encoder.ln_final}
    found = outputs_of(watched, lambda: viclip.encode_text(tensors["in.token_ids"]))
    for layer in range(2):
        equal(found[f"block{layer}"].transpose(0, 1), tensors[f"mid.text_block{layer}_lbd"])
    equal(found["ln_final"], tensors["mid.text_ln_final_bld"])


@torch.inference_mode()
def test_texts_need_no_padding(viclip, tensors):
    ids = tensors["in.token_ids"]
    longest = int((ids != 0).sum(dim=1).max())
    assert longest < ids.shape[1]
    equal(viclip.encode_text(ids[:, :longest]), tensors["out.text_embed"])


LOSSES = [
    ("unique_t010", 0.01, "in.idx_unique"),
    ("unique_t020", 0.02, "in.idx_unique"),
    ("unique_t070", 0.07, "in.idx_unique"),
    ("dup_t070", 0.07, "in.idx_dup"),
    ("unique_t005_clamped_to_010", 0.005, "in.idx_unique"),
]


@torch.no_grad()
@pytest.mark.parametrize(("name", "temperature", "ids"), LOSSES)
def test_losses(name, temperature, ids, viclip, tensors):
    viclip.temp.fill_(temperature)
    loss = viclip(tensors["in.video_btchw"], tensors["in.token_ids"], tensors[ids])
    equal(loss, tensors[f"out.loss_{name}"])
    equal(viclip.temp, tensors[f"out.temp_after_{name}"])


def test_the_loss_of_given_vectors(golden):
    told = load_file(golden / "misc_vectors.safetensors")
    video, text, pairs = told["ret.v"], told["ret.t"], told["vtc.idx_pairs"]
    equal(contrastive_loss(video, text, 0.07, torch.arange(20)), told["vtc.loss_t007"])
    equal(contrastive_loss(video, text, 0.07), told["vtc.loss_noidx_t007"])
    equal(contrastive_loss(video, text, 0.07, pairs), told["vtc.loss_pairs_t007"])


@torch.inference_mode()
@pytest.mark.parametrize(("percent", "removed"), [(50, 64), (75, 96), (90, 115)])
def test_masked_videos(percent, removed, viclip, tensors):
    kept = kept_patches(tensors["mask.u"], percent / 100)
    assert kept.shape == (4, 128 - removed)
    is_removed = torch.ones(4, 128, dtype=torch.bool).scatter_(1, kept, False)
    assert torch.equal(is_removed, tensors[f"mask.removed_0{percent}"])
    assert (kept.diff(dim=1) > 0).all()  # in their order
    equal(viclip.encode_video(tensors["in.video_btchw"], kept), tensors[f"out.video_embed_masked_0{percent}"])


def backward(viclip, tensors) -> None:
    viclip.train()
    with torch.no_grad():
        viclip.temp.fill_(0.07)
    viclip(tensors["in.video_btchw"], tensors["in.token_ids"], tensors["in.idx_unique"]).backward()


def close_gradient(name: str, ours, theirs) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()), msg=lambda m: name + m)


@pytest.mark.parametrize("recompute", [False, True])
def test_gradients(recompute, viclip, tensors):
    if recompute:
        viclip.recompute()
    backward(viclip, tensors)
    gradients = {name: parameter.grad for name, parameter in viclip.named_parameters()}
    told = {name.removeprefix("grad."): one for name, one in tensors.items() if name.startswith("grad.")}
    assert told.keys() == gradients.keys() - {"text_encoder.token_embedding.weight"}
    for name, gradient in told.items():
        close_gradient(name, gradients[name], gradient)
    words = "text_encoder.token_embedding.weight"
    rows = tensors[f"grad_rows.{words}"]
    close_gradient(words, gradients[words][rows], tensors[f"grad_atrows.{words}"])
    touched = gradients[words].abs().sum(dim=1).nonzero().flatten()
    assert touched.tolist() == rows[rows != 0].tolist()  # the padding has none


def test_the_optimizers_groups(golden, viclip):
    viclip.freeze_text()
    told = json.loads((golden / "viclip_tiny_optimizer_groups.json").read_text())["groups"]
    names = {id(parameter): name for name, parameter in viclip.named_parameters()}
    ours = parameter_groups(viclip, learning_rate=4e-4, weight_decay=0.2)
    shown = [(g["lr"], g["weight_decay"], [names[id(p)] for p in g["params"]]) for g in ours]
    assert shown == [(g["lr"], g["weight_decay"], g["params"]) for g in told]


def test_a_step_of_adamw(viclip, tensors):
    """Where a gradient is next to nothing, its sign, and so the first step, is chance."""
    viclip.freeze_text()
    backward(viclip, tensors)
    groups = parameter_groups(viclip, learning_rate=4e-4, weight_decay=0.2)
    torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-8, fused=True).step()
    parameters = dict(viclip.named_parameters())
    told = {name.removeprefix("step1."): one for name, one in tensors.items() if name.startswith("step1.")}
    assert told.keys() == {name for name, parameter in parameters.items() if parameter.requires_grad}
    differences = {name: (parameters[name].detach() - one).abs().flatten() for name, one in told.items()}
    everywhere = torch.cat(list(differences.values()))
    assert (everywhere <= 1e-5).float().mean() > 0.999
    assert everywhere.max() <= 2.1 * 4e-4  # at worst, one step the other way
