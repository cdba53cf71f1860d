"""The assets: both phases in processes of their own, weights between, and what they say when they cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

pytest.importorskip("torch")

from small_training import made

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.lake import file_name
from internvid_assets.cli.staleness import statuses_of
from internvid_assets.definitions import build_defs
from internvid_assets.home import Home
from internvid_assets.language.verbs import tagger_identity
from internvid_assets.models.viclip.checkpoint import load_viclip, read_state
from internvid_assets.selects.files import column_types
from internvid_assets.settings import load_settings
from internvid_assets.viclip import lifeline, saving
from internvid_assets.viclip.assets import (
    recipes,
    viclip_checkpoint,
    viclip_interpolated_checkpoint,
    viclip_masked_checkpoint,
)
from internvid_assets.viclip.launching import FOLDER, clip_folder, current, prepared
from internvid_assets.viclip.trained_on import clips_made_by
from internvid_assets.viclip.training_config import read_config
from internvid_assets.viclip_parameters import MaskedParameters, TrainingParameters, effective

ROOT = Path(__file__).parents[2]
SUBSET = "internvid_10m"
QUICK = ["training.frames=4", "training.picture_pixels=40", "viclip_masked_checkpoint.epochs=1"]
QUICK += ["viclip_masked_checkpoint.batch_size=12", "viclip_checkpoint.batch_size=8", "viclip_checkpoint.epochs=0.5"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A home with two dozen clips in a subset, with frames and captions."""
    home = tmp_path_factory.mktemp("home")
    made(home)
    rows = pl.read_ipc(home / "rows.arrow")
    write(home, SUBSET, None, rows.with_columns(caption=pl.col("captions").list.first()))
    for category in ("sports", "music"):
        own = rows.filter(pl.col("category") == category)
        captioned = own.with_columns(caption=pl.col("captions").list.first())
        frames = own.explode("frame_hashes").rename({"frame_hashes": "frame_hash"})
        write(home, "fused_captions", category, captioned)
        write(home, "clip_frames", category, frames.with_columns(pts=pl.int_range(pl.len()).over("clip_id")))
    return home


def write(home: Path, table: str, category: str | None, rows: pl.DataFrame) -> None:
    types = column_types(table)
    columns = [pl.col(name) if name in rows.columns else pl.lit(None).alias(name) for name in types]
    path = home / file_name(table, category)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows.select(columns).cast(types).write_parquet(path, metadata={"data_version": "1", "recipe": f"{table}'s"})


def home_of(folder: Path, *overrides: str) -> Home:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INTERNVID_SETTINGS", str(ROOT / "internvid.toml"))
        return Home(load_settings([f"home={folder}", "profile=sample", *QUICK, *overrides]))


def materialised(
    home: Home, *assets: dg.AssetsDefinition, instance: dg.DagsterInstance | None = None
) -> dg.ExecuteInProcessResult:
    job = build_defs(home).resolve_implicit_global_asset_job_def()
    keys = [asset.key for asset in assets]
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(ROOT))
        environment.setenv("OMP_NUM_THREADS", "1")
        return job.execute_in_process(asset_selection=keys, partition_key=SUBSET, instance=instance)


def stale(home: Home, instance: dg.DagsterInstance) -> set[str]:
    """The checkpoints of the subset that Dagster's UI shows as out of date."""
    defs, assets = build_defs(home), (viclip_masked_checkpoint, viclip_checkpoint, viclip_interpolated_checkpoint)
    found = {asset.key.to_user_string(): statuses_of(defs, asset.key, [SUBSET], instance)[SUBSET] for asset in assets}
    return {name for name, status in found.items() if status.value == "STALE"}


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


@pytest.mark.slow
def test_two_phases_and_what_lies_between(folder):
    home, assets = home_of(folder), (viclip_masked_checkpoint, viclip_checkpoint, viclip_interpolated_checkpoint)
    with dg.DagsterInstance.ephemeral() as instance:
        result = materialised(home, *assets, instance=instance)
        assert result.success and stale(home, instance) == set()
        assert stale(home_of(folder, "training.checkpoint_steps=3"), instance) == set()
        other = home_of(folder, "viclip_checkpoint.learning_rate=1e-4")
        assert stale(other, instance) == {"viclip_checkpoint"}  # whose weights may come out the same
    shown = metadata(result, "viclip_masked_checkpoint")
    assert (shown["steps"], shown["clips"]) == (2, 24) and shown["loss"] > 0 and shown["samples_per_second"] > 0
    assert shown["curve"].startswith("![loss, learning rate, speed](data:image/png;base64,")
    first, second = (current(home, name, SUBSET) for name in ("viclip_masked_checkpoint", "viclip_checkpoint"))
    assert metadata(result, "viclip_checkpoint")["path"] == str(second)
    assert saving.finished(second.parent).position.samples == 8
    times = "vision_encoder.temporal_positional_embedding"
    between = current(home, "viclip_interpolated_checkpoint", SUBSET)
    assert load_viclip(between).sizes == load_viclip(second).sizes
    assert {clips_made_by(made, "fused_captions's") for made in (first, second, between)} == {24}
    assert clips_made_by(between, "center_captions's") == 0
    states = [read_state(path) for path in (first, second, between)]
    assert (states[0]["vision_encoder.proj"] != states[1]["vision_encoder.proj"]).any()
    assert (states[1][times] == states[2][times]).all()
    again = materialised(home, viclip_masked_checkpoint)
    assert metadata(again, "viclip_masked_checkpoint")["path"] == str(first)  # nothing to train any more


