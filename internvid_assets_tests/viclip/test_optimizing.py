"""The learning rate of every step, and layers that learn slower."""

from __future__ import annotations

import json

import pytest

torch = pytest.importorskip("torch")

from tiniest import TINIEST  # noqa: E402

from internvid_assets.models.viclip.model import Viclip  # noqa: E402
from internvid_assets.viclip.optimizing import learning_rate_share, parameter_groups  # noqa: E402


def test_the_learning_rate_is_the_released_codes(golden):
    cases = json.loads((golden / "lr_schedule.json").read_text())["cases"]
    assert len(cases) == 3
    for case in cases:
        per_epoch = case["steps_per_epoch"]
        told = {"steps": per_epoch * case["epochs"], "warmup_steps": int(per_epoch * case["warmup_epochs"])}
        shares = [learning_rate_share(step, **told, lowest=case["min_lr_multi"]) for step in range(told["steps"])]
        assert [case["base_lr"] * share for share in shares] == pytest.approx(case["lr_used_at_step"], rel=1e-9)


def test_lower_layers_learn_slower():
    model = Viclip(TINIEST)
    groups = parameter_groups(model, learning_rate=1.0, weight_decay=0.2, layer_decay=0.5)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    rates = {names[id(parameter)]: group["lr"] for group in groups for parameter in group["params"]}
    assert len(rates) == len(list(model.parameters()))
    blocks = "vision_encoder.transformer.resblocks"
    assert rates["temp"] == rates["vision_encoder.proj"] == rates["vision_encoder.ln_post.bias"] == 1
    assert rates[f"{blocks}.1.attn.in_proj_weight"] == 0.5 and rates[f"{blocks}.0.ln_1.weight"] == 0.25
    assert rates["vision_encoder.conv1.weight"] == rates["vision_encoder.positional_embedding"] == 0.125
    assert rates["text_encoder.token_embedding.weight"] == 0.25  # it has one block
