"""Choices that settings name, apart from what carries them out: reading settings loads no torch."""

from __future__ import annotations

from typing import Literal, TypeAlias

Activation: TypeAlias = Literal["quick_gelu", "gelu"]
"""OpenAI's CLIP takes the quick one; other CLIPs take either, and each encoder its own."""

Encoders: TypeAlias = Literal["exact", "divided"]
"""The encoders' gradient. `exact`: after the mean over processes that DDP takes, it is that of the whole batch.

`divided`: as in the released code, whose all-gather hands back the local slice without the other processes' share; the
same gradient divided by their number, while the temperature's is whole. AdamW hardly notices, weight decay aside.
"""

Positives: TypeAlias = Literal["row", "caption"]
"""What counts as the same sample: the same clip, as in the released code; or any clip with the same caption."""

Precision: TypeAlias = Literal["bf16", "fp16", "no"]
"""Of the products in both encoders; losses, norms and weights stay in float32."""
