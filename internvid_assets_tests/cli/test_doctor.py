"""`internvid doctor` tells what the profile's models need: weights, memory, a server, and what a clip costs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from console import Done, run_here
from safetensors.numpy import save_file

MODEL = "tiny-vl"
CAPTIONER, PIN = "Salesforce--blip2-opt-2.7b", "59a1ef6c1e5117b3f65523d1c6066825bcf315e3"


def told(done: Done) -> dict[str, dict]:
    """The last finding about each thing."""
    return {finding["about"]: finding for finding in json.loads(done.stdout)}


def test_the_shipped_models_are_here_and_their_clips_were_timed(internvid):
    done = internvid("doctor", "--format", "json")
    found = told(done)
    assert done.exit_code == 0, done.stderr
    assert found["captioner"]["weights"] == "shipped" and 0.004 < found["captioner"]["memory_gb"] < 0.01
    assert found["translator"]["weights"] == "nobody"
    asked = {"captioner", "frame_captioner", "vision_language_model", "language_model", "summariser"}
    asked |= {"embedder", "video_embedder", "frame_embedder", "aesthetics", "similarity"}
    each = [row["seconds_per_clip"] for about, row in found.items() if row["seconds_per_clip"] and about != "cost"]
    assert len(each) == len(asked) and all(found[name]["seconds_per_clip"] for name in asked)
    assert found["cost"]["seconds_per_clip"] == pytest.approx(sum(each)) and min(each) > 0
    assert found["cost"]["dollars_per_clip"] is None


def test_a_table_for_people(internvid):
    done = internvid("doctor")
    lines = done.stdout.splitlines()
    assert any(line.startswith("ok  device: ") for line in lines)
    heading = next(line.split() for line in lines if line.startswith("capability"))
    assert heading[-2:] == ["seconds_per_clip", "dollars_per_clip"]
    assert not any(line.startswith("FIX") for line in lines)


def test_a_profile_is_told_whole_with_a_command_for_each_that_is_missing(process, empty, tmp_path):
    """The hub's cache holds one of its models; in a process, since a cache's place is read when Python starts."""
    snapshot = tmp_path / f"hub/models--{CAPTIONER}/snapshots/{PIN}"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    save_file({"weight": np.zeros(1000, "float16")}, snapshot / "model.safetensors")
    done = process.run("doctor", "--profile", "paper", home=empty, HF_HOME=str(tmp_path), HF_HUB_OFFLINE="1")
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    to_fix = [line for line in lines if line.startswith("FIX")]
    (embedder,) = [line for line in to_fix if line.startswith("FIX embedder")]
    assert "hf download openai/clip-vit-large-patch14 --revision 32bd" in embedder and "HF_HUB_OFFLINE" in embedder
    (language,) = [line for line in to_fix if "models.language_model.revision is not set" in line]
    assert language.startswith("FIX language_model, phrase_extractor, translator: ")
    assert any("models.aesthetics.head is not set" in line for line in to_fix)
    assert any("models.similarity.name is not set" in line for line in to_fix)
    (captioner,) = [line.split() for line in lines if line.startswith("captioner")]
    assert captioner[2:4] == [PIN, "cache"]


def ask(server: str, *more: str, home: Path, name: str = MODEL) -> Done:
    chosen = {"base_url": server, "name": name, "revision": "spring"}
    options = [word for key, value in chosen.items() for word in ("--set", f"server.{key}={value}")]
    return run_here("doctor", "--profile", "server", *options, *more, home=home)


def test_a_server_is_asked_once_whether_it_knows_the_model(empty, server):
    done = ask(server, "--format", "json", home=empty)
    assert done.exit_code == 0, done.stdout
    found = json.loads(done.stdout)
    assert [row["finding"] for row in found if row["about"] == "server"] == [f"{server} answers, and knows {MODEL}"]
    assert {row["weights"] for row in found if row["model"]} == {"server", "nobody"}


def test_a_server_that_will_not_do(empty, server):
    other = ask(server, home=empty, name="larger-vl")
    assert other.exit_code == 1 and f"FIX server: {server} has no model larger-vl" in other.stdout
    nobody = ask("http://127.0.0.1:9/v1", home=empty)
    assert nobody.exit_code == 1 and "FIX server: no server answers at http://127.0.0.1:9/v1" in nobody.stdout


@pytest.mark.parametrize("url", ["zzz://lake", "memory://"])
def test_a_lake_that_cannot_be_reached_is_told(empty, url):
    done = run_here("doctor", "--set", f"lake_url={url}", home=empty)
    (line,) = [line for line in done.stdout.splitlines() if " lake: " in line]
    assert line.startswith("ok " if url == "memory://" else "FIX"), line
    assert url in line
