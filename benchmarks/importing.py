#!/usr/bin/env python3
"""How long a table of a million rows takes, against the least that Python can do with it.

Run from the project folder: `.venv/bin/python benchmarks/importing.py`. Each way runs in a
process of its own, so that the memory is its own too. The promise: a million rows of four columns
in under 10 s and 1 GB.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

ROWS = 1_000_000


def write(path: Path, rows: int) -> None:
    random = np.random.default_rng(0)
    numbers, kinds = random.normal(size=(rows, 3)), random.integers(0, 3, rows)
    with path.open("w") as file:
        file.write("a,b,c,kind\n")
        for (a, b, c), kind in zip(numbers.tolist(), kinds.tolist(), strict=True):
            file.write(f"{a:.6f},{b:.6f},{c:.6f},{'uvw'[kind]}\n")


def rows_alone(path: Path) -> int:
    with path.open(newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def loadtxt(path: Path) -> int:
    return len(np.loadtxt(path, delimiter=",", skiprows=1, usecols=(0, 1, 2), dtype=np.float32))


def studio(path: Path) -> int:
    from backprop_studio.data import own
    from backprop_studio.data.importing import table

    made = table.load(path, table.inspect(path).plan)
    return own.keep(made.dataset).size


# What a process takes includes what its parent took when it began: the parent does nothing itself.
WAYS = {"csv.reader": rows_alone, "numpy.loadtxt": loadtxt, "studio": studio}


def one(way: str, path: Path) -> None:
    start = time.perf_counter()
    count = WAYS[way](path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak, "rows": count}))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--way", choices=["write", *WAYS], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way == "write":
        write(arguments.file, arguments.rows)
        return 0
    if arguments.way:
        one(arguments.way, arguments.file)
        return 0
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        this = [sys.executable, __file__, "--rows", str(arguments.rows), "--file", str(path)]
        subprocess.run([*this, "--way", "write"], check=True)
        print(f"{arguments.rows:,} rows of 4 columns, {path.stat().st_size / 2**20:.0f} MB")
        for way in WAYS:
            answer = subprocess.run([*this, "--way", way], check=True, capture_output=True).stdout
            found[way] = json.loads(answer)
            assert found[way]["rows"] == arguments.rows
    for way, told in found.items():
        ratio = told["seconds"] / found["csv.reader"]["seconds"]
        print(
            f"{way:14} {told['seconds']:6.2f} s  {ratio:5.1f} × csv.reader  {told['peak']:5.0f} MB"
        )
    kept = found["studio"]["seconds"] < 10 and found["studio"]["peak"] < 1024
    print("under 10 s and 1 GB" if kept else "NOT under 10 s and 1 GB")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
