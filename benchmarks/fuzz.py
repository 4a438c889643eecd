"""Opens files that were made to do harm, by the thousand: each is refused in words, or is sound.

Run it from the checkout, in the studio's environment:

    python -m benchmarks.fuzz                          # every kind of file, a minute each
    python -m benchmarks.fuzz project npz --seconds 600
    python -m benchmarks.fuzz project --seed 4711      # one case again

A case is a kind and a number, and is the same whenever it is made. Something is wrong where a
case ends in another error than the documented one, in none and an unsound result, takes more than
2 seconds of the processor or 500 MB, or kills the process. Cases that did are kept in a folder.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import random
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from benchmarks.harm import KINDS, Refused

SECONDS, MEGABYTES = 2.0, 500
"""What opening one file may take."""

_HANGS = 20.0
"""Seconds after which a case is ended."""

_STATUS = struct.Struct("<qd")


def main() -> int:
    """Run the cases that the command line asks for; the exit code is 1 where one was bad."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], help="all if left out")
    parser.add_argument("--seconds", type=float, default=60.0, help="time for each kind")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, help="this case alone")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-found")
    given = parser.parse_args()
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    bad = 0
    for kind in given.kinds or KINDS:
        if given.seed is not None:
            with tempfile.TemporaryDirectory() as folder:
                print(kind, given.seed, one(kind, given.seed, Path(folder)))
        else:
            bad += fuzz(kind, given.first, given.seconds, given.keep)
    return int(bad > 0)


def one(kind: str, seed: int, folder: Path) -> str:
    """Make a case, open it, and tell what came of it: ``opened``, ``refused`` or what is wrong."""
    made = KINDS[kind].make(random.Random(f"{kind} {seed}"), folder)
    _forget_peak()
    start = time.process_time()
    seconds = None
    try:
        more = KINDS[kind].open(made)
        seconds, megabytes = time.process_time() - start, _peak()
        if more is not None:
            more()
        told = "opened"
    except Refused as refused:
        text = str(refused)
        told = "refused"
        if not 0 < len(text) < 2_000 or "\n" in text:
            told = f"WRONG message: {text[:300]!r}"
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"WRONG {type(error).__name__}: {str(error)[:200]} ({where.filename}:{where.lineno})"
    if seconds is None:
        seconds, megabytes = time.process_time() - start, _peak()
    if seconds > SECONDS or megabytes > MEGABYTES:
        told = f"WRONG cost ({told}): {seconds:.1f} s, {megabytes:.0f} MB"
    return told


def fuzz(kind: str, first: int, seconds: float, keep: Path) -> int:
    """Run cases of a kind for some time, and tell how many were bad."""
    seed, ends = first, time.monotonic() + seconds
    tally: Counter[str] = Counter()
    bad: list[tuple[int, str]] = []
    while time.monotonic() < ends:
        seed = _sitting(kind, seed, ends, tally, bad)
    for number, told in bad:
        print(f"{kind} {number}: {told}", flush=True)
        folder = keep / f"{kind}-{number}"
        folder.mkdir(parents=True, exist_ok=True)
        KINDS[kind].make(random.Random(f"{kind} {number}"), folder)
    print(f"{kind}: cases {first} to {seed - 1}, {dict(tally)}, {len(bad)} bad", flush=True)
    return len(bad)


def _sitting(
    kind: str, seed: int, ends: float, tally: Counter[str], bad: list[tuple[int, str]]
) -> int:
    """Run cases in a process of their own until it dies or has had enough; the next number."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        with tempfile.TemporaryDirectory() as name, os.fdopen(write, "w") as pipe:
            # Some hundred, so that what one leaves behind is not put down to those after it.
            for number in range(seed, seed + 300):
                if time.monotonic() > ends:
                    break
                folder = Path(name) / str(number)
                folder.mkdir()
                print(json.dumps([number, None]), file=pipe, flush=True)
                print(json.dumps([number, one(kind, number, folder)]), file=pipe, flush=True)
                for path in sorted(folder.rglob("*"), reverse=True):
                    path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        os._exit(0)
    os.close(write)
    at = seed - 1
    done = True
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    with os.fdopen(read) as pipe:
        for line in pipe:
            signal.setitimer(signal.ITIMER_REAL, _HANGS)
            at, told = json.loads(line)
            done = told is not None
            if told is not None:
                tally[told if told in ("opened", "refused") else "wrong"] += 1
                if told.startswith("WRONG"):
                    bad.append((at, told))
    signal.setitimer(signal.ITIMER_REAL, 0)
    _, status = os.waitpid(child, 0)
    if not done:
        bad.append((at, f"WRONG end of the process: {os.waitstatus_to_exitcode(status)}"))
        tally["wrong"] += 1
    return at + 1


def _forget_peak() -> None:
    """Let Linux measure the peak of the memory anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Megabytes that the process took at most, and 0 where that is not known."""
    try:
        text = Path("/proc/self/status").read_text()
    except OSError:
        return 0.0
    return float(text.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    sys.exit(main())
