"""Exported towers answer as the model does, and their preprocessing is told well enough to be done again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tiny_models import viclip

torch = pytest.importorskip("torch")

from tokenizers import Tokenizer  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.viclip import exporting  # noqa: E402
from internvid_assets.models.viclip.checkpoint import load_viclip  # noqa: E402
from internvid_assets.models.viclip.embedding import load_embedding  # noqa: E402
from internvid_assets.models.viclip.exporting import export_towers  # noqa: E402

CAPTIONS = ["a red ball", "A cat sits, left!", "left " * 40]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    return Path(viclip(tmp_path_factory.mktemp("models") / "step-00000007"))


@pytest.fixture(scope="module")
def towers(checkpoint, tmp_path_factory) -> Path:
    """Both formats where the packages are installed."""
    folder = tmp_path_factory.mktemp("exported") / "towers"
    export_towers(checkpoint, folder, onnx=all(map(exporting.find_spec, exporting.ONNX_PACKAGES)))
    return folder


@pytest.fixture(scope="module")
def told(towers) -> dict:
    return json.loads((towers / "preprocessing.json").read_text())


def inputs(told: dict, batch: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(batch)
    size, context = told["video"]["size"], told["text"]["context_tokens"]
    token_ids = torch.randint(1, told["text"]["end"], (batch, context))
    ends = torch.randint(2, context, (batch,))
    token_ids[torch.arange(batch), ends] = told["text"]["end"]
    return {
        "video": torch.randn(batch, told["video"]["frames"], 3, size["height"], size["width"]),
        "text": torch.where(torch.arange(context) > ends[:, None], told["text"]["pad"], token_ids),
    }


@torch.inference_mode()
def expected(checkpoint: Path, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    model = load_viclip(checkpoint)
    made = {"video": model.encode_video(given["video"]), "text": model.encode_text(given["text"])}
    return {name: F.normalize(vectors, dim=-1) for name, vectors in made.items()}


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ["video", "text"])
def test_a_tower_equals_the_model(name, batch, towers, told, checkpoint):
    given = inputs(told, batch)
    program = torch.export.load(towers / told[name]["program"])
    with torch.inference_mode():
        vectors = program.module()(given[name])
    assert vectors.shape == (batch, told["output"]["width"])
    torch.testing.assert_close(vectors, expected(checkpoint, given)[name], atol=1e-5, rtol=0)
    prefix = {"video": "vision_encoder.", "text": "text_encoder."}[name]
    own = [one for one in load_viclip(checkpoint).state_dict() if one.startswith(prefix)]
    assert len(program.state_dict) == len(own), "the other encoder's weights are not in the file"


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", ["video", "text"])
def test_so_it_does_as_onnx(name, batch, towers, told, checkpoint):
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    given = inputs(told, batch)
    session = runtime.InferenceSession(str(towers / f"{name}.onnx"))
    assert session.get_inputs()[0].shape[0] == "batch"
    (vectors,) = session.run(["vectors"], {exporting.INPUTS[name]: given[name].numpy()})
    np.testing.assert_allclose(vectors, expected(checkpoint, given)[name].numpy(), atol=1e-5)


def test_captions_are_prepared_by_what_is_told(towers, told, checkpoint):
    """With `tokenizers` alone."""
    text, tokenizer = told["text"], Tokenizer.from_file(str(towers / told["text"]["tokenizer"]))
    rows = []
    for caption in CAPTIONS:
        cleaned = " ".join(caption.lower().replace(",", "").replace("!", "").split())
        pieces = tokenizer.encode(cleaned, add_special_tokens=False).ids[: text["context_tokens"] - 2]
        ids = [text["start"], *pieces, text["end"]]
        rows.append(ids + [text["pad"]] * (text["context_tokens"] - len(ids)))
    vectors = torch.export.load(towers / text["program"]).module()(torch.tensor(rows))
    own = load_embedding(checkpoint).embed_texts(CAPTIONS)
    np.testing.assert_allclose(vectors.detach().numpy(), own, atol=1e-5)


def test_pictures_are_prepared_by_what_is_told(towers, told, checkpoint):
    video, rng = told["video"], np.random.default_rng(0)
    frames = rng.integers(256, size=(video["frames"], 40, 60, 3), dtype=np.uint8)
    size = (video["size"]["height"], video["size"]["width"])
    pixels = F.interpolate(torch.from_numpy(frames).permute(0, 3, 1, 2).float(), size, mode="bicubic")
    mean, std = (torch.tensor(video[name])[:, None, None] for name in ("mean", "std"))
    ready = (pixels.round().clamp(0, 255) * video["scale"] - mean) / std
    vectors = torch.export.load(towers / video["program"]).module()(ready[None])
    own = load_embedding(checkpoint).embed_videos([list(frames)])
    np.testing.assert_allclose(vectors.detach().numpy(), own, atol=1e-5)


def test_a_folder_that_is_there_stays_as_it_is(checkpoint, towers):
    before = sorted(towers.iterdir())
    with pytest.raises(UserError, match=r"towers exists; choose a new folder"):
        export_towers(checkpoint, towers)
    assert sorted(towers.iterdir()) == before


def test_onnx_without_its_packages_is_told_before_anything_is_made(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install 'internvid-assets\[onnx\]'"):
        export_towers(checkpoint, tmp_path / "towers", onnx=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_checkpoint_leaves_nothing(tmp_path):
    with pytest.raises(UserError, match=r"absent.pth does not exist: expected a checkpoint file") as caught:
        export_towers(tmp_path / "absent.pth", tmp_path / "towers")
    assert list(tmp_path.iterdir()) == [] and "\n" not in str(caught.value)
