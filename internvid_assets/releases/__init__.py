"""Releases: frozen datasets, and what has to be taken back."""
