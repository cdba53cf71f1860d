"""A small world we can render, caption and judge: procedural videos with known truth."""
