"""A ViCLIP scores, embeds and finds the clips of a home, by a checkpoint that settings name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from console import calls, run_here
from safetensors.torch import load_file, save_file

from internvid_assets import viclip
from internvid_assets.clips.frames import frame_options
from internvid_assets.embeddings.likeness import jpegs_of
from internvid_assets.media.frames import pixels
from internvid_assets.models.viclip.checkpoint import save_viclip
from internvid_assets.models.viclip.embedding import load_embedding
from internvid_assets.models.viclip.tokens import keep_words
from internvid_assets.settings import Settings
from internvid_assets.viclip.clip_weights import viclip_of_clip

SAMPLE_CLIP = Path(viclip.__file__).parents[1] / "sample_world" / "weights" / "clip"
NAME = "step-00000007"
ASKING = ["umt_scores", "shuffled_scores", "clip_embeddings"]
AGAIN = " or ".join(f"key:{name}" for name in [*ASKING, "clip_index"])
OTHERS = ["clips", "center_captions", "fused_captions", "clip_scores", "aesthetic_scores"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """As training leaves one: what it begins with on the sample world, beside what it remembers."""
    folder = tmp_path_factory.mktemp("training") / NAME
    save_viclip(viclip_of_clip(SAMPLE_CLIP), folder)
    keep_words(str(SAMPLE_CLIP), folder)
    (folder / "optimizer.pt").write_bytes(b"moments")
    return folder


@pytest.fixture(scope="module")
def trained_on(checkpoint, tmp_path_factory) -> Path:
    """The same after another step: other weights under the same name."""
    folder = tmp_path_factory.mktemp("later") / NAME
    folder.mkdir()
    for file in checkpoint.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    state = load_file(checkpoint / "model.safetensors")
    state["vision_encoder.proj"] = state["vision_encoder.proj"] * 1.01
    save_file(state, folder / "model.safetensors")
    return folder


def chosen(checkpoint: Path) -> list[str]:
    told = [f"models.{name}.{key}" for name in ("similarity", "video_embedder") for key in ("adapter", "name")]
    return [word for key in told for word in ("--set", f"{key}={'viclip' if key.endswith('adapter') else checkpoint}")]


def done(*arguments, home: Path) -> str:
    finished = run_here(*arguments, home=home)
    assert finished.exit_code == 0, finished.stderr
    return finished.stdout


def rows(home: Path, query: str) -> list[dict]:
    return json.loads(done("sql", query, "-f", "json", home=home))


def pending(home: Path, checkpoint: Path) -> dict[str, int]:
    planned = json.loads(done("plan", *chosen(checkpoint), "--format", "json", home=home))
    return {row["asset"]: row["rows_to_compute"] for row in planned if row["rows_to_compute"]}


def refusal(*arguments: str | Path, home: Path) -> str:
    refused = run_here(*arguments, home=home)
    (line,) = refused.stderr.splitlines()
    assert refused.exit_code == 1
    return line


def found(home: Path, *arguments: str | Path) -> list[dict]:
    return json.loads(done("search", *arguments, "--format", "json", home=home))


def vectors(home: Path, column: str) -> dict[str, np.ndarray]:
    told = rows(home, f"select clip_id, {column} from clip_embeddings")
    return {row["clip_id"]: np.array(row[column]) for row in told}


def test_a_checkpoint_scores_embeds_and_finds(home, checkpoint, trained_on, world):
    clips = len(rows(home, "select clip_id from clip_embeddings"))
    line = refusal("search", "a ball", "--model", checkpoint, home=home)
    way_out = f"--set models.video_embedder.adapter=viclip --set models.video_embedder.name={checkpoint}"
    assert "the index has embeddings of sample-world/clip @ " in line and f"--model is viclip/{NAME} @ " in line
    assert line.endswith(f"run: internvid materialize '+key:clip_index' {way_out}")

    before, asked = calls(home, *ASKING, *OTHERS), pending(home, checkpoint)
    assert set(asked) == set(ASKING) and asked["umt_scores"] == asked["clip_embeddings"] == clips
    done("materialize", AGAIN, *chosen(checkpoint), home=home)
    after = calls(home, *ASKING, *OTHERS)
    assert all(after[table] > before[table] for table in ASKING)
    assert all(after[table] == before[table] for table in OTHERS)
    assert pending(home, checkpoint) == {}
    assert set(pending(home, trained_on)) == set(ASKING), "other weights of the same name"
    as_it_was_told(home, checkpoint)
    finds(home, checkpoint, world)
    line = refusal("search", "a ball", home=home)
    assert f"the index has embeddings of viclip/{NAME} @ " in line
    assert "the configured model is sample-world/clip @ " in line
    line = refusal("search", "a ball", "--model", trained_on, home=home)
    assert f"the index has embeddings of viclip/{NAME} @ " in line and str(trained_on) in line

    done("materialize", AGAIN, home=home)
    assert calls(home, *ASKING, *OTHERS) == after, "changing back costs nothing"
    assert found(home, "a ball", "-k", "1")


def as_it_was_told(home: Path, checkpoint: Path) -> None:
    """What the tables hold is what the checkpoint says of each clip's 8 uniform frames and of its caption."""
    scores = rows(home, "select clip_id, umt_score, frame_scores, model from umt_scores")
    assert all(len(row["frame_scores"]) == 1 and row["model"].startswith(f"viclip/{NAME}@") for row in scores)
    embedded = rows(home, "select distinct model, revision from clip_embeddings")
    assert [f"{row['model']}@{row['revision']}" for row in embedded] == [scores[0]["model"]]
    videos, captions = vectors(home, "video_embedding"), vectors(home, "caption_embedding")
    for row in scores:
        assert row["umt_score"] == pytest.approx(videos[row["clip_id"]] @ captions[row["clip_id"]], abs=1e-5)
    texts = {row["clip_id"]: row["caption"] for row in rows(home, "select clip_id, caption from fused_captions")}
    own = load_embedding(checkpoint).embed_texts([texts[clip] for clip in captions])
    np.testing.assert_allclose(np.stack(list(captions.values())), own, atol=1e-5)


