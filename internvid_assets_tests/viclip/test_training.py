"""Training goes on after a kill as if nothing had happened, on any number of processes, and says what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

torch = pytest.importorskip("torch")

from accelerate import Accelerator  # noqa: E402
from accelerate.state import AcceleratorState  # noqa: E402
from small_training import CLIPS, config_of, made  # noqa: E402

from internvid_assets.cells.errors import UserError  # noqa: E402
from internvid_assets.models.viclip.checkpoint import load_viclip, read_state  # noqa: E402
from internvid_assets.viclip import curve, saving  # noqa: E402
from internvid_assets.viclip.memory import out_of_memory_as_user_error  # noqa: E402
from internvid_assets.viclip.rows import mapped_rows  # noqa: E402
from internvid_assets.viclip.train import main  # noqa: E402
from internvid_assets.viclip.training import train  # noqa: E402

ROOT = Path(__file__).parents[2]
STEPS = 12


@pytest.fixture(scope="module")
def fields(tmp_path_factory) -> dict[str, Any]:
    return made(tmp_path_factory.mktemp("clips"))


@pytest.fixture(autouse=True)
def process_as_it_was() -> Any:
    """One thread, since products this small are slower on several; and accelerate remembers its first precision."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    torch.set_num_threads(threads)


def trained(config, steps: int = 1000) -> list[float]:
    """Losses of a run in this process, left in the lurch after so many reports."""
    reports = train(config, Accelerator(cpu=True, mixed_precision=config.precision))
    return [report.loss for _, report in zip(range(steps), reports, strict=False)]


def losses(output: Path) -> list[float]:
    told = curve.read(output)
    assert [report.step for report in told] == list(range(1, len(told) + 1))
    return [report.loss for report in told]


@pytest.fixture(scope="module")
def uninterrupted(fields, tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("whole") / "output"
    torch.set_num_threads(1)
    trained(config_of(fields, output))
    return output


def test_a_run_learns_and_leaves_a_checkpoint(uninterrupted, fields):
    told = losses(uninterrupted)
    assert len(told) == STEPS and max(told[-4:]) < min(told[:2])
    saved = saving.finished(uninterrupted)
    assert (saved.position.step, saved.position.samples, saved.position.loss) == (STEPS, 8 * STEPS, told[-1])
    model = load_viclip(saved.folder)
    before = read_state(Path(fields["initial"]))
    after = model.state_dict()
    assert torch.equal(after["text_encoder.ln_final.weight"], before["text_encoder.ln_final.weight"])
    assert not torch.equal(after["vision_encoder.proj"], before["vision_encoder.proj"])
    assert after["vision_encoder.temporal_positional_embedding"].abs().sum() > 0


def test_a_checkpoint_names_the_rows_it_was_trained_on(uninterrupted, fields):
    saved = saving.finished(uninterrupted)
    own = mapped_rows(saved.folder / "rows.arrow")
    assert own.num_rows == CLIPS and own.column("video_id").to_pylist()[:3] == ["video0", "video0", "video1"]
    assert json.loads((saved.folder / "config.json").read_text())["rows"] == saved.position.rows
    assert json.loads((saved.folder / "training.json").read_text())["learning_rate"] == 1e-3


def test_old_checkpoints_go(uninterrupted):
    assert [saved.position.step for saved in saving.checkpoints(uninterrupted)] == [9, 12]


@pytest.mark.parametrize("step", range(1, STEPS))
def test_a_run_that_ends_anywhere_goes_on_to_the_same_losses(step, fields, uninterrupted, tmp_path):
    config = config_of(fields, tmp_path / "output")
    assert len(trained(config, step)) == step
    assert len(trained(config)) == STEPS - (step - 1) // 3 * 3  # a step is told before it is kept
    assert losses(config.output) == losses(uninterrupted)
    ours, theirs = (read_state(saving.finished(output).folder) for output in (config.output, uninterrupted))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("flush", range(1, 9))
def test_a_checkpoint_is_whole_or_not_there(flush, fields, uninterrupted, tmp_path, monkeypatch):
    """The process ends between any two files that a checkpoint is made of."""
    calls = iter(range(1, 1000))

    def last(path: Path) -> None:
        if next(calls) == flush:
            raise KeyboardInterrupt

    config = config_of(fields, tmp_path / "output", checkpoint_steps=4)
    with monkeypatch.context() as patched:
        patched.setattr(saving, "flush", last)
        with pytest.raises(KeyboardInterrupt):
            trained(config)
    assert all((saved.folder / "optimizer.pt").is_file() for saved in saving.checkpoints(config.output))
    trained(config)
    assert losses(config.output) == losses(uninterrupted)
    assert sorted(path.name for path in config.output.iterdir()) == ["losses.jsonl", "step-00000008", "step-00000012"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"learning_rate": 2e-3}, "was trained with other settings"),
        ({"mask": 0.0}, "was trained with other settings"),
    ],
)
def test_an_output_of_another_run_is_refused(change, told, fields, tmp_path):
    config = config_of(fields, tmp_path / "output")
    trained(config, 4)
    with pytest.raises(UserError, match=told):
        trained(config_of(fields, tmp_path / "output", **change))


def test_a_batch_of_more_than_all_rows_is_refused(fields, tmp_path):
    with pytest.raises(UserError, match=f"batch_size = 32: expected at most the {CLIPS} rows"):
        trained(config_of(fields, tmp_path / "output", batch_size=32))


def test_what_changes_no_weight_may_differ(fields, uninterrupted, tmp_path):
    trained(config_of(fields, tmp_path / "output"), 5)
    trained(config_of(fields, tmp_path / "output", checkpoint_steps=7, report_steps=5, cache_bytes=0))
    assert losses(tmp_path / "output") == losses(uninterrupted)