@pytest.mark.slow
def test_two_trainings_never_run_at_once(folder, caplog):
    home = home_of(folder, "viclip_masked_checkpoint.learning_rate=2e-3")
    initial = clip_folder(home)
    with ThreadPoolExecutor() as pool:
        with home.turn(FOLDER):
            training = pool.submit(materialised, home, viclip_masked_checkpoint)
            ends = time.monotonic() + 60
            while "waiting for the checkpoints" not in caplog.text and not training.done() and time.monotonic() < ends:
                time.sleep(0.1)
            launch = prepared(home, "viclip_masked_checkpoint", SUBSET, initial=initial)
            assert "waiting for the checkpoints" in caplog.text and saving.newest(launch.config.output) is None
        assert training.result().success
    assert saving.finished(launch.config.output).position.is_finished


@pytest.mark.slow
def test_why_training_ended_is_what_the_run_says(folder):
    home = home_of(folder, "viclip_masked_checkpoint.batch_size=25")
    with pytest.raises(UserError, match="batch_size = 25: expected at most the 24 rows to train on"):
        materialised(home, viclip_masked_checkpoint)


def test_other_settings_train_in_another_folder(folder):
    home, other = home_of(folder), home_of(folder, "viclip_masked_checkpoint.learning_rate=1e-3")
    runs = [
        prepared(each, "viclip_masked_checkpoint", SUBSET, initial=clip_folder(each)) for each in (home, home, other)
    ]
    assert runs[0].config_file == runs[1].config_file != runs[2].config_file
    assert runs[0].clips == 24 and runs[0].config.tokenizer.endswith("sample_world/weights/clip")
    alone, launched = runs[0].command(1, []), runs[0].command(2, ["--cpu"])
    assert alone[1:] == ["-m", "internvid_assets.viclip.train", str(runs[0].config_file)]
    assert launched[2:5] == ["accelerate.commands.launch", "--num_processes", "2"] and "--cpu" in launched


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ('training.captions={"titles"=1.0}', "training.captions has 'titles': expected some of fused_captions"),
        ('training.initial="absent"', "absent' is not on this machine; set training.initial in internvid.toml"),
    ],
)
def test_settings_that_do_not_fit(override, told, folder):
    home = home_of(folder, override)
    with pytest.raises(UserError, match=told):
        prepared(home, "viclip_masked_checkpoint", SUBSET, initial=clip_folder(home))


def test_a_phase_without_the_one_before(folder):
    with pytest.raises(UserError, match=r"no checkpoint viclip_checkpoint of sharegpt4video; run: internvid"):
        current(home_of(folder), "viclip_checkpoint", "sharegpt4video")


def test_a_profile_changes_what_nobody_set():
    told = effective("viclip_masked_checkpoint", MaskedParameters(batch_size=99), "sample")
    assert (told["batch_size"], told["mask"]) == (99, 0.5)
    paper = effective("training", TrainingParameters(), "paper")
    assert paper == TrainingParameters().model_dump() and paper["precision"] == "bf16"


@pytest.mark.parametrize("name", ["mask", "workers", "precision"])
def test_a_run_is_given_every_setting(name, folder, tmp_path):
    """Nothing has a second default beside that of its setting."""
    config = prepared(home_of(folder), "viclip_masked_checkpoint", SUBSET, initial=clip_folder(home_of(folder))).config
    path = tmp_path / "run.json"
    path.write_text(config.model_dump_json())
    assert read_config(path) == config
    path.write_text(config.model_dump_json(exclude={name}))
    with pytest.raises(UserError, match=rf"run\.json: {name} = .*Field required"):
        read_config(path)


def test_the_tagger_counts_where_verbs_are_asked_for(folder):
    home, without = home_of(folder), home_of(folder, "viclip_masked_checkpoint.verb_phrases=0")
    models = [recipes(each)["viclip_masked_checkpoint"].models for each in (home, without)]
    assert set(models[0]) - set(models[1]) == {tagger_identity()}
    configs = [
        prepared(each, "viclip_masked_checkpoint", SUBSET, initial=clip_folder(each)).config for each in (home, without)
    ]
    assert [config.verb_tagger for config in configs] == [" ".join(tagger_identity()), ""]


def test_training_ends_with_whoever_asked_for_it():
    parent = subprocess.Popen(["sleep", "60"])
    code = "import time; from internvid_assets.viclip import lifeline; lifeline.hold(); print('held', flush=True)"
    code += "; time.sleep(60)"
    environment = {**os.environ, lifeline.PARENT: str(parent.pid), "PYTHONPATH": str(ROOT)}
    child = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    assert child.poll() is None
    parent.send_signal(signal.SIGKILL)  # and nobody waits for it: what is left of it is no parent
    assert child.wait(timeout=20) == lifeline.ORPHANED
    parent.wait()
    gone = subprocess.run([sys.executable, "-c", code], env=environment, timeout=20)
    assert gone.returncode == lifeline.ORPHANED
