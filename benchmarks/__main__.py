"""Run the named benchmarks, or all, and print one row for each."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from importlib import import_module

from benchmarks.comparison import Comparison

BENCHMARKS = [
    "hashing",
    "splitting",
    "whole_pass",
    "codecs",
    "decoding",
    "fill",
    "index",
    "captioning",
    "verbs",
    "importing",
    "scale",
    "choosing",
    "training",
]


def printed(row: Comparison) -> str:
    times = f"ours {row.ours_seconds:.2f} s, theirs {row.peer_seconds:.2f} s, ratio {row.ratio:.2f}"
    if row.ours_per_second and row.peer_per_second:
        times += f", per second {row.ours_per_second:,.0f} and {row.peer_per_second:,.0f}"
    return f"{row.name:<10} {times}  |  {row.load}  |  against {row.peer}  |  {row.agreement}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--format", choices=["table", "json"], default="table")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; expected one of: {', '.join(BENCHMARKS)}")
    if arguments.repetitions < 1:
        parser.error(f"--repetitions {arguments.repetitions}: expected at least 1")
    rows = []
    for name in arguments.names or BENCHMARKS:
        measured = import_module(f"benchmarks.{name}").measure(arguments.repetitions)
        new = measured if isinstance(measured, list) else [measured]
        rows += new
        if arguments.format == "table":
            print(*map(printed, new), sep="\n", flush=True)
    if arguments.format == "json":
        print(json.dumps([asdict(row) for row in rows], indent=2))


if __name__ == "__main__":
    main()
