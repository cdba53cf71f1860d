"""Loading of all transformers adapters: device, precision, compilation, and actionable errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers.utils import logging

from internvid_assets.cells.errors import UserError


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 if the GPU supports it, else float16; float32 on the CPU, where half precision is slow."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def load_part(auto_class: Any, source: str, revision: str, **options: Any) -> Any:
    """`auto_class.from_pretrained`: folders without network, hub ids at their pin; no remote code is run."""
    is_folder = Path(source).is_dir()
    pin = {"local_files_only": True} if is_folder else {"revision": revision}
    try:
        with quiet():
            return auto_class.from_pretrained(source, trust_remote_code=False, **pin, **options)
    except OSError as error:
        way_out = "train or reinstall it" if is_folder else "check the network, or set name to a local folder"
        raise UserError(f"cannot load {source} at {revision} ({_first_line(error)}); {way_out}") from error
    except Exception as error:  # wrong model class, damaged files, or a missing package: various exceptions
        reason = f"{type(error).__name__}: {_first_line(error)}"
        way_out = "set a suitable model, with all its files"
        raise UserError(f"cannot load {source} at {revision} ({reason}); {way_out}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:300]


def load_model(auto_class: Any, source: str, revision: str, *, unused: Sequence[str] = ()) -> Any:
    """The model, ready for inference: on the best device, in its precision, without dropout.

    `unused` are prefixes of the names of weights that may be missing, since no answer depends on them. Raises UserError
    if any other is missing: transformers would initialize it randomly, with other answers in every process.
    """
    device = best_device()
    asked = {"output_loading_info": True, "ignore_mismatched_sizes": True}  # mismatches are checked below
    model, found = load_part(auto_class, source, revision, dtype=best_dtype(device), **asked)
    numbers = {name for name, tensor in model.state_dict().items() if tensor.is_floating_point()}  # not integer buffers
    wrong = {*found["missing_keys"], *(mismatch[0] for mismatch in found["mismatched_keys"])} & numbers
    wrong = sorted(name for name in wrong if not name.startswith(tuple(unused)))
    if wrong:
        shown = ", ".join(wrong[:3]) + (", …" if len(wrong) > 3 else "")
        raise UserError(
            f"{source} at {revision} lacks {len(wrong)} weights of a {type(model).__name__} ({shown}): it is for "
            "another task, or damaged; set a suitable model"
        )
    return ready(model, device)


def ready(model: Any, device: torch.device) -> Any:
    """`model` on the device, without dropout; compiled on a GPU with Triton.

    Compilation takes a minute, which hardly pays off on a CPU. PyTorch's `TORCH_COMPILE_DISABLE=1` disables it.
    """
    model = model.to(device).eval()
    if device.type == "cuda" and find_spec("triton"):
        torch._dynamo.config.suppress_errors = True  # what cannot be compiled runs uncompiled
        compile_encoders(model)
    return model


PICTURE_ENCODERS = frozenset({"vision_model", "vision_encoder", "model.vision_tower", "git.image_encoder", "vit"})
"""The image encoders of CLIP, SigLIP, BLIP, UMT, Florence-2, GIT, and of ViT classifiers."""


def compile_encoders(model: torch.nn.Module, backend: Any = "inductor") -> None:
    """Compile the image encoders in place: their inputs have one size, and only the batch size varies.

    So there are few compilations: for the first batch size, for 1, and for any. Decoders are not compiled: their inputs
    grow with every token.
    """
    for name, module in model.named_modules():
        if name in PICTURE_ENCODERS:
            module.compile(backend=backend)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' progress bar and weight report: runs print their own progress, and we raise errors for
    missing weights."""
    was_enabled, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if was_enabled:
            logging.enable_progress_bar()


def to_device(inputs: Any, model: Any) -> dict[str, torch.Tensor]:
    """A processor's tensors on the model's device; pixels in its precision, token ids untouched."""
    return {
        key: value.to(model.device, dtype=model.dtype if value.is_floating_point() else None)
        for key, value in inputs.items()
    }
