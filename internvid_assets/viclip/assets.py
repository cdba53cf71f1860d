"""ViCLIP: two training phases on a subset, first with most patches masked, then with none; and their interpolation."""

import base64
from pathlib import Path
from typing import Any

import dagster as dg

from internvid_assets.cells.errors import UserError
from internvid_assets.cells.recipes import Recipe, code_hash
from internvid_assets.home import Home
from internvid_assets.partitions import by_subset, of_all_partitions
from internvid_assets.selects.files import sql_files
from internvid_assets.viclip.checkpoint_recipes import BETWEEN, MASKED, UNMASKED, checkpoint_recipes, kept_recipe
from internvid_assets.viclip.launching import CAPTIONS, FOLDER, Launch, clip_folder, current, prepared, publish

PARTS = ["model", "vision", "text", "transformer", "masking", "loss", "gathering", "pictures", "positions"]
MODEL = [f"models.viclip.{part}" for part in PARTS]
READING = ["models.viclip.frame_sampling", "models.viclip.tokens"]
LOOP = [f"viclip.{part}" for part in ("batches", "order", "rows", "optimizing", "training", "clip_weights", "texts")]
TRAINING = [*MODEL, *READING, *LOOP]
CODE = {MASKED: TRAINING, UNMASKED: TRAINING, BETWEEN: [*MODEL, "viclip.interpolation"]}
SUBSETS = [file.name for file in sql_files("subsets")]


def recipes(home: Home) -> dict[str, Recipe]:
    """The recipe of each asset: what it depends on besides its upstream data."""
    modules = {asset: [f"internvid_assets.{module}" for module in own] for asset, own in CODE.items()}
    return checkpoint_recipes(home, {asset: code_hash(own) for asset, own in modules.items()})


@dg.asset(
    name=MASKED,
    group_name="viclip",
    deps=of_all_partitions([*SUBSETS, "clip_frames", *CAPTIONS]),
    partitions_def=by_subset,
    kinds={"pytorch"},
)
def viclip_masked_checkpoint(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """Training on the clips of a subset, starting from CLIP, with 90 % of the patches masked (InternVid 4)."""
    return _trained(context, home, pipes, MASKED, initial=clip_folder(home))


@dg.asset(
    name=UNMASKED,
    group_name="viclip",
    deps=[MASKED],
    partitions_def=by_subset,
    kinds={"pytorch"},
)
def viclip_checkpoint(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home], pipes: dg.PipesSubprocessClient
) -> dg.MaterializeResult:
    """The same model trained for another half epoch, with all patches and a low learning rate (InternVid 4)."""
    initial = current(home, MASKED, context.partition_key)
    return _trained(context, home, pipes, UNMASKED, initial=str(initial))


@dg.asset(
    name=BETWEEN,
    group_name="viclip",
    deps=[UNMASKED],
    partitions_def=by_subset,
    kinds={"pytorch"},
)
def viclip_interpolated_checkpoint(
    context: dg.AssetExecutionContext, home: dg.ResourceParam[Home]
) -> dg.MaterializeResult:
    """The interpolation of the initial CLIP and the checkpoint that the released scripts evaluate (WiSE-FT)."""
    from internvid_assets.viclip.interpolation import interpolated_checkpoint

    subset, share = context.partition_key, home.settings.viclip_interpolated_checkpoint.share
    trained = current(home, UNMASKED, subset)
    made = interpolated_checkpoint(trained, clip_folder(home), share, into=home.path / FOLDER / BETWEEN / subset)
    publish(home, BETWEEN, subset, made)
    shown = {"share": share, **_place(made), **kept_recipe(recipes(home)[BETWEEN], made)}
    return dg.MaterializeResult(data_version=_version(made), metadata=shown)


def _trained(
    context: dg.AssetExecutionContext, home: Home, pipes: dg.PipesSubprocessClient, asset: str, *, initial: str
) -> dg.MaterializeResult:
    """Train to the end, resuming an earlier attempt; waits while another training or evaluation runs in this home."""
    from internvid_assets.viclip import saving

    launch = prepared(home, asset, context.partition_key, initial=initial)
    context.log.info(f"{launch.clips} clips; left out: {launch.left_out}; {launch.config_file}")
    with home.turn(FOLDER):
        stands = saving.newest(launch.config.output)
        if stands is None or not stands.position.is_finished:
            _run(context, pipes, launch, home)
    saved = saving.finished(launch.config.output)
    publish(home, asset, context.partition_key, saved.folder)
    shown = {**_evidence(launch, saved.folder), **kept_recipe(recipes(home)[asset], launch.config_file.parent)}
    return dg.MaterializeResult(data_version=_version(saved.folder), metadata=shown)


def _run(context: dg.AssetExecutionContext, pipes: dg.PipesSubprocessClient, launch: Launch, home: Home) -> None:
    """Run training in subprocesses that report their progress; on failure their error file has the reason."""
    shared, last_words = home.settings.training, launch.config_file.with_name("error.txt")
    last_words.unlink(missing_ok=True)
    command = launch.command(shared.processes, shared.launch_options)
    try:
        pipes.run(context=context, command=command, env=launch.environment())
    except Exception:
        if not last_words.is_file():
            raise
        raise UserError(last_words.read_text(encoding="utf-8").strip()) from None


def _evidence(launch: Launch, folder: Path) -> dict[str, Any]:
    """The run's metadata for the UI: its training curve and its data."""
    from internvid_assets.viclip import curve
    from internvid_assets.viclip.plots import curve_png

    reports = curve.read(launch.config.output)
    picture = base64.b64encode(curve_png(reports)).decode()
    rates = sorted(report.samples_per_second for report in reports)
    return {
        "loss": reports[-1].loss,
        "steps": len(reports),
        "samples_per_second": rates[len(rates) // 2],
        "temperature": reports[-1].temperature,
        "clips": launch.clips,
        "left_out": dict(launch.left_out),
        "curve": dg.MetadataValue.md(f"![loss, learning rate, speed](data:image/png;base64,{picture})"),
        **_place(folder),
    }


def _place(folder: Path) -> dict[str, Any]:
    return {"path": dg.MetadataValue.path(folder)}


def _version(folder: Path) -> dg.DataVersion:
    from internvid_assets.models.viclip.checkpoint import weights_file
    from internvid_assets.viclip.rows import file_hash

    return dg.DataVersion(file_hash(weights_file(folder)))
