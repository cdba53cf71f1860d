"""Releases: immutable snapshots of the dataset, the differences between them, and erasures."""
