"""Makes files to do harm with, kind by kind, and opens them as the program does. See `fuzz`."""

from benchmarks.harm.files import KINDS, Harm, Refused

__all__ = ["KINDS", "Harm", "Refused"]
