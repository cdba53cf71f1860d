"""Compares our speed with named peers, measured in the same run: `make bench`, or `python -m benchmarks`."""
