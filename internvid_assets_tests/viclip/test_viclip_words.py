"""Token ids against CLIP's own, and the words of the sample world's CLIP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from safetensors import safe_open  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.pre_text import pre_text  # noqa: E402
from internvid_assets.models.viclip import tokens  # noqa: E402
from internvid_assets.models.viclip.tokens import words_of  # noqa: E402

SAMPLE_CLIP = Path(tokens.__file__).parents[2] / "sample_world" / "weights" / "clip"


@pytest.fixture(scope="module")
def rows(golden) -> list[dict]:
    found = json.loads((golden / "clip_bpe.json").read_text())["rows"]
    assert len(found) > 20
    return found


@pytest.mark.parametrize("context", [32, 77, 248])
def test_texts_are_tokenised_as_by_clip(context, rows):
    words = words_of("clip", context_tokens=context)
    assert [words.ids(row["text"]) for row in rows] == [row[f"tokenize_{context}"] for row in rows]


def test_captions_are_worded_first(rows):
    words = words_of("clip")
    assert [pre_text(row["text"]) for row in rows] == [row["pre_text"] for row in rows]
    assert [words.pieces(pre_text(row["text"])) for row in rows] == [row["pre_text_ids"] for row in rows]
    worded = words.captions([row["text"] for row in rows])
    assert worded.tolist() == words([row["pre_text"] for row in rows]).tolist()


def test_the_golden_models_texts(golden, tensors):
    with safe_open(golden / "viclip_tiny.safetensors", "pt") as file:
        texts = json.loads(file.metadata()["texts"])
    ids = words_of("clip")(texts)
    assert torch.equal(ids, tensors["in.token_ids"][:, : ids.shape[1]].long())
    assert not tensors["in.token_ids"][:, ids.shape[1] :].any()


def test_a_clips_folder_has_words_of_its_own():
    words = words_of(str(SAMPLE_CLIP), context_tokens=5)
    told = words(["a red ball moves left", "a zebra", ""])
    assert told[:, 0].tolist() == [words.start] * 3 and told.shape == (3, 5)
    assert told[0, -1] == words.end and told[1].tolist()[3:] == [words.end, 0]
    assert told[2].tolist() == [words.start, words.end, 0, 0, 0]


def test_words_that_are_not_installed(monkeypatch):
    monkeypatch.setattr(tokens, "SHIPPED", "absent.txt.gz")
    with pytest.raises(UserError, match=r"absent.txt.gz\) is not installed; pip install"):
        words_of("clip")


@pytest.mark.parametrize(("source", "files"), [(str(SAMPLE_CLIP), 2), ("clip", 0)])
def test_words_travel_with_a_checkpoint(source, files, tmp_path, caplog):
    tokens.keep_words(source, tmp_path)
    assert len(list(tmp_path.iterdir())) == files
    (tmp_path / "config.json").write_text('{"model_type": "viclip"}')
    beside, own = tokens.words_beside(tmp_path), words_of(source)
    assert beside.ids("a red ball moves left") == own.ids("a red ball moves left")
    assert (beside.start, beside.end) == (own.start, own.end) and not caplog.records
