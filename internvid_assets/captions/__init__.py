"""Captions at two scales, fused into one."""
