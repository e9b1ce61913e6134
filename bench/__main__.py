"""`python -m bench [--smoke] [NAME…]`: run the benchmarks and print each figure beside its goal."""

import sys
import tempfile
from pathlib import Path

from bench.figures import FULL, SMOKE
from bench.imports import bench_imports
from bench.reads import bench_reads
from bench.schedules import bench_schedules
from bench.startup import bench_startup
from bench.triggers import bench_triggers
from bench.watches import bench_watches
from bench.writes import bench_writes

BENCHMARKS = {
    "startup": bench_startup,
    "reads": bench_reads,
    "writes": bench_writes,
    "watches": bench_watches,
    "imports": bench_imports,
    "schedules": bench_schedules,
    "triggers": bench_triggers,
}


def main() -> int:
    """Run what is named, or all; fail only when something does not work, not when it is slow."""
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        print(f"{__doc__}\n\nNames: {', '.join(BENCHMARKS)}")
        return 0
    smoke = "--smoke" in arguments
    names = [name for name in arguments if name != "--smoke"] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"error: unknown benchmark {unknown[0]}; known: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 1
    missed = 0
    for name in names:
        print(f"== {name}", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            for figure in BENCHMARKS[name](SMOKE if smoke else FULL, Path(directory)):
                print(figure.line(), flush=True)
                missed += figure.met is False
    print("smoke run: the figures say nothing about speed" if smoke else f"{missed} goals missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
