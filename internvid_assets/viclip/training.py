"""The training loop, independent of Dagster and the command line: yields a report per step, and saves checkpoints."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)

from internvid_assets.cells.errors import UserError
from internvid_assets.models.viclip.checkpoint import load_viclip, read_state, weights_file
from internvid_assets.models.viclip.model import Viclip
from internvid_assets.models.viclip.pictures import augmented, random_boxes
from internvid_assets.viclip import curve, saving, sharding
from internvid_assets.viclip.batches import Batch, Clips, loader_of
from internvid_assets.viclip.clip_weights import begin_with, viclip_of_clip
from internvid_assets.viclip.curve import StepReport
from internvid_assets.viclip.memory import out_of_memory_as_user_error
from internvid_assets.viclip.optimizing import learning_rate_share, parameter_groups
from internvid_assets.viclip.order import Order, steps_of
from internvid_assets.viclip.rows import file_hash, mapped_rows
from internvid_assets.viclip.saving import Position, Saved
from internvid_assets.viclip.training_config import TrainingConfig

if TYPE_CHECKING:
    from accelerate import Accelerator

WHOLE = StateDictOptions(full_state_dict=True, cpu_offload=True)


def train(config: TrainingConfig, accelerator: Accelerator, *, shard: bool = False) -> Iterator[StepReport]:
    """Train to the end, from the newest checkpoint of `config.output` or from the beginning.

    Every process of the run iterates over it; the first one writes. Weights, losses and their curve are those of an
    uninterrupted run. With `shard` the weights are sharded over the processes (FSDP) instead of replicated (DDP).
    Raises UserError for settings that do not fit, or that differ from those of the output.
    """
    run = Run(config, accelerator, shard=shard)
    yield from run.steps()


class Run:
    """The state of the loop: the model, the optimizer, the order of the data, and the position."""

    def __init__(self, config: TrainingConfig, accelerator: Accelerator, *, shard: bool) -> None:
        self.config, self.accelerator = config, accelerator
        self.shard = shard and accelerator.num_processes > 1
        rows = mapped_rows(config.rows).num_rows
        self.position = Position(
            step=0,
            steps=steps_of(rows, config.batch_size, config.epochs),
            samples=0,
            run=config.identity(file_hash(weights_file(Path(config.initial)))),
            rows=file_hash(config.rows),
        )
        resumed = resumable(config.output, self.position)
        model = initial_model(config)
        self.sizes = model.sizes
        self.model, self.optimizer = self._prepared(model)
        if resumed is not None:
            self._restore(resumed)
        self.order = Order(
            rows=rows,
            batch_size=config.batch_size,
            steps=self.position.steps,
            seed=config.seed,
            rank=accelerator.process_index,
            ranks=accelerator.num_processes,
            first_step=self.position.step,
            verb_share=config.verb_phrases,
        )
        self.clips = Clips(
            config.rows,
            config.frame_stores,
            config.tokenizer,
            frames=config.frames,
            context_tokens=self.sizes.context_tokens,
            seed=config.seed,
            positives=config.positives,
            mirror=config.mirror,
            picture_pixels=config.picture_pixels,
            cache_bytes=config.cache_bytes,
        )

    def _prepared(self, model: Viclip) -> tuple[Any, torch.optim.AdamW]:
        config = self.config
        if config.recompute:
            model.recompute()
        if config.compile:
            whole = model.vision_encoder.transformer
            for module in whole.resblocks if self.shard else [whole]:  # sharded blocks are gathered one by one
                module.compile()
        if self.shard:
            sharding.refuse_half_floats(config.precision)
            sharding.sharded(model, self.accelerator.device)
        groups = parameter_groups(
            model,
            learning_rate=config.learning_rate,
            weight_decay=config.weight_decay,
            layer_decay=config.layer_decay,
        )
        optimizer = torch.optim.AdamW(sharding.groups_of_one_kind(groups), betas=config.betas, fused=True)
        if self.shard:
            return model.train(), self.accelerator.prepare(optimizer)
        return self.accelerator.prepare(model.train(), optimizer)

    def _restore(self, saved: Saved) -> None:
        state: Any = read_state(saved.folder)
        set_model_state_dict(self.model, state, options=WHOLE)
        set_optimizer_state_dict(self.model, self._plain(self.optimizer), saved.optimizer(), options=WHOLE)
        self.position = saved.position

    def steps(self) -> Iterator[StepReport]:
        """The loop itself."""
        first = self.position.step
        if self.accelerator.is_main_process:
            prepare_output(self.config.output, first)
        device = self.accelerator.device
        loader = loader_of(self.clips, self.order, workers=self.config.workers, pin_memory=device.type == "cuda")
        self._since, self._waited, self._unreported = time.monotonic(), 0.0, []
        batches = iter(loader)
        for step in range(first, self.position.steps):
            asked = time.monotonic()
            batch = next(batches)
            self._waited += time.monotonic() - asked
            processes = self.accelerator.num_processes
            with out_of_memory_as_user_error(self.config, device=str(device), processes=processes):
                loss = self._step(step, batch)
            self._unreported.append(loss)
            is_last = step + 1 == self.position.steps
            is_kept = is_last or (step + 1) % self.config.checkpoint_steps == 0
            if is_kept or (step + 1) % self.config.report_steps == 0:
                yield from self._reports(step + 1)
            if is_kept:
                self._save(step + 1)

    def _step(self, step: int, batch: Batch) -> Tensor:
        """One optimizer step; returns the loss of this process's samples."""
        config, accelerator = self.config, self.accelerator
        seed_all(config.seed, step, accelerator.process_index)
        video = self._video(batch)
        for group in self.optimizer.param_groups:
            group["lr"] = self._learning_rate(step) * group["lr_share"]
        token_ids, sample_ids = (
            ids.to(accelerator.device, non_blocking=True) for ids in (batch.token_ids, batch.sample_ids)
        )
        with accelerator.autocast():
            options = {"mask": config.mask, "encoders": config.encoders, "of_verbs": batch.is_of_verbs}
            loss = self.model(video, token_ids, sample_ids, **options)
        accelerator.backward(loss)
        if config.clip_gradient_norm and self.shard:
            sharding.clip_gradients(self.model, config.clip_gradient_norm)
        elif config.clip_gradient_norm:
            accelerator.clip_grad_norm_(self.model.parameters(), config.clip_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return loss.detach()

    def _video(self, batch: Batch) -> Tensor:
        """Normalised [b, T, 3, H, W], augmented on the device."""
        sizes, least = (batch.heights.float(), batch.widths.float()), self.config.least_crop
        boxes, flips = random_boxes(*sizes, batch.noise, least=least)
        frames = batch.frames.to(self.accelerator.device, non_blocking=True)
        return augmented(frames, self.sizes.image_pixels, boxes, flips, batch.colours if batch.is_of_verbs else None)

    def _learning_rate(self, step: int) -> float:
        config, position = self.config, self.position
        share = learning_rate_share(
            step,
            steps=position.steps,
            warmup_steps=int(position.steps * config.warmup_epochs / config.epochs),
            lowest=config.lowest_rate_share,
        )
        return config.learning_rate * share

    def _reports(self, step: int) -> Iterator[StepReport]:
        """Reports of the steps since the last report: only this waits for the device."""
        losses: Any = self.accelerator.reduce(torch.stack(self._unreported), "mean")
        seconds, first = time.monotonic() - self._since, step - len(losses)
        gpu = self.accelerator.device.type == "cuda"
        reports = [
            StepReport(
                step=first + place + 1,
                loss=loss,
                learning_rate=self._learning_rate(first + place),
                temperature=self._temperature(),
                samples_per_second=self.config.batch_size * len(losses) / seconds,
                loader_share=self._waited / seconds,
                memory_bytes=torch.cuda.max_memory_allocated() if gpu else 0,
            )
            for place, loss in enumerate(losses.tolist())
        ]
        refuse_what_is_no_number(reports, self.config)
        self.position = self._at(step, reports[-1].loss)
        if self.accelerator.is_main_process:
            curve.append(self.config.output, reports)
        self._since, self._waited, self._unreported = time.monotonic(), 0.0, []
        yield from reports

    def _temperature(self) -> float:
        return float(self.accelerator.unwrap_model(self.model).temp.detach())

    def _at(self, step: int, loss: float) -> Position:
        last = self.position
        return Position(step, last.steps, step * self.config.batch_size, last.run, last.rows, loss)

    def _save(self, step: int) -> None:
        """Every process contributes its part; the first one writes."""
        model: Any = get_model_state_dict(self.model, options=WHOLE)
        optimizer = get_optimizer_state_dict(self.model, self._plain(self.optimizer), options=WHOLE)
        if self.accelerator.is_main_process:
            saving.save(self.position, model=model, sizes=self.sizes, optimizer=optimizer, config=self.config)
        self.accelerator.wait_for_everyone()

    @staticmethod
    def _plain(optimizer: Any) -> torch.optim.Optimizer:
        """The optimizer that accelerate wrapped."""
        return getattr(optimizer, "optimizer", optimizer)


def initial_model(config: TrainingConfig) -> Viclip:
    """The model with the weights of a ViCLIP checkpoint, or of a CLIP."""
    path = Path(config.initial)
    sizes: dict[str, Any] = {"frames": config.frames, "context_tokens": config.context_tokens}
    if "vision_encoder.conv1.weight" in read_state(path):
        model = load_viclip(path, **sizes, drop_path=config.drop_path)
    else:
        model = viclip_of_clip(path, **sizes, drop_path=config.drop_path)
        begin_with(model, temperature=config.initial_temperature, times=config.initial_times)
    if config.freeze_text:
        model.freeze_text()
    return model


def resumable(output: Path, position: Position) -> Saved | None:
    """The newest checkpoint of the output; raises UserError if it is from other settings or rows."""
    saved = saving.newest(output) if output.is_dir() else None
    if saved is None:
        return None
    for what, then, now in (
        ("settings", saved.position.run, position.run),
        ("rows", saved.position.rows, position.rows),
    ):
        if then != now:
            problem = f"{saved.folder} was trained with other {what} ({then}, now {now})"
            raise UserError(f"{problem}; train into another output, or remove {output}")
    return saved


def prepare_output(output: Path, step: int) -> None:
    """Create the folder; remove what a killed run left unfinished, or did after its last checkpoint."""
    output.mkdir(parents=True, exist_ok=True)
    for unfinished in output.glob(".step-*.unfinished"):
        shutil.rmtree(unfinished)
    curve.cut_back(output, step)


def seed_all(seed: int, step: int, rank: int) -> None:
    """Make the random masks and dropped paths of a step a function of these three.

    So no generator state has to be saved and restored, on any device.
    """
    torch.manual_seed(int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0] >> 1))


def refuse_what_is_no_number(reports: list[StepReport], config: TrainingConfig) -> None:
    """Raises UserError for a loss that is not finite, which ruins the weights; the newest checkpoint is from before."""
    for report in reports:
        if not math.isfinite(report.loss):
            raise UserError(
                f"the loss is {report.loss} at step {report.step}: lower learning_rate = {config.learning_rate}, set "
                "clip_gradient_norm = 1, or set precision = no; the newest checkpoint is from before"
            )
