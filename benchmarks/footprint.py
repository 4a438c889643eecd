"""What training takes besides time: memory, its growth, and the time of a single step by hand.

    python -m benchmarks.footprint [--quick]

Wanted are: a peak of at most 1.5 times the bytes of the program's values and scratch; no growth
over 100,000 training steps; one instruction of a network 784-256-128-10 within a millisecond.
Of toys whose arrays take less than 1 MB, the peak is Python's own objects, and is not compared.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before numpy is imported, which reads it once
    os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import gc
import resource
import statistics
import time
import tracemalloc
from collections.abc import Sequence

import numpy as np

from backprop_studio.autograd import Machine, Storage
from backprop_studio.training import Boundary
from benchmarks.peers import Engine, Whole
from benchmarks.workloads import SEED, Workload, workloads


def peak(work: Workload) -> tuple[int, int]:
    """Most bytes taken by an engine from nothing to trained, and those that the program tells."""
    engine = Engine(work)  # all that is made only once
    engine.run(1)
    program, x, y = engine.program, work.x, work.y
    gc.collect()
    tracemalloc.start()
    storage = Storage(program)
    storage.initialize(SEED)
    machine = Machine(program, storage, batch=work.batch)
    for rows in work.rows()[:3]:
        machine.feed("x", x, rows)
        machine.feed("y", y, rows)
        machine.run()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most, program.memory(work.batch)


def growth(work: Workload, steps: int) -> tuple[int, int]:
    """Bytes that the engine allocates and keeps over so many steps, and the process's growth."""
    engine = Engine(work)
    engine.run(1000)
    gc.collect()
    tracemalloc.start()
    engine.run(100)
    before = tracemalloc.get_traced_memory()[0]
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    engine.run(steps)
    kept = tracemalloc.get_traced_memory()[0] - before
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident
    tracemalloc.stop()
    return kept, grown * 1024


def single_steps(work: Workload, iterations: int) -> tuple[float, float]:
    """Microseconds of a step of one instruction: the median, and 99 of 100 are not above."""
    session = Whole(work).session
    session.step(Boundary.BATCH)
    times = []
    for _ in range(iterations * len(session.program.instructions)):
        start = time.perf_counter()
        session.step(Boundary.OP)
        times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times), float(np.percentile(times, 99))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.footprint", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="a hundredth of the steps")
    options = parser.parse_args(arguments)
    found = {work.key: work for work in workloads() if not work.missing}
    np.seterr(all="ignore")
    print("peak memory over the bytes of values and scratch (goal: at most 1.5)")
    for key, work in found.items():
        most, told = peak(work)
        ratio = f"{most / told:6.2f}" if told > 1_000_000 else "     –"
        print(f"  {key:14}{ratio}  {most / 1e6:8.2f} MB of {told / 1e6:8.2f}")
    steps = 1_000 if options.quick else 100_000
    kept, grown = growth(found["W1a"], steps)
    print(f"over {steps:,} steps of W1a: {kept:,} bytes kept, {grown:,} resident (goal: none)")
    middle, late = single_steps(found["W3"], 3 if options.quick else 30)
    print(f"one instruction of W3: median {middle:.0f} µs, 99 % {late:.0f} µs (goal: 1,000)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
