"""Writes ``diabetes.npz`` from scikit-learn's copy of the diabetes data, in the units of the study.

Needed only to make the file again: ``python make_diabetes.py``, with scikit-learn installed.
The bytes depend on nothing but the data and the compressor: NumPy dates every member 1980-01-01.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

TARGET = Path(__file__).resolve().parent / "diabetes.npz"


def main() -> None:
    """Write the file and print its SHA-256, which belongs in ``README.md``.

    Raises
    ------
    ValueError
        If scikit-learn's copy does not have the rows that it is documented to have.
    """
    source = load_diabetes(scaled=False)
    x, y = source.data.astype(np.float64), source.target.astype(np.uint16)
    if x.shape != (442, 10) or (y.min(), y.max()) != (25, 346):
        raise ValueError(f"unexpected data: {x.shape}, {y[:5]}")
    if not np.array_equal(y, source.target):
        raise ValueError("the targets are not whole numbers")
    np.savez_compressed(TARGET, features=x, targets=y)
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest(), TARGET.name)


if __name__ == "__main__":
    main()
