"""internvid export-model: the two encoders of a ViCLIP as programs that need none of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from internvid_assets.cells.errors import UserError


def export_model(
    checkpoint: Annotated[Path, typer.Argument(help="A ViCLIP checkpoint: folder or file.")],
    to: Annotated[Path, typer.Option(help="The folder to write; it must not exist.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write ONNX files (needs the extra onnx).")] = False,
) -> None:
    """Export the video and text encoders of a ViCLIP with torch.export, for batches of any size.

    tokenizer.json and preprocessing.json beside them say how inputs are prepared.

    Example: internvid export-model ViClip-InternVid-10M-FLT.pth --to towers
    """
    from internvid_assets.models.viclip.exporting import export_towers

    try:
        export_towers(checkpoint, to, onnx=onnx)
    except OSError as error:
        raise UserError(f"--to {to} cannot be written ({error.strerror or error}); choose another folder") from None
    print(f"{to}: {', '.join(sorted(file.name for file in to.iterdir()))}")