def test_an_unfinished_run_has_no_result(fields, tmp_path):
    trained(config_of(fields, tmp_path / "output"), 4)
    with pytest.raises(UserError, match="is at step 3 of 12; run it again: it resumes from there"):
        saving.finished(tmp_path / "output")
    with pytest.raises(UserError, match="has no checkpoint"):
        saving.finished(tmp_path)


def test_the_second_phase_begins_where_the_first_ended(fields, uninterrupted, tmp_path):
    """Nothing masked, a low rate, half an epoch: a random half of the rows, none twice."""
    first = saving.finished(uninterrupted).folder
    changes = {"mask": 0.0, "learning_rate": 4e-6, "epochs": 0.5, "warmup_epochs": 0.1, "batch_size": 4}
    config = config_of(fields, tmp_path / "output", initial=str(first), recompute=True, **changes)
    assert len(trained(config)) == 3
    before, after = read_state(first), read_state(saving.finished(config.output).folder)
    changed = (after["vision_encoder.proj"] - before["vision_encoder.proj"]).abs().max()
    assert 0 < changed < 3 * 4e-6


def test_steps_of_verbs_go_on_to_the_same_losses(fields, tmp_path):
    """By turns with captions, which go on being learned."""
    changes = {"verb_phrases": 0.5, "mirror": "never", "clip_gradient_norm": 1.0, "freeze_text": False}
    whole, killed = (config_of(fields, tmp_path / name, **changes) for name in ("whole", "killed"))
    told = trained(whole)
    assert len(trained(killed, 5)) == 5 and len(trained(killed)) == STEPS - 3
    assert losses(killed.output) == told
    assert max(told[-4::2]) < min(told[:4:2])


def test_halves_and_layer_decay_train_too(fields, tmp_path):
    changes = {"precision": "bf16", "layer_decay": 0.7, "clip_gradient_norm": 1.0, "freeze_text": False}
    told = trained(config_of(fields, tmp_path / "output", positives="caption", **changes))
    assert len(told) == STEPS and told[-1] < told[0]


def test_a_loss_that_is_no_number_ends_the_run(fields, tmp_path):
    with pytest.raises(UserError, match=r"the loss is nan at step .*: lower learning_rate = 1e\+30"):
        trained(config_of(fields, tmp_path / "output", learning_rate=1e30, warmup_epochs=0))


def test_memory_that_ends_is_told_with_what_to_lower(fields, tmp_path):
    config = config_of(fields, tmp_path / "output")
    told = r"out of memory on cpu: lower batch_size = 8 \(a process has 4\), set recompute = true, raise mask = 0.5"
    with pytest.raises(UserError, match=told), out_of_memory_as_user_error(config, device="cpu", processes=2):
        torch.empty(10**14)
    with pytest.raises(RuntimeError, match="size"), out_of_memory_as_user_error(config, device="cpu", processes=2):
        torch.ones(2) @ torch.ones(3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "the file = "),
        ('{"rows": "a"}', "Field required"),
        (None, "cannot read"),
    ],
)
def test_a_configuration_that_is_none(text, told, tmp_path, capsys):
    if text is not None:
        (tmp_path / "config.json").write_text(text)
    assert main([str(tmp_path / "config.json")]) == 1
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1 and said.startswith("error: ")
    assert main([]) == 2


def launched(config, folder: Path, way: list[str]) -> subprocess.Popen:
    """Two processes on this machine's CPU, as a user starts them."""
    path = folder / "config.json"
    path.write_text(config.model_dump_json())
    options = [*way, "--num_processes", "2", "--num_machines", "1", "--mixed_precision", "no"]
    options += ["--dynamo_backend", "no", "--main_process_port", "0", "--num_cpu_threads_per_process", "1"]
    launch = [sys.executable, "-m", "accelerate.commands.launch", *options]
    return subprocess.Popen(
        [*launch, "-m", "internvid_assets.viclip.train", str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HF_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


DDP, FSDP = ["--cpu"], ["--use_fsdp", "--fsdp_version", "2"]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "then"), [(DDP, DDP), (FSDP, FSDP), (FSDP, DDP)], ids=["ddp", "fsdp", "fsdp-ddp"])
def test_two_processes_that_are_killed_go_on_to_the_losses_of_one(way, then, fields, tmp_path):
    """With nothing that is drawn on a device, the batch and its gradient are those of a single process."""
    same = {"mask": 0.0, "drop_path": 0.0, "epochs": 6, "clip_gradient_norm": 1.0}
    alone = config_of(fields, tmp_path / "alone", **same)
    trained(alone)
    config = config_of(fields, tmp_path / "both", **same)
    first = launched(config, tmp_path, way)
    deadline = time.monotonic() + 120
    while len(curve.read(config.output)) < 4 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    for process in [*psutil.Process(first.pid).children(recursive=True), first]:  # some are in sessions of their own
        process.kill()
    first.communicate()
    stood = saving.newest(config.output)
    assert stood is not None and 3 <= stood.position.step < 18
    second = launched(config, tmp_path, then)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert f"step {stood.position.step + 1}: loss" in said and "step 3: loss" not in said
    assert losses(config.output) == pytest.approx(losses(alone.output), rel=1e-4)
    ours, theirs = (read_state(saving.finished(output).folder) for output in (config.output, alone.output))
    assert list(ours) == list(theirs)
    far = {name: float((ours[name] - theirs[name]).abs().max()) for name in theirs}
    assert {name: value for name, value in far.items() if value > 1e-3} == {}  # a rate's width: AdamW steps by signs
