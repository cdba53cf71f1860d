"""Captions of clips at two scales, fused into one, and dense captions."""
