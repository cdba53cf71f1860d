"""Releases: the dataset as it stood at one moment, what differs from one to the next, and what is taken back."""
