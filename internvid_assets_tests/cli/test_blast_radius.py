"""internvid blast-radius: rows, subsets, releases, checkpoints and evaluations that a recipe touched."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from console import run_here

from internvid_assets import tables
from internvid_assets.cells.recipes import Recipe
from internvid_assets.home import Home
from internvid_assets.settings import load_settings
from internvid_assets.viclip.checkpoint_recipes import kept_recipe
from internvid_assets.viclip.rows import file_hash, write_rows
from internvid_assets.viclip.trained_on import keep_recipes

SUBSET = "internvid_10m"
TRAINED = f"viclip_masked_checkpoint/{SUBSET}/run/training/step-00000004"
TUNED = f"viclip_checkpoint/{SUBSET}/second/training/step-00000002"


def touched(recipe: str, home: Path) -> dict[tuple[str, str], int]:
    done = run_here("blast-radius", recipe, "--format", "json", home=home)
    assert (done.exit_code, done.stderr) == (0, "")
    return {(row["kind"], row["name"]): row["rows"] for row in json.loads(done.stdout)}


def recipe_of(home: Path, table: str) -> str:
    files = (home / "lake" / table).glob("category=*/table.parquet")
    return next(iter(set(pl.concat([pl.read_parquet(file, columns=["recipe"]) for file in files])["recipe"])))


def of_lake(home: Path, table: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in (home / "lake" / table).rglob("table.parquet")])


@pytest.fixture
def trained(home: Path) -> Path:
    """With a checkpoint of a subset, one tuned from it, and an evaluation of the second."""
    lake = Home(load_settings([f"home={home}"])).lake
    rows = of_lake(home, SUBSET).select("clip_id", "video_id", "category")
    for number, (name, initial) in enumerate({TRAINED: "clip", TUNED: f"/moved/checkpoints/{TRAINED}"}.items()):
        folder = home / "checkpoints" / name
        folder.mkdir(parents=True)
        write_rows(rows, folder / "rows.arrow")
        (folder / "model.safetensors").write_bytes(bytes([number]))
        (folder / "training.json").write_text(json.dumps({"initial": initial, "output": str(folder.parent)}))
        keep_recipes(lake, folder.parents[1])
    kept_recipe(Recipe("viclip_masked_checkpoint", "1"), home / "checkpoints" / Path(TRAINED).parents[1])
    weights = file_hash(home / "checkpoints" / TUNED / "model.safetensors")
    judged = {"subset": SUBSET, "checkpoint": "viclip_checkpoint", "action": "all actions", "weights": weights}
    row = {**judged, "measure": "top_1", "value": 50.0, "videos": 2, "actions": 2}
    lake.write(pl.LazyFrame([row]), "zero_shot_actions", SUBSET, schema=tables.ZeroShotActions, recipe="evaluated")
    return home


def test_captions_touch_what_is_made_of_them(trained: Path):
    found = touched(recipe_of(trained, "fused_captions"), trained)
    captions, chosen = of_lake(trained, "fused_captions").height, of_lake(trained, SUBSET).height
    assert found["table", "fused_captions"] == found["table", "umt_scores"] == captions
    assert found["subset", SUBSET] == found["checkpoint", TRAINED] == found["checkpoint", TUNED] == chosen > 5
    assert found["evaluation", f"zero_shot_actions of {SUBSET}, {TUNED}"] == 1
    releases = {name: rows for (kind, name), rows in found.items() if kind == "release"}
    assert {rows for name, rows in releases.items() if name.endswith(f", {SUBSET}")} == {chosen}
    assert not {name for kind, name in found if kind == "table"} & {"clips", "center_captions", "aesthetic_scores"}
    assert next(iter(found)) == ("table", "fused_captions")


def test_releases_and_checkpoints_are_told_after_the_lake_has_moved_on(trained: Path):
    recipe = recipe_of(trained, "fused_captions")
    done = run_here("materialize", "key:fused_captions", "--set", "fused_captions.max_frame_captions=2", home=trained)
    assert done.exit_code == 0, done.stderr
    found = touched(recipe, trained)
    assert {kind for kind, _ in found} == {"release", "checkpoint", "evaluation"} and ("checkpoint", TRAINED) in found


def test_videos_touch_their_clips(trained: Path):
    found = touched(recipe_of(trained, "videos"), trained)
    assert found["table", "videos"] == of_lake(trained, "videos").height
    assert found["table", "clips"] == of_lake(trained, "clips").height


def test_settings_of_training_touch_what_was_made_of_the_checkpoint(trained: Path):
    chosen = of_lake(trained, SUBSET).height
    found = touched(Recipe("viclip_masked_checkpoint", "1").hash, trained)
    evaluation = ("evaluation", f"zero_shot_actions of {SUBSET}, {TUNED}")
    assert found == {("checkpoint", TUNED): chosen, ("checkpoint", TRAINED): chosen, evaluation: 1}
    assert touched("evaluated", trained) == {("evaluation", f"zero_shot_actions of {SUBSET}"): 1}


def test_a_takedown_tells_evaluations_too(trained: Path):
    video_id = of_lake(trained, SUBSET)["video_id"][0]
    done = run_here("takedown", video_id, "--format", "json", home=trained)
    assert done.exit_code == 0, done.stderr
    places = {row["place"] for row in json.loads(done.stdout)}
    assert {f"checkpoint {TUNED}", f"zero_shot_actions of checkpoint {TUNED}"} <= places


def test_a_recipe_that_made_nothing_is_refused(internvid):
    done = internvid("blast-radius", "0123456789ab")
    assert done.exit_code == 1 and "nothing in this home was made by recipe 0123456789ab" in done.stderr
