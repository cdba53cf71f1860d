"""Our speed as ratios against named peers, both measured in the same run: `make bench`, or `python -m benchmarks`."""
