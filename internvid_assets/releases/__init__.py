"""Releases: the dataset as it stood at one moment, for good, and what differs from one to the next."""
