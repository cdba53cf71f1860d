"""internvid export-model: the two towers of a ViCLIP as programs that need none of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from internvid_assets.cells.errors import UserError


def export_model(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint of ViCLIP: folder or file.")],
    to: Annotated[Path, typer.Option(help="The folder to write; it must not be there.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Write them as ONNX too (the extra onnx).")] = False,
) -> None:
    """Write what embeds videos and what embeds texts as programs of torch.export, for batches of any size.

    Beside them tokenizer.json, and in preprocessing.json what is done to pictures and texts before.

    Example: internvid export-model ViClip-InternVid-10M-FLT.pth --to towers
    """
    from internvid_assets.models.viclip.exporting import export_towers

    try:
        export_towers(checkpoint, to, onnx=onnx)
    except OSError as error:
        raise UserError(f"--to {to} cannot be written ({error.strerror or error}); give another folder") from None
    print(f"{to}: {', '.join(sorted(file.name for file in to.iterdir()))}")
