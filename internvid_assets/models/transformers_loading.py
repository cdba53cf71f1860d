"""What all transformers adapters share: where to run, in which precision, compiled or not, and errors to act on."""

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
    """bfloat16 where the GPU has it, else float16; float32 on the CPU, where halves are slow."""
    if device.type == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def load_part(auto_class: Any, source: str, revision: str, **options: Any) -> Any:
    """`auto_class.from_pretrained`: folders without network, hub ids at their pin; no code from elsewhere is run."""
    is_folder = Path(source).is_dir()
    pin = {"local_files_only": True} if is_folder else {"revision": revision}
    try:
        with quiet():
            return auto_class.from_pretrained(source, trust_remote_code=False, **pin, **options)
    except OSError as error:
        way_out = (
            "train or reinstall it" if is_folder else "check the network, or download it and set its folder as name"
        )
        raise UserError(f"cannot load {source} at {revision} ({_first_line(error)}); {way_out}") from error
    except Exception as error:  # of another class than asked for, damaged, or in need of a package: each has its own
        reason = f"{type(error).__name__}: {_first_line(error)}"
        way_out = "name a model that is made for this, with all its files"
        raise UserError(f"cannot load {source} at {revision} ({reason}); {way_out}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["nothing is said"])[0][:300]


def load_model(auto_class: Any, source: str, revision: str, *, unused: Sequence[str] = ()) -> Any:
    """The model, ready to answer: on the best device, in its precision, without dropout.

    `unused` are beginnings of the names of weights that may be missing, since no answer depends on them. Raises
    UserError if another one is: transformers would draw it at random, and answer something else in every process.
    """
    device = best_device()
    asked = {"output_loading_info": True, "ignore_mismatched_sizes": True}  # those are looked at here
    model, found = load_part(auto_class, source, revision, dtype=best_dtype(device), **asked)
    numbers = {name for name, tensor in model.state_dict().items() if tensor.is_floating_point()}  # no mere counters
    wrong = {*found["missing_keys"], *(mismatch[0] for mismatch in found["mismatched_keys"])} & numbers
    wrong = sorted(name for name in wrong if not name.startswith(tuple(unused)))
    if wrong:
        shown = ", ".join(wrong[:3]) + (", …" if len(wrong) > 3 else "")
        raise UserError(
            f"{source} at {revision} lacks {len(wrong)} weights of a {type(model).__name__} ({shown}): it was made for "
            "something else, or is damaged; name a model that is made for this"
        )
    return ready(model, device)


def ready(model: Any, device: torch.device) -> Any:
    """`model` on the device, without dropout; compiled where that pays: on a GPU for which Triton writes kernels.

    A compilation takes a minute, which a CPU hardly earns back. `TORCH_COMPILE_DISABLE=1` is PyTorch's own way out.
    """
    model = model.to(device).eval()
    if device.type == "cuda" and find_spec("triton"):
        torch._dynamo.config.suppress_errors = True  # what cannot be compiled runs as it is
        compile_encoders(model)
    return model


PICTURE_ENCODERS = frozenset({"vision_model", "vision_encoder", "model.vision_tower", "git.image_encoder", "vit"})
"""What looks at pictures in CLIP, SigLIP, BLIP, UMT, Florence-2, GIT, and in classifiers by a ViT."""


def compile_encoders(model: torch.nn.Module, backend: Any = "inductor") -> None:
    """Compile, in place, what looks at pictures: they are all of one size, and only their number varies.

    So there are a few compilations: for the first number, for a single one, and for any. Decoders stay as they are:
    their inputs grow with every word.
    """
    for name, module in model.named_modules():
        if name in PICTURE_ENCODERS:
            module.compile(backend=backend)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence transformers' bar and its report of weights: runs print their own progress, and what is wrong with
    weights is an error of ours."""
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