def finds(home: Path, checkpoint: Path, world: Path) -> None:
    """By a text, a clip and a video, with the vectors of that checkpoint."""
    videos, embedding = vectors(home, "video_embedding"), load_embedding(checkpoint)
    (asked,) = embedding.embed_texts(["a red ball"])
    hits = found(home, "a red ball", "-k", "5", "--model", checkpoint)
    assert [hit["similarity"] for hit in hits] == pytest.approx(_cosines(hits, videos, asked), abs=1e-3)
    first = hits[0]["clip_id"]
    alike = found(home, "--like", first, "-k", "5", "--model", checkpoint)
    assert [hit["similarity"] for hit in alike] == pytest.approx(_cosines(alike, videos, videos[first]), abs=1e-3)
    video = next(path for path in (world / "music").iterdir() if path.suffix in {".mp4", ".webm", ".mkv"})
    best = found(home, "--like", video, "-k", "3", "--model", checkpoint)
    (seen,) = embedding.embed_videos([[pixels(jpeg) for jpeg in jpegs_of(str(video), **frame_options(Settings()))]])
    assert [hit["similarity"] for hit in best] == pytest.approx(_cosines(best, videos, seen), abs=1e-3)


def _cosines(hits: Sequence[dict], videos: dict[str, np.ndarray], asked: np.ndarray) -> list[float]:
    return [float(videos[hit["clip_id"]] @ asked) for hit in hits]


def test_doctor_knows_a_checkpoint(empty, checkpoint):
    told = json.loads(done("doctor", *chosen(checkpoint), "--format", "json", home=empty))
    own = {row["about"]: row for row in told if row["about"] in ("similarity", "video_embedder")}
    assert len(own) == 2
    for row in own.values():
        assert (row["is_fine"], row["model"], row["weights"]) == (True, f"viclip/{NAME}", "folder")
        assert 0.001 < row["memory_gb"] < 0.1
    refused = run_here("doctor", *chosen(checkpoint / "nowhere"), home=empty)
    assert refused.exit_code == 1
    assert "FIX similarity: models.similarity.name is " in refused.stdout
    assert "expected a ViCLIP checkpoint" in refused.stdout


@pytest.mark.parametrize("name", ["nowhere", "optimizer.pt"])
def test_what_is_no_checkpoint_is_refused_on_one_line(internvid, checkpoint, name):
    done = internvid("search", "ball", "--model", checkpoint / name)
    (line,) = done.stderr.splitlines()
    assert done.exit_code == 1 and name in line
