"""Tag2Text's adapter against a stand-in for its package `ram`, which no package index has and transformers 5 breaks.

The stand-in has the package's names and signatures, and tells by colours instead of a network. With the package itself
(under transformers 4.40, random weights) the adapter was tried by hand: captions and tags are those of its own calls.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from internvid_assets.caption_parameters import CaptionParameters
from internvid_assets.captions.captioning import caption_frames
from internvid_assets.cells.bench import Bench
from internvid_assets.cells.engine import LocalEngine
from internvid_assets.cells.errors import UserError
from internvid_assets.cells.feature import schema_of
from internvid_assets.media.frames import FrameStore
from internvid_assets.models.batching import in_order
from internvid_assets.models.loaded import Models
from internvid_assets.models.profiles import model_specs
from internvid_assets.settings import Settings
from internvid_assets.tables import FrameCaptions

STAND_IN = {
    "ram/__init__.py": "from .transform import get_transform",
    "ram/transform.py": """
import numpy, torch
def get_transform(image_size=384):
    def transform(image):
        small = image.convert("RGB").resize((image_size, image_size))
        return torch.from_numpy(numpy.array(small)).permute(2, 0, 1) / 255
    return transform
""",
    "ram/models/__init__.py": "from .tag2text import tag2text",
    "ram/models/tag2text.py": """
import torch
class Tag2Text(torch.nn.Module):
    prompt_length = 4
    def __init__(self, image_size, vit, threshold, delete_tag_index, text_encoder_type):
        super().__init__()
        assert (image_size, vit, threshold, len(delete_tag_index)) == (384, "swin_b", 0.68, 7)
        self.weight = torch.nn.Parameter(torch.zeros(1))
    def generate(self, image, sample=False, num_beams=3, max_length=30, min_length=10, top_p=0.9,
                 repetition_penalty=1.0, tag_input=None, return_tag_predict=False):
        assert image.shape == (1, 3, 384, 384) and num_beams == 3 and return_tag_predict
        colours = [name for name, mean in zip(("red", "green", "blue"), image[0].mean((1, 2))) if mean > 0.5]
        return [f"{' and '.join(colours) or 'dark'} in {max_length} tokens "], [" | ".join(colours)]
def tag2text(pretrained="", **kwargs):
    print("load checkpoint from", pretrained)
    return Tag2Text(**kwargs)
""",
}
COLOURS = {"red": (255, 0, 0), "purple": (255, 0, 255), "black": (0, 0, 0)}


@pytest.fixture
def chosen(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "tag2text_swin_14m.pth").write_bytes(b"weights")
    (tmp_path / "vocab.txt").write_bytes(b"words")
    return {"adapter": "tag2text", "name": str(tmp_path / "tag2text_swin_14m.pth"), "tokenizer": str(tmp_path)}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name, code in STAND_IN.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(code)
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "ram"]:
        del sys.modules[name]
    importlib.invalidate_caches()


def pictures() -> list[np.ndarray]:
    return [np.full((36, 64, 3), colour, np.uint8) for colour in COLOURS.values()]


def spec(chosen: dict[str, str]):
    return model_specs("sample", {"frame_captioner": chosen})["frame_captioner"]


def test_each_caption_has_the_tags_of_its_own_picture(chosen, package, capsys):
    answers = in_order(spec(chosen).load().caption(iter(pictures()), max_new_tokens=46))
    assert [(answer.text, answer.tags) for answer in answers] == [
        ("red in 50 tokens", ("red",)),
        ("red and blue in 50 tokens", ("red", "blue")),
        ("dark in 50 tokens", ()),
    ]
    assert capsys.readouterr().out == "", "standard output is for results"


def test_tags_are_kept_with_the_frames(chosen, package, tmp_path):
    import cv2

    frames = FrameStore(tmp_path / "frames")
    named = zip(COLOURS, pictures(), strict=True)
    frames.put({name: cv2.imencode(".png", image[:, :, ::-1])[1].tobytes() for name, image in named})
    models = Models(model_specs("sample", {"frame_captioner": chosen}))
    parameters = CaptionParameters()  # pyright: ignore[reportCallIssue]
    bench = Bench(Settings(home=tmp_path), parameters, models, frames, LocalEngine(1))
    pieces = list(caption_frames(bench)(pl.DataFrame({"frame_hash": list(COLOURS)})))
    told = {position: outcome for piece in pieces for position, outcome in piece.items()}
    rows = pl.DataFrame([told[i] for i in range(3)], schema=schema_of(FrameCaptions), strict=True)
    assert rows["tags"].to_list() == [["red"], ["red", "blue"], []]


def test_without_the_package_the_way_to_it_is_told(chosen):
    assert "ram" not in sys.modules
    with pytest.raises(
        UserError, match=r"needs Tag2Text's package ram \(No module named 'ram'\): pip install git\+"
    ) as e:
        spec(chosen).load()
    assert "\n" not in str(e.value)


def test_its_files_are_asked_for_and_pin_it(chosen, tmp_path):
    name, revision = spec(chosen).identity
    assert name == "tag2text_swin_14m" and len(revision.split("+")) == 2
    with pytest.raises(UserError, match=r"models\.frame_captioner\.name is not set: expected a Tag2Text check"):
        spec({"adapter": "tag2text"})
    with pytest.raises(UserError, match=r"models\.frame_captioner\.tokenizer is not set"):
        spec({**chosen, "tokenizer": ""})
